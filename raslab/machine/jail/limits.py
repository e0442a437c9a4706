"""How much of this computer a lab machine may take, as pure data, and what is said when it wants more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from raslab.errors import BadLimitError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_TIMES = {"": 1, "S": 1, "MIN": 60, "H": 3600, "D": 86400}


@dataclass(frozen=True)
class Limits:
    """Limits of a machine besides its memory.

    processes: of this computer, one for each in the machine. files: of this computer that it has open. written: bytes
    into the shared folders in all. wall_s: seconds after which it is ended.
    """

    processes: int = 4096
    files: int = 65536
    written: int = 16 << 30
    wall_s: int = 7 * 86400

    def flags(self) -> list[str]:
        """The command line's options for what is not as by default."""
        changed = [one.name for one in fields(self) if getattr(self, one.name) != one.default]
        return [word for name in changed for word in (OPTIONS[name], str(getattr(self, name)))]


OPTIONS = {"processes": "--max-processes", "files": "--max-files", "written": "--max-written", "wall_s": "--max-time"}
VARIABLES = {
    "processes": "RASLAB_MAX_PROCESSES",
    "files": "RASLAB_MAX_FILES",
    "written": "RASLAB_MAX_WRITTEN",
    "wall_s": "RASLAB_MAX_TIME",
}
_LEAST = {"processes": 16, "files": 256, "written": 4096, "wall_s": 1}
_EXAMPLES = {"processes": "500", "files": "4096", "written": "200M or 4G", "wall_s": "90, 30min, 8h or 2d"}


def parse(name: str, text: str, said_by: str) -> int:
    """The value of one limit as the user writes it; `said_by`: option or variable, for the sentence.

    Raises BadLimitError.
    """
    units = {"written": _UNITS, "wall_s": _TIMES}.get(name, {"": 1})
    word = text.strip().upper()
    digits = word.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = word[len(digits) :]
    if name == "written":
        unit = unit.removesuffix("B")
    if not (digits.isascii() and digits.isdigit()) or unit not in units or len(digits) > 15:
        raise BadLimitError(f"{said_by} {text!r} is not understood; write for example {_EXAMPLES[name]}.")
    value = int(digits) * units[unit]
    if value < _LEAST[name]:
        raise BadLimitError(f"{said_by} {text} is too little for a lab machine; give it {_LEAST[name]} or more.")
    return value


def reached(said: str, limits: Limits, memory_mb: int) -> Iterator[str]:
    """Sentences about the limits that a machine has run into, from what its kernel calls them."""
    if "raslab limit: processes" in said:
        yield (
            f"The lab machine had {limits.processes} processes, which is its limit, and more were refused;"
            f" {OPTIONS['processes']} allows more."
        )
    if "raslab limit: written" in said:
        yield (
            f"The lab machine has written {limits.written} bytes into the shared folders, which is its limit,"
            f" and more was refused; {OPTIONS['written']} allows more."
        )
    if "Out of memory: Killed process" in said:
        yield (
            f"The lab machine's memory of {memory_mb} MB was full, and a program in it was ended for that;"
            " --memory gives more."
        )


def out_of_time(limits: Limits) -> str:
    """The sentence about a machine that was ended because its time was up."""
    return (
        f"The lab machine was ended after {limits.wall_s} s, which is its limit; {OPTIONS['wall_s']} allows more time."
    )
