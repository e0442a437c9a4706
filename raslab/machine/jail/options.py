"""Options of every command that starts a lab machine: its jail and limits, and the variables that stand for them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from raslab.machine.command import MachineOptions
from raslab.machine.jail import limits, policy

MODE_VARIABLE, READ_VARIABLE, WRITE_VARIABLE = "RASLAB_JAIL", "RASLAB_READ", "RASLAB_WRITE"
MEMORY_VARIABLE, DEFAULT_MEMORY = "RASLAB_MEMORY", "2G"


def add_jail_options(parser: argparse.ArgumentParser) -> None:
    """Add --jail, --read, --write and the limits."""
    parser.add_argument(
        "--jail", choices=policy.MODES, help="auto: what this computer can do (default); require: all of it or nothing"
    )
    parser.add_argument(
        "--read", metavar="PATH", action="append", default=[], help="a file or folder that the machine may read, too"
    )
    parser.add_argument("--write", metavar="DIR", action="append", default=[], help="a folder that it may write, too")
    for name, meaning in (
        ("processes", "processes at a time (default 4096)"),
        ("files", "files of this computer open at a time (default 65536)"),
        ("written", "bytes into the shared folders in all, e.g. 500M (default 16G)"),
        ("wall_s", "how long it may run, e.g. 90, 30min or 8h (default 7d)"),
    ):
        parser.add_argument(limits.OPTIONS[name], dest=f"max_{name}", metavar="N", help=meaning)


def with_jail(options: MachineOptions, args: Any, environment: Mapping[str, str] = os.environ) -> MachineOptions:
    """`options` with the jail and the limits of the command line, and of the environment where that says nothing.

    Raises JailError, BadLimitError.
    """
    found = {}
    for name, variable in limits.VARIABLES.items():
        text = getattr(args, f"max_{name}")
        if text is not None:
            found[name] = limits.parse(name, text, limits.OPTIONS[name])
        elif environment.get(variable):
            found[name] = limits.parse(name, environment[variable], variable)
    jail = policy.jail(
        args.jail or environment.get(MODE_VARIABLE) or "auto",
        [*args.read, *_paths(environment, READ_VARIABLE)],
        [*args.write, *_paths(environment, WRITE_VARIABLE)],
    )
    return replace(options, limits=limits.Limits(**found), jail=jail)


def _paths(environment: Mapping[str, str], variable: str) -> list[str]:
    return [path for path in environment.get(variable, "").split(os.pathsep) if path]
