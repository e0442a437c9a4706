"""The lab's clock: what it says, and letting time pass."""

from __future__ import annotations

import math
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from raslab.errors import BadDurationError
from raslab.machine.here import here
from raslab.machine.uml import VIRTUAL_UPTIME_S

#: Longest time that one call lets pass, seconds: a year.
LONGEST_S = 365 * 86400.0


@dataclass(frozen=True)
class Reading:
    """What the lab's clock says.

    kind: ``virtual`` or ``real``. seconds: time since the lab machine was ready, in whole tenths, as running a cell
    takes a thousandth of itself.
    """

    kind: str
    seconds: float

    def __repr__(self) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(int(minutes), 60)
        return f"{hours}:{minutes:02d}:{seconds:04.1f} since the start ({self.kind} time)"


@dataclass(frozen=True)
class Passage:
    """Time that has passed in the lab.

    seconds: by the lab's clock, as asked for. wall_s: by the clock on the wall; None where that cannot be known.
    The text form leaves out what differs from run to run.
    """

    seconds: float
    wall_s: float | None

    def __repr__(self) -> str:
        return f"{self.seconds:g} s passed"

    def _repr_mimebundle_(self, **_wishes: object) -> dict[str, object]:
        text: dict[str, object] = {"text/plain": repr(self)}
        if self.wall_s is None:
            return text
        # A widget, because nbval compares every form of an output but that.
        from ipywidgets import HTML

        shown = HTML(f"{self.seconds:g} s passed in the lab, {self.wall_s:.2f} s on the clock on the wall")
        return {**shown._repr_mimebundle_(), **text}


def clock() -> Reading:
    """Read the lab's clock. In virtual time it stands still while no cell runs."""
    kind = here().clock
    uptime_s = time.clock_gettime(time.CLOCK_BOOTTIME) - (VIRTUAL_UPTIME_S if kind == "virtual" else 0)
    return Reading(kind, math.floor(uptime_s * 10) / 10)


def run_for(seconds: float) -> Passage:
    """Let time pass in the lab, while its daemons go on; in virtual time that takes only as long as their work does.

    Raises BadDurationError for a negative, endless or overlong time.
    """
    need_duration(seconds)
    started = _wall_s()
    time.sleep(seconds)
    ended = _wall_s()
    return Passage(seconds, None if started is None or ended is None else ended - started)


def need_duration(seconds: object) -> None:
    """Raise BadDurationError unless so many seconds can be let pass."""
    if not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_S:
        raise BadDurationError(seconds, LONGEST_S)


def _wall_s() -> float | None:
    """The host's clock, seconds since 1970; None if it cannot be seen.

    A virtual machine's own clocks are virtual. What comes from the host with the host's time is the stamp on a new
    file in a folder that the machine shares with it.
    """
    if here().machine != "uml":
        return time.time()
    for folder in _shared_folders():
        try:
            descriptor, path = tempfile.mkstemp(prefix=".raslab-", dir=folder)
        except OSError:
            continue
        try:
            return os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
            os.unlink(path)  # noqa: PTH108 (mkstemp speaks in strings)
    return None


def _shared_folders() -> list[Path]:
    """Folders of the host that are writable here, from /proc/mounts: device, folder, type, options."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return [
        Path(folder.encode().decode("unicode_escape"))
        for _, folder, kind, options, *_ in mounts
        if kind == "hostfs" and "rw" in options.split(",")
    ]
