"""What the kernel that runs this process can do: the trying, and what was found."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from raslab.errors import ScratchNamespaceError
from raslab.machine.capability_list import CAPABILITIES, Capability
from raslab.machine.kernel.cache import cache_folder
from raslab.machine.programs import system_environment

State = Literal["have", "missing", "untried"]
Privilege = Literal["root", "user namespace", "none"]

_SCRATCH_SECONDS = 60  # it takes 0.2 s natively and 0.4 s in the lab machine


@dataclass(frozen=True)
class CapabilityReport:
    """What was found out about one capability.

    state: `have`; `missing`, if the kernel refused; `untried`, if it could not be asked.
    detail: the complaint of the kernel, or why it could not be asked; empty with `have`.
    remedy: what to do about it; empty with `have`.
    """

    name: str
    state: State
    purpose: str
    detail: str
    remedy: str


@dataclass(frozen=True)
class Findings:
    """All capabilities, and as whom they were tried; with "none", nothing could be."""

    privilege: Privilege
    capabilities: tuple[CapabilityReport, ...]


def probe() -> Findings:
    """Try every capability for real, in a child process with namespaces of its own; takes 0.2 to 0.4 s.

    Nothing on the host changes: what is made there dies with the child.
    Raises ScratchNamespaceError if the child ends without an answer.
    """
    argv = [sys.executable, "-P", "-m", "raslab.machine.scratch"]
    try:
        ran = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=system_environment(),
            timeout=_SCRATCH_SECONDS,
        )
        answer = json.loads(ran.stdout)
    except subprocess.TimeoutExpired as error:
        raise ScratchNamespaceError(f"no answer within {_SCRATCH_SECONDS} s") from error
    except json.JSONDecodeError as error:
        raise ScratchNamespaceError((ran.stderr.strip().splitlines() or ["no output"])[-1]) from error
    reports = (_report(capability, **answer["results"][capability.name]) for capability in CAPABILITIES)
    return Findings(answer["privilege"], tuple(reports))


def capabilities() -> tuple[CapabilityReport, ...]:
    """Every capability of the running kernel, tried just now."""
    return probe().capabilities


def missing_for_native() -> tuple[str, ...]:
    """Names of the capabilities that labs on the running kernel would lack; empty if it is complete.

    The answer is remembered until the next boot, because `auto` asks before every command. `raslab doctor`
    renews it.
    """
    try:
        return tuple(json.loads(_memory().read_text()))
    except (OSError, ValueError):
        return remember(probe())


def lacking(findings: Findings) -> tuple[str, ...]:
    """Names of what `native` would lack by FINDINGS; root can do without user namespaces."""
    spared = {"userns"} if findings.privilege == "root" else set()
    return tuple(one.name for one in findings.capabilities if one.state != "have" and one.name not in spared)


def remember(findings: Findings) -> tuple[str, ...]:
    """Keep what FINDINGS say about `native` for `missing_for_native`, and return it."""
    missing = lacking(findings)
    memory = _memory()
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft = memory.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(missing))
        draft.replace(memory)
    except OSError:
        pass  # a read-only home only costs the time of asking again
    return missing


def _memory() -> Path:
    """Where the answer is kept: one file per kernel, boot, user and list of capabilities."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    key = json.dumps([boot, platform.release(), os.geteuid(), [asdict(one) for one in CAPABILITIES]])
    return cache_folder() / f"native-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def _report(capability: Capability, state: State, detail: str) -> CapabilityReport:
    remedy = "" if state == "have" else _remedy(capability, state)
    return CapabilityReport(capability.name, state, capability.purpose, detail, remedy)


def _remedy(capability: Capability, state: State) -> str:
    """What a person can do about one capability."""
    if state == "untried":
        return "ask as root (sudo)"
    if capability.name == "userns":
        return _userns_remedy()
    if capability.modules:
        return f"lab machine, or a kernel with {', '.join(capability.modules.split())}"
    return "lab machine"


def _userns_remedy() -> str:
    """What lets ordinary users make user namespaces: AppArmor's switch (Ubuntu 24.04) or Debian's."""
    for switch, refusal, cure in (
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("kernel/unprivileged_userns_clone", "0", "1"),
    ):
        path = Path("/proc/sys") / switch
        if path.exists() and path.read_text().strip() == refusal:
            return f"sudo sysctl {switch.replace('/', '.')}={cure}"
    return "run as root, or outside of this container"
