"""`raslab doctor`: everything that decides whether and where labs run on this computer."""

from __future__ import annotations

import getpass
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from raslab import __version__
from raslab.machine.capabilities import CapabilityReport, Privilege, probe, remember
from raslab.machine.choice import Choice, choose
from raslab.machine.here import Here, here
from raslab.machine.jail import landlock
from raslab.machine.programs import PROGRAMS, ProgramReport, find_programs

SCHEMA = 1


@dataclass(frozen=True)
class Diagnosis:
    """What `raslab doctor` found; `privilege` is as whom the capabilities were tried."""

    surroundings: Here
    user: str
    privilege: Privilege
    capabilities: tuple[CapabilityReport, ...]
    programs: tuple[ProgramReport, ...]
    auto: Choice
    landlock: int | None = None  # its version, 0 where there is none; None if it was not asked for

    @property
    def can_run_labs(self) -> bool:
        """True if some machine can run labs here."""
        return self.auto.machine is not None


def examine() -> Diagnosis:
    """Try every capability and look for every program. Raises ScratchNamespaceError."""
    findings = probe()
    programs = find_programs()
    surroundings = here()
    needed = {program.name: program.package for program in PROGRAMS if program.needed}
    absent = [needed[report.name] for report in programs if report.needed and report.state != "have"]
    auto = choose(surroundings, remember(findings), absent, lab_kernel())
    return Diagnosis(
        surroundings, getpass.getuser(), findings.privilege, findings.capabilities, programs, auto, landlock.version()
    )


def user_name() -> str:
    """Whom this process belongs to; by number where the user has no entry in the password database."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def lab_kernel() -> Path | None:
    """The lab kernel in the user's cache, if it has been built."""
    from raslab.machine.kernel import cached_kernel

    kernel = cached_kernel()
    return kernel.path if kernel else None


def to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The object that `raslab doctor --json` prints. Keys are only ever added while SCHEMA stays the same."""
    return {
        "schema": SCHEMA,
        "raslab": __version__,
        "kernel": diagnosis.surroundings.kernel,
        "machine": diagnosis.surroundings.machine,
        "clock": diagnosis.surroundings.clock,
        "user": diagnosis.user,
        "privilege": diagnosis.privilege,
        "capabilities": [asdict(report) for report in diagnosis.capabilities],
        "programs": [asdict(report) for report in diagnosis.programs],
        "auto": asdict(diagnosis.auto),
        "can_run_labs": diagnosis.can_run_labs,
        **({} if diagnosis.landlock is None else {"landlock": diagnosis.landlock}),
    }
