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
    of, shown when the answer is wrong. An error of raslab's in a function is a failure with that error's words.
    """
    if _is_missing(given):
        return _unanswered(question)
    return look_until(
        lambda verdict: verdict.outcome != "failed" or not callable(answer),
        lambda: _look(question, answer, expected, tolerance, hint),
        deadline_s,
        partial(time.sleep, POLL_S),
    )


def _look(question: str, answer: object, expected: object, tolerance: float, hint: str) -> Verdict:
    try:
        given = answer() if callable(answer) else answer
        if _is_missing(given):
            return _unanswered(question)
        passed = _agrees(given, expected() if callable(expected) else expected, tolerance)
    except RaslabError as error:
        return Verdict(question, "failed", " ".join(filter(None, [str(error), hint])))
    if isinstance(given, Observation):
        seen = given.seen
    elif isinstance(given, bool):
        seen = "yes" if given else "no"
    else:
        seen = f"{given}" if passed else f"{given} is not right"
    words = [seen[:1].upper() + seen[1:], hint if not passed else ""]
    return Verdict(question, "passed" if passed else "failed", ". ".join(filter(None, words)).rstrip(".") + ".")


def _is_missing(given: object) -> bool:
    return given is None or given is ...


def _unanswered(question: str) -> Verdict:
    return Verdict(question, "unanswered", "Not answered yet.")


def _agrees(given: object, expected: object, tolerance: float) -> bool:
    if isinstance(given, Observation):
        return bool(given) == expected
    if isinstance(given, int | float) and isinstance(expected, int | float):
        return math.isclose(given, expected, rel_tol=tolerance)
    return bool(given == expected)
