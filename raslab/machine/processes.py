"""What proc(5) says about processes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def children(parent: int) -> list[int]:
    """Process ids of a process's children."""
    everyone = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [process for process in everyone if _fields(process)[1:2] == [str(parent)]]


def processor_s(processes: Iterable[int]) -> float:
    """Seconds of the processor's time that processes have used so far."""
    used = [_fields(process)[11:13] for process in processes]
    return sum(int(ticks) for both in used for ticks in both) / os.sysconf("SC_CLK_TCK")


def is_computing(process: int) -> bool:
    """True for a process that has a processor or waits for one."""
    return _fields(process)[:1] == ["R"]


def _fields(process: int) -> list[str]:
    """The fields after the name: state, parent, and so on; empty if the process has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return []
