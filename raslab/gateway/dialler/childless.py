"""IKE SAs without a tunnel: whatever is asked of them fails as the tunnel did, so they are to end. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from raslab.gateway.plan.s2s import interface_of

_STAYS_S = 1.0
"""How long one may be without a tunnel: between an end and a new beginning, and while one IKE SA follows another."""


class Childless:
    """Those that are without a tunnel, since when. next_s: when to look again (monotonic clock), None if never."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}
        self.next_s: float | None = None

    def to_end(self, sas: Sequence[Mapping[str, Any]], known: Collection[str], now_s: float) -> list[str]:
        """The numbers of those that have been so for too long. known: the interfaces that are looked after."""
        found = [one["uniqueid"] for one in sas if interface_of(one.get("name", "")) in known and _is_idle(one)]
        self._since_s = {number: self._since_s.get(number, now_s) for number in found}
        gone = [number for number, since_s in self._since_s.items() if now_s - since_s >= _STAYS_S]
        left = [since_s for number, since_s in self._since_s.items() if number not in gone]
        self.next_s = min(left) + _STAYS_S if left else None
        return gone


def _is_idle(sa: Mapping[str, Any]) -> bool:
    tasks = [*sa.get("tasks-active", ()), *sa.get("tasks-queued", ()), *sa.get("tasks-passive", ())]
    return sa.get("state") == "ESTABLISHED" and not sa.get("child-sas") and not any("CHILD" in one for one in tasks)
