"""Choosing a lab machine and running a command in it: what the command line and the labs use."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import raslab
from raslab.errors import NoLabMachineError, WorkingFolderGoneError
from raslab.machine import native, uml
from raslab.machine.command import Command, MachineOptions, caller_environment
from raslab.machine.here import here
from raslab.machine.jail import reach
from raslab.machine.streams import Streams, is_empty_input

MACHINES = ("auto", "native", "uml")
UNITS_MB = {"M": 1, "G": 1024}


def parse_memory_mb(text: str) -> int:
    """Memory size such as ``512M`` or ``2G`` in MiB; raises NoLabMachineError for anything else."""
    match = re.fullmatch(r"(\d+)([MG])B?", text.strip().upper())
    if not match:
        raise NoLabMachineError(f"{text!r} is not a memory size; write a number and M or G, such as 512M or 2G.")
    return int(match[1]) * UNITS_MB[match[2]]


def choose_machine(wanted: str, virtual_time: bool, jail: str = "auto") -> str:
    """``native`` or ``uml`` for a wish of ``auto``, ``native`` or ``uml``.

    Raises NoLabMachineError for virtual time on a native machine and for a machine inside a machine.
    """
    if here().inside:
        raise NoLabMachineError("This is already a lab machine; run the command itself instead of `raslab exec`.")
    if wanted == "native" and virtual_time:
        raise NoLabMachineError(
            "A native machine has no virtual time; use --machine uml, or leave --machine away with --virtual-time."
        )
    if wanted != "auto":
        return wanted
    if virtual_time or jail == "require":
        return "uml"
    from raslab.machine.capabilities import missing_for_native

    return "uml" if missing_for_native() else "native"


def run_command(
    argv: Sequence[str], machine: str = "auto", options: MachineOptions | None = None, tty: bool = False
) -> int:
    """Run a command in a lab machine with the caller's working folder, environment and standard streams.

    Returns its exit status.
    Raises NoLabMachineError, CommandNotStartedError, MachineDiedError, WorkingFolderGoneError.
    """
    options = options or MachineOptions()
    chosen = choose_machine(machine, options.virtual_time, options.jail.mode)
    no_input = is_empty_input(0)
    try:
        cwd = Path.cwd()
    except FileNotFoundError:
        raise WorkingFolderGoneError from None
    readable = [*options.jail.read, *reach.named(argv, cwd, neighbours=options.jail.mode != "require")]
    command = Command(
        argv=tuple(argv),
        cwd=cwd,
        environment=caller_environment(),
        writable=options.jail.write,
        readable=readable,
        shown=hidden_folders((Path(sys.prefix), Path(raslab.__file__).parents[1], *readable)),
        tty=tty,
        null_input=no_input and not tty,
    )
    streams = Streams(stdin=None if no_input else 0, tty=tty, on_standstill=_say)
    if chosen == "native":
        if options.canonical:
            raise NoLabMachineError(
                "A native machine is this computer as it is, with its own paths; for --canonical, use --machine uml."
            )
        return native.run(command, streams, options)
    return uml.run(command, options, streams)


def _say(sentence: str) -> None:
    print(f"raslab: {sentence}", file=sys.stderr, flush=True)


def hidden_folders(folders: Sequence[Path]) -> list[Path]:
    """Those of `folders` that a machine's own /run and /dev/shm would hide, so that they have to be shared."""
    return [folder for folder in folders if any(folder.is_relative_to(top) for top in ("/run", "/dev/shm"))]


def exec_argv(argv: Sequence[str], machine: str = "auto", options: MachineOptions | None = None) -> list[str]:
    """The command line that runs `argv` in a lab machine: for callers that want its output through a pipe."""
    options = options or MachineOptions()
    flags = ["--machine", machine, *(["--virtual-time"] if options.virtual_time else [])]
    flags += ["--canonical"] if options.canonical else []
    flags += ["--seed", str(options.seed), "--memory", f"{options.memory_mb}M"]
    flags += [*options.jail.flags(), *options.limits.flags()]
    return [sys.executable, "-m", "raslab", "exec", *flags, "--", *argv]
