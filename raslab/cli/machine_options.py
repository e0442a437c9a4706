"""Options that several commands share: which lab machine, which clock, how much memory."""

from __future__ import annotations

import argparse

from raslab.machine.command import MachineOptions
from raslab.machine.launch import MACHINES, parse_memory_mb


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """Add --machine, --virtual-time, --seed and --memory."""
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
        "--memory", metavar="SIZE", default="2G", help="memory of a uml machine, e.g. 512M or 4G (default 2G)"
    )


def machine_options(args: argparse.Namespace) -> MachineOptions:
    """The options as data; raises NoLabMachineError for a bad size."""
    return MachineOptions(
        virtual_time=args.virtual_time,
        memory_mb=parse_memory_mb(args.memory),
        seed=args.seed,
        canonical=getattr(args, "canonical", False),
    )
