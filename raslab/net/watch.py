"""Telling somebody how far a change of a network has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from raslab.net import steps
from raslab.net.plan import Plan
from raslab.net.steps import Step

Watch = Callable[[float, str], None]
"""Told which part of a change is done, 0 to 1, and what holds when the next part is: ``6 links are there``.

It is called in the thread that makes the change; what it raises, such as an interrupt, undoes the change.
"""

_REPORTS = 50  # as many at most: a bar has no more pixels to tell apart, and each costs a message


class Course:
    """Counts the steps of a plan, and the interfaces that must get a carrier after them, for a `Watch`."""

    def __init__(self, watch: Watch | None, plan: Plan, carriers: int = 0) -> None:
        self._watch = watch
        self._steps = len(plan.steps)
        self._total = max(self._steps + carriers, 1)
        self._done = 0
        self._said = -1.0

    def next(self, until: str, size: int) -> None:
        """Something begins that is worth `size` steps; `until` says what holds at its end."""
        share = self._done / self._total
        if self._watch is not None and share - self._said >= 1 / _REPORTS:
            self._said = share
            self._watch(share, until)
        self._done += size

    def waiting(self, node: str, interface: str, left: int) -> None:
        """The steps are done; `left` interfaces wait for a carrier, this one among them."""
        self._done = self._total - left
        self.next(f"{node}:{interface} has a carrier", 0)


def outcome(phase: Iterable[Step], node: str) -> str:
    """What holds when a phase of a plan has been carried out in a node."""
    phase = tuple(phase)
    for kind, name in ((steps.AddNamespace, "node"), (steps.AddVeth, "link")):
        count = sum(isinstance(step, kind) for step in phase)
        if count:
            return f"{count} {name}{'s are' if count > 1 else ' is'} there"
    return f"addresses and routes of {node} are set"
