"""How busy the lab machine's processors are while something runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from raslab.machine.here import here


@dataclass(frozen=True)
class ProcessorTime:
    """Ticks since boot, of all processors together: proc_stat(5)."""

    busy: int
    total: int

    @classmethod
    def now(cls) -> ProcessorTime:
        """Read /proc/stat."""
        return cls.parse(Path("/proc/stat").read_text())

    @classmethod
    def parse(cls, text: str) -> ProcessorTime:
        """From the text of /proc/stat."""
        user, nice, system, idle, iowait, irq, softirq, steal, *_ = map(int, text.partition("\n")[0].split()[1:])
        busy = user + nice + system + irq + softirq + steal
        return cls(busy, busy + idle + iowait)

    def percent_until(self, later: ProcessorTime) -> float:
        """Busy share between two readings, 0 to 100 (100 is all processors); NaN if no tick has passed."""
        ticks = later.total - self.total
        return 100 * (later.busy - self.busy) / ticks if ticks else math.nan


class cpu:  # noqa: N801 - used like a function: with cpu() as load
    """Context manager that measures the machine's processors: after the block, `percent` is 0 to 100.

    100 is all processors of the lab machine busy all the time. In virtual time `percent` is NaN, because work takes
    no time on that clock.
    """

    percent = math.nan

    def __enter__(self) -> cpu:
        self._start = ProcessorTime.now()
        return self

    def __exit__(self, *_error: object) -> None:
        if here().clock == "real":
            self.percent = self._start.percent_until(ProcessorTime.now())
