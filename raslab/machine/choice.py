"""Which lab machine `auto` means on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from raslab.machine.here import Here

_NAMES_SHOWN = 4


@dataclass(frozen=True)
class Choice:
    """The machine `auto` chooses, or None if none can run labs; why; and what would help.

    remedy: a command that changes the situation; empty where nothing has to change.
    """

    machine: Literal["native", "uml"] | None
    reason: str
    remedy: str = ""


def choose(
    surroundings: Here,
    missing_capabilities: Sequence[str],
    missing_programs: Sequence[str],
    lab_kernel: Path | None,
) -> Choice:
    """Choose a machine: where we are if that is one, else native if it is complete, else the lab kernel.

    missing_capabilities: names of those the running kernel lacks or does not grant to this user.
    missing_programs: packages of needed programs that are not installed; labs run in no machine without them.
    lab_kernel: the lab kernel built on this computer, if there is one.
    """
    lacks = _enumerate(missing_capabilities)
    if missing_programs:
        packages = " ".join(dict.fromkeys(missing_programs))
        return Choice(None, "needed programs are not installed", f"sudo apt-get install {packages}")
    if surroundings.inside and missing_capabilities:
        return Choice(None, f"this lab machine's kernel lacks {lacks}", "raslab kernel build")
    if surroundings.inside:
        machine: Literal["native", "uml"] = "uml" if surroundings.machine == "uml" else "native"
        return Choice(machine, "this process is already inside it")
    if not missing_capabilities:
        return Choice("native", "this computer's kernel has everything")
    if lab_kernel:
        return Choice("uml", f"{lacks} cannot be had from this computer's kernel, and the lab kernel is built")
    return Choice(
        None,
        f"{lacks} cannot be had from this computer's kernel, and no lab kernel is built",
        "raslab kernel build",
    )


def _enumerate(names: Sequence[str]) -> str:
    """`a, b and c`, or the first few and how many more."""
    shown = list(names[:_NAMES_SHOWN])
    if len(names) > _NAMES_SHOWN:
        shown.append(f"{len(names) - _NAMES_SHOWN} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
