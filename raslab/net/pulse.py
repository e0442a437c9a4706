"""What a process has done so far: by that, and not by the clock on the wall, one tells one that hangs from a slow one.

On a busy computer a daemon may get the processor once in a while only, and then so may who waits for it. So a deadline
counts the time during which neither has moved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: However long it was between two looks, no more than this counts: who looks was held up as well.
LONGEST_STEP_NS = 250_000_000
#: A process that does things all the time, but never what is waited for, has so many times as long.
RESTLESS = 20


@dataclass(frozen=True)
class Pulse:
    """One look at a process. state: as in proc(5); ticks: of the processor, that it has used; written: bytes."""

    state: str
    ticks: int
    written: int = 0

    @property
    def is_stopped(self) -> bool:
        """Somebody has sent SIGSTOP, or a debugger holds it."""
        return self.state in ("T", "t")

    @property
    def is_computing(self) -> bool:
        """It has a processor or waits for one, or for a disk."""
        return self.state in ("R", "D")


def pulse_of(process: int, log: Path | None = None) -> Pulse | None:
    """The pulse of a process; None if it has ended. log: the file that it writes."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
        written = log.stat().st_size if log is not None and log.exists() else 0
        return Pulse(fields[0], int(fields[11]) + int(fields[12]), written)
    return None


class Deadline:
    """Passes when nothing has moved for `seconds`.

    moved: what changes as long as something happens; None lets the time alone count. It is looked at with `passed`.
    """

    def __init__(self, seconds: float, moved: Callable[[], Hashable | Pulse] | None = None) -> None:
        self._limit_ns = round(seconds * 1e9)
        self._moved = moved
        self._seen = moved() if moved is not None else None
        self._last_ns = time.monotonic_ns()
        self._still_ns = self._total_ns = 0

    def passed(self) -> bool:
        """Look; True if that was it."""
        now_ns = time.monotonic_ns()
        step_ns = min(now_ns - self._last_ns, LONGEST_STEP_NS)
        self._last_ns = now_ns
        self._still_ns += step_ns
        self._total_ns += step_ns
        if self._moved is not None:
            seen = self._moved()
            if seen != self._seen or (isinstance(seen, Pulse) and seen.is_computing):
                self._seen, self._still_ns = seen, 0
        return self._still_ns >= self._limit_ns or self._total_ns >= RESTLESS * self._limit_ns
