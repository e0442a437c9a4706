"""`raslab exec`: one command in a lab machine."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from raslab.cli.machine_options import add_machine_options, machine_options
from raslab.errors import CommandNotStartedError
from raslab.machine.launch import run_command


def add_to(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("exec", help="run a command in a lab machine", description=__doc__)
    add_machine_options(parser)
    parser.add_argument(
        "--canonical",
        action="store_true",
        help="paths, environment and Python inside are the same whoever runs it from where, so that with"
        " --virtual-time the last digit of a figure is too; the working folder is /.raslab/work",
    )
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD ...", help="the command and its arguments")
    parser.set_defaults(run=run, usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Run it and return its exit status; 126 or 127, as a shell does, if it cannot be started."""
    argv = args.argv[1:] if args.argv[:1] == ["--"] else args.argv
    if not argv:
        args.usage_error("name the command to run, for example: raslab exec -- ip link")
    try:
        return run_command(argv, args.machine, machine_options(args))
    except CommandNotStartedError as error:
        print(f"raslab: {error}", file=sys.stderr)
        return error.status
