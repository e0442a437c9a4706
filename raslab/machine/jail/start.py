"""The command line that starts a lab machine's kernel in its jail."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from raslab.machine.command import MachineOptions
from raslab.machine.compiled import starter
from raslab.machine.jail import reach

_MORE_THAN_MEMORY = 256 << 20  # bytes: UML's memory file holds a little more than the guest's memory


def starter_command(
    program: Sequence[str], options: MachineOptions, memory: int, readable: Iterable[Path], writable: Iterable[Path]
) -> list[str]:
    """`program` behind the starter, see starter.c.

    memory: descriptor of the file that holds the guest's memory. readable, writable: files and folders of this computer
    besides what every machine may read.
    """
    largest = max(options.limits.written, (options.memory_mb << 20) + _MORE_THAN_MEMORY)
    command = [str(starter()), "-n", str(options.limits.files), "-s", str(largest), "-k", str(memory)]
    if options.jail.mode != "off":
        paths = [*reach.allowed([*reach.SYSTEM, *reach.interpreter_folders(), *readable]), *map(str, reach.FACTS)]
        command += ["-j", *(["-m"] if os.geteuid() == 0 else [])]
        command += [word for path in dict.fromkeys(paths) for word in ("-r", path)]
        command += [word for path in (Path(program[0]), *reach.LOADERS) for word in ("-x", str(path.resolve()))]
        command += [word for path in reach.DEVICES for word in ("-d", str(path))]
        command += [word for path in dict.fromkeys(writable) for word in ("-w", str(path))]
    return [*command, "--", *program]
