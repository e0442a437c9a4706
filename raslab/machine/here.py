"""What the running process can know about the lab machine around it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

MACHINE_VARIABLE = "RASLAB_MACHINE"
CLOCK_VARIABLE = "RASLAB_CLOCK"
PRELOAD_VARIABLE = "RASLAB_PRELOAD"


@dataclass(frozen=True)
class Here:
    """Where this process runs.

    machine: ``native`` or ``uml`` inside a lab machine, ``host`` outside of one.
    clock: ``real`` or ``virtual``.
    kernel: release of the running kernel, as in ``uname -r``.
    preload: library to preload to programs that would otherwise spin in virtual time; empty where there is no need.
    """

    machine: str
    clock: str
    kernel: str
    preload: str = ""

    @property
    def inside(self) -> bool:
        """True in a lab machine."""
        return self.machine != "host"

    @property
    def patient_environment(self) -> dict[str, str]:
        """The environment of a program that waits without sleeping: our own, and in virtual time the library."""
        return {**os.environ, **({"LD_PRELOAD": self.preload} if self.preload else {})}


def here() -> Here:
    """Describe this process's surroundings from the variables that a lab machine sets."""
    return Here(
        machine=os.environ.get(MACHINE_VARIABLE, "host"),
        clock=os.environ.get(CLOCK_VARIABLE, "real"),
        kernel=platform.release(),
        preload=os.environ.get(PRELOAD_VARIABLE, ""),
    )
