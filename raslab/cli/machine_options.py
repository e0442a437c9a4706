"""Options that several commands share: which lab machine, which clock, how much memory."""

from __future__ import annotations

import argparse
import os

from raslab.machine.command import MachineOptions
from raslab.machine.jail.options import DEFAULT_MEMORY, MEMORY_VARIABLE, add_jail_options, with_jail
from raslab.machine.launch import MACHINES, parse_memory_mb


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """Add --machine, --virtual-time, --seed, --memory, and those of the jail."""
    parser.add_argument(
        "--machine",
        choices=MACHINES,
        default="auto",
        help="where to run (default: native if complete, else uml)",
    )
    parser.add_argument(
        "--virtual-time",
        action="store_true",
        help="a clock that jumps over waiting and does not charge for work: repeatable figures",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=1, help="start of the random numbers in virtual time (default 1)"
    )
    parser.add_argument(
        "--memory",
        metavar="SIZE",
        default=os.environ.get(MEMORY_VARIABLE) or DEFAULT_MEMORY,
        help="memory of a uml machine, e.g. 512M or 4G (default 2G)",
    )
    add_jail_options(parser)


def machine_options(args: argparse.Namespace) -> MachineOptions:
    """The options as data; raises NoLabMachineError for a bad size."""
    options = MachineOptions(
        virtual_time=args.virtual_time,
        memory_mb=parse_memory_mb(args.memory),
        seed=args.seed,
        canonical=getattr(args, "canonical", False),
    )
    return with_jail(options, args)
