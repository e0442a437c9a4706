"""`raslab labs`: which labs there are."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "labs", help="list the labs", description="Lists the labs, one line each, with the scenarios they cover."
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line per lab."""
    from raslab.course.loader import all_labs

    for lab in all_labs():
        print(f"{lab.name:<20} {' '.join(lab.scenarios):<8} {lab.summary}")
    return 0
