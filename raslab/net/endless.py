"""Senders that would never end in virtual time are ended by the library that is preloaded to them, and what that says.

See `raslab/machine/patience.c`.
"""

from __future__ import annotations

from collections.abc import Iterable

from raslab.errors import ClockStandsStillError

FIX = "Give a link between them a rate (rate_mbps=100) or a delay, or measure on the real clock."
_SAID = "the virtual clock stands still"


def endless(source: str, destination: str, said: Iterable[str | None]) -> ClockStandsStillError | None:
    """The error for a transfer between two nodes whose sender has been ended, if it was. said: what both ends said."""
    if not any(_SAID in (one or "") for one in said):
        return None
    return ClockStandsStillError(f"A transfer from {source} to {destination}", "nothing on the way limits it", FIX)
