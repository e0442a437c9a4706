"""`raslab labs`: which labs there are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raslab.course.lab import Lab


def add_to(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "labs", help="list the labs", description="Lists the labs, one line each, with the scenarios they cover."
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line per lab, in the order of scenarios."""
    from raslab.course.loader import all_labs

    rows = [(one.name, " ".join(one.scenarios), one.summary) for one in sorted(all_labs(), key=_place)]
    names, scenarios = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, covered, summary in rows:
        print(f"{covered:<{scenarios}}  {name:<{names}}  {summary}")
    return 0


def _place(lab: Lab) -> tuple[int, str]:
    """By the number of its first scenario, then by name."""
    return int(lab.scenarios[0].removeprefix("S")), lab.name
