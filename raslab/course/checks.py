"""Checks of a guided lab: a question, and the verdict on an answer or on what the network does."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Literal

from raslab.errors import RaslabError
from raslab.model.observation import Observation
from raslab.net.waiting import look_until

Outcome = Literal["passed", "failed", "unanswered"]
MARKS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "unanswered": "○"}

POLL_S = 0.1


@dataclass(frozen=True)
class Verdict:
    """What a check came to. seen: what was answered or observed, in a few words. True in an `if` when it passed."""

    question: str
    outcome: Outcome
    seen: str

    def __bool__(self) -> bool:
        return self.outcome == "passed"

    def __repr__(self) -> str:
        return f"{MARKS[self.outcome]} {self.question}\n  {self.seen}"


def judge(
    question: str,
    answer: object,
    expected: object = True,
    *,
    given: object = True,
    tolerance: float = 0.0,
    hint: str = "",
    deadline_s: float = 0.0,
) -> Verdict:
    """The verdict on `answer`.

    answer: a value, or a function without arguments that looks at the network, asked again and again until it gives
    what is expected or `deadline_s` seconds of the lab's clock are over. `...` and None count as not answered yet.
    An `Observation` brings its own words. expected: the right value, or a function that finds it out in the network
    once there is an answer. given: what the student gave, where `answer` only looks at what came of it; nothing is
    looked at while it is `...` or None. tolerance: of numbers, as a share of what is expected. hint: what to think
    of, shown when the answer is wrong. Upper and lower case are alike, and so are lists and tuples. An error of
    raslab's in a function is a failure with that error's words; with what is `given`, so are Python's own errors about
    types and values.
    """
    if _is_missing(given):
        return _unanswered(question)
    return look_until(
        lambda verdict: verdict.outcome != "failed" or not callable(answer),
        lambda: _look(question, answer, expected, given, tolerance, hint),
        deadline_s,
        partial(time.sleep, POLL_S),
    )


def _look(question: str, answer: object, expected: object, used: object, tolerance: float, hint: str) -> Verdict:
    try:
        given = answer() if callable(answer) else answer
        if _is_missing(given):
            return _unanswered(question)
        wanted = expected() if callable(expected) else expected
        passed = _agrees(given, wanted, tolerance)
    except RaslabError as error:
        return Verdict(question, "failed", " ".join(filter(None, [str(error), hint])))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        if used is True:  # nothing of a student's
            raise
        return Verdict(question, "failed", f"{in_words(used)} is not of the form that is asked for: {error}.")
    if isinstance(given, Observation):
        seen = _begun(given.seen)
    elif isinstance(given, bool):
        seen = "Yes" if given else "No"
    elif passed:
        seen = in_words(given)
    else:
        kind = "" if callable(answer) else _other_kind(given, wanted)
        seen = kind or f"{in_words(given)} is not right"
    words = [seen, hint if not passed else ""]
    return Verdict(question, "passed" if passed else "failed", ". ".join(filter(None, words)).rstrip(".") + ".")


def in_words(answer: object) -> str:
    """An answer as people write it: ``c-vm, w-vm`` for several names."""
    return ", ".join(map(in_words, answer)) if isinstance(answer, list | tuple) else f"{answer}".strip()


def _begun(seen: str) -> str:
    """What was seen as the beginning of a sentence; names such as ``c-pc`` and addresses stay as they are."""
    first = seen.partition(" ")[0]
    return seen[:1].upper() + seen[1:] if first.strip(",:").isalpha() else seen


def _other_kind(given: object, wanted: object) -> str:
    """What is wrong with an answer that is not even of the kind that is asked for; nothing if it is."""
    several = isinstance(wanted, list | tuple)
    if several and not (isinstance(given, list | tuple) and len(given) == len(wanted)):  # type: ignore[arg-type]
        return f"{in_words(given)} is not right: {len(wanted)} answers are asked for"  # type: ignore[arg-type]
    if isinstance(given, str) and isinstance(wanted, bool):
        return f"{given!r} is text: write True or False, without quotation marks"
    if isinstance(given, str) and _is_number(wanted):
        return f"{given!r} is text: write a number, without quotation marks"
    if _is_number(given) and isinstance(wanted, str):
        return f"{given} is a number: write text, in quotation marks"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_missing(given: object) -> bool:
    return given is None or given is ...


def _unanswered(question: str) -> Verdict:
    return Verdict(question, "unanswered", "Not answered yet.")


def _agrees(given: object, expected: object, tolerance: float) -> bool:
    if isinstance(given, Observation):
        return bool(given) == expected
    if isinstance(given, int | float) and isinstance(expected, int | float):
        return math.isclose(given, expected, rel_tol=tolerance)
    if isinstance(given, str) and isinstance(expected, str):
        return given.strip().casefold() == expected.strip().casefold()
    if isinstance(given, list | tuple) and isinstance(expected, list | tuple):
        pairs = zip(given, expected, strict=False)
        return len(given) == len(expected) and all(_agrees(one, other, tolerance) for one, other in pairs)
    return bool(given == expected)
