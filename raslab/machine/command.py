"""What shall run in a lab machine, as pure data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from raslab.machine.here import CLOCK_VARIABLE, MACHINE_VARIABLE
from raslab.machine.jail.limits import Limits
from raslab.machine.jail.policy import Jail
from raslab.machine.programs import search_path

#: Where a command that rests writes, as an unsigned 64-bit number, how many bytes of input it has dealt with.
REST_DESCRIPTOR = 3


@dataclass(frozen=True)
class Command:
    """A command for a lab machine.

    argv: program and arguments. cwd: working folder, writable in the machine. environment: of the command.
    writable: further host folders that stay writable. readable: further ones that can be read.
    shown: those that are in their place only if they are mounted there; what of them can be read is said by `readable`.
    tty: give it a pseudo-terminal. null_input: its
    standard input is empty from the start (in virtual time this is what keeps a run repeatable). rests: it
    says on descriptor REST_DESCRIPTOR when it waits for input, and virtual time stands still until there is some.
    """

    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    writable: Sequence[Path] = ()
    readable: Sequence[Path] = ()
    shown: Sequence[Path] = ()
    tty: bool = False
    null_input: bool = False
    rests: bool = False


@dataclass(frozen=True)
class MachineOptions:
    """How a lab machine is made.

    virtual_time: the clock jumps over waiting and does not charge for CPU. memory_mb: the guest's memory,
    MiB; it is taken from the host only as it is used. seed: start of all random numbers in virtual time. canonical: the
    inside is the same whoever starts it and where, see `raslab.machine.canonical`. jail: what keeps it from this
    computer. limits: how much of this computer it may take.
    """

    virtual_time: bool = False
    memory_mb: int = 2048
    seed: int = 1
    canonical: bool = False
    jail: Jail = field(default_factory=Jail)
    limits: Limits = field(default_factory=Limits)

    @property
    def clock(self) -> str:
        """``virtual`` or ``real``."""
        return "virtual" if self.virtual_time else "real"


def caller_environment() -> dict[str, str]:
    """The environment that a command inherits: the caller's."""
    return dict(os.environ)


def inside_environment(command: Command, machine: str, clock: str) -> dict[str, str]:
    """The command's environment, fit for root: system programs are found, and it knows where it runs."""
    path = search_path(command.environment.get("PATH", ""))
    return dict(command.environment) | {"PATH": path, MACHINE_VARIABLE: machine, CLOCK_VARIABLE: clock}


@dataclass(frozen=True)
class Share:
    """A folder of the host, and where it is in the machine."""

    host: Path
    inside: Path
    writable: bool = False


def writable_folders(command: Command) -> list[Share]:
    """The host folders to bind read-write: the working folder and those asked for, never the whole file
    system.
    """
    folders = dict.fromkeys((command.cwd, *command.writable))
    return [Share(folder, folder, writable=True) for folder in folders if folder != Path("/")]


def specification(command: Command, environment: Mapping[str, str], shares: Sequence[Share], pause_s: int = 0) -> bytes:
    """The file that tells the guest's first process what to do: NUL-terminated records, described in init.c.

    shares: the folders of the host that it has. pause_s: seconds on the guest's clock before the command starts.
    """
    records = [("A", argument) for argument in command.argv]
    records += [("E", f"{name}={value}") for name, value in environment.items()]
    records += [("C", str(command.cwd))]
    for share in shares:
        records += [("H", str(share.host))] if share.host != share.inside else []
        records += [("B" if share.writable else "L", str(share.inside))]
    records += [("T", "")] if command.tty else []
    records += [("N", "")] if command.null_input else []
    records += [("R", "")] if command.rests else []
    records += [("P", str(pause_s))] if pause_s else []
    return b"".join(os.fsencode(letter + value) + b"\0" for letter, value in records)
