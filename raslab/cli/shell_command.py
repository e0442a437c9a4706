"""`raslab shell`: an interactive shell in a lab machine."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from raslab.cli.machine_options import add_machine_options, machine_options
from raslab.machine.launch import run_command


def add_to(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("shell", help="open a shell in a lab machine", description=__doc__)
    add_machine_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the user's shell; commands may also come from a pipe."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    return run_command([os.environ.get("SHELL", "/bin/bash")], args.machine, machine_options(args), tty=interactive)
