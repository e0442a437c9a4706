"""Labs that ask questions: a network, its gateways' set-up, and checks, each with a twin that breaks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raslab.course.checks import MARKS, Verdict, judge
from raslab.course.events import Emit, Progress, Row, Value
from raslab.errors import RaslabError
from raslab.model.observation import Observation

if TYPE_CHECKING:
    from raslab.course.bed import Bed

COLUMNS = ("question", "outcome", "verdict", "twin", "twin_outcome", "twin_seen", "fault")

Change = Callable[["Bed"], AbstractContextManager[object]]
"""Something that is otherwise while its block runs; see `raslab.course.changes` for the usual ones."""


def nothing(_bed: Bed) -> AbstractContextManager[None]:
    """The change that changes nothing."""
    return nullcontext()


@dataclass(frozen=True)
class Twin:
    """What must make a check fail.

    what: the change in words. sees: words that the check's answer must have then, so that it fails for the reason
    that is meant. settles_s: how long the network gets to mend itself before it is asked. deadline_s: how long it
    may take until the check fails.
    """

    what: str
    change: Change
    sees: str
    settles_s: float = 0.0
    deadline_s: float = 15.0


@dataclass(frozen=True)
class Check:
    """A question to the network.

    question: ends with a question mark. ask: looks at the network; True or an `Observation` that holds is a yes.
    verdict: what a yes means, a sentence. twin: what must turn it into a no, and be over when it is undone. during:
    what is otherwise while the question is asked. deadline_s: how long it may take until the answer is yes, by the
    lab's clock.
    """

    question: str
    ask: Callable[[Bed], object]
    verdict: str
    twin: Twin
    during: Change = nothing
    deadline_s: float = 15.0


def _no_verbs(_bed: Bed) -> None:
    """Nothing to do."""


@dataclass(frozen=True)
class Scenario:
    """What a lab of this kind does.

    topology: makes the network. set_up: the gateways' verbs; what they say is carried out when the network starts.
    when_running: what else there is to do then, such as starting another maker's daemons.
    """

    topology: Callable[..., Any]
    checks: tuple[Check, ...]
    set_up: Callable[[Bed], None] = _no_verbs
    when_running: Callable[[Bed], None] = _no_verbs

    def run(self, name: str, emit: Emit) -> None:
        """Build the network, ask every question, try every twin, and tell of each check in a `Row` of COLUMNS."""
        from raslab.course.bed import Bed
        from raslab.measure.observable import ObservableNetwork

        bed = Bed(name, ObservableNetwork(self.topology()))
        self.set_up(bed)
        with bed:
            self.when_running(bed)
            for number, check in enumerate(self.checks, start=1):
                emit(Progress(number, len(self.checks), check.question))
                row = attempt(bed, check)
                emit(Row(row, summary(row)))


def attempt(bed: Bed, check: Check) -> dict[str, Value]:
    """Ask a question, try its twin, and ask again: the row that tells of it."""
    first = _ask(bed, check)
    row: dict[str, Value] = {"question": check.question, "outcome": first.outcome, "twin": check.twin.what}
    if not first:
        failure = f"The check {check.question!r} failed: {first.seen}"
        return row | {"verdict": first.seen, "twin_outcome": "not tried", "twin_seen": None, "fault": failure}
    twin_seen, fault = _try_twin(bed, check)
    row |= {"verdict": f"{check.verdict} {first.seen}", "twin_seen": twin_seen}
    return row | {"twin_outcome": "as expected" if fault is None else "not as expected", "fault": fault}


def cells(row: dict[str, Value]) -> tuple[str, str, str]:
    """Question, verdict and twin as they are shown to people."""
    passed = row["outcome"] == "passed"
    twin_mark = {"as expected": MARKS["passed"], "not as expected": MARKS["failed"]}.get(
        str(row["twin_outcome"]), MARKS["unanswered"]
    )
    twin = f"{twin_mark} {row['twin']}: {row['twin_seen'] or 'not tried.'}"
    return str(row["question"]), f"{MARKS['passed' if passed else 'failed']} {row['verdict']}", twin


def summary(row: dict[str, Value]) -> str:
    """A row in a few words."""
    return f"{row['outcome']}; twin {row['twin_outcome']}"


def _ask(bed: Bed, check: Check) -> Verdict:
    with check.during(bed):
        return judge(check.question, lambda: check.ask(bed), deadline_s=check.deadline_s)


def _try_twin(bed: Bed, check: Check) -> tuple[str, str | None]:
    """What was seen with the change, and what is wrong with it, None if nothing is."""
    twin = check.twin
    where = f"The twin of {check.question!r} ({twin.what})"
    try:
        with twin.change(bed), _settled(bed, check):
            # Until the words are there: that is what must come to pass.
            broken = judge(check.question, lambda: _fails_so(bed, check), deadline_s=twin.deadline_s)
    except RaslabError as error:
        return str(error), f"{where} cannot be tried: {error}"
    if not broken:
        return broken.seen, f"{where} must make it fail with {twin.sees!r}, and it did not: {broken.seen}"
    mended = _ask(bed, check)
    if not mended:
        return broken.seen, f"{where} was undone, and the check still fails: {mended.seen}"
    return broken.seen, None


@contextmanager
def _settled(bed: Bed, check: Check) -> Iterator[None]:
    with check.during(bed):
        time.sleep(check.twin.settles_s)  # the network's time to mend itself, which is what must not happen
        yield


def _fails_so(bed: Bed, check: Check) -> object:
    once = judge(check.question, lambda: check.ask(bed))
    return Observation(once.outcome == "failed" and check.twin.sees.lower() in once.seen.lower(), once.seen.rstrip("."))
