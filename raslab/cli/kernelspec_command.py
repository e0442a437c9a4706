"""`raslab kernelspec`: make the lab machine's kernels known to Jupyter's front ends."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_to(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "kernelspec", help="install the notebook kernels that live in a lab machine", description=__doc__
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser("install", help="install or renew the kernels `raslab` and `raslab-vt`")
    install.set_defaults(run=run_install)
    actions.add_parser("list", help="say which are installed, where, and for which Python").set_defaults(run=run_list)
    remove = actions.add_parser("remove", help="remove them from there")
    remove.set_defaults(run=run_remove)
    for action in (install, remove):
        where = action.add_mutually_exclusive_group()
        where.add_argument("--user", action="store_true", help="for all of this user's environments (default)")
        where.add_argument("--sys-prefix", action="store_true", help="for this Python environment only")


def run_install(args: argparse.Namespace) -> int:
    """Install and say where; 0."""
    from raslab.machine.jupyter.kernelspec import install

    for one in install(_prefix(args)):
        print(f"Installed {one.name} in {one.folder}")
    return 0


def run_list(_args: argparse.Namespace) -> int:
    """Print a line for each; 1 if there is none."""
    from raslab.machine.jupyter.kernelspec import find

    found = find()
    for one in found:
        print(f"{one.name:10} {one.folder}  ({one.python})")
    if not found:
        print("No kernel is installed; run `raslab kernelspec install`.", file=sys.stderr)
    return 0 if found else 1


def run_remove(args: argparse.Namespace) -> int:
    """Remove and say what; 0, even if there was none."""
    from raslab.machine.jupyter.kernelspec import remove

    for one in remove(_prefix(args)):
        print(f"Removed {one.name} from {one.folder}")
    return 0


def _prefix(args: argparse.Namespace) -> Path | None:
    return Path(sys.prefix) if args.sys_prefix else None
