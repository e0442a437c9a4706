"""`raslab run`: run a lab in a lab machine, show how it goes, and keep what it measured."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raslab.errors import BadOptionError

if TYPE_CHECKING:
    from raslab.course.lab import Lab
    from raslab.course.results import Results

SHORTEST_S = 0.1
LONGEST_S = 3600.0
STANDARD_OUTPUT = "-"


def add_to(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    from raslab.machine.launch import MACHINES

    parser = subparsers.add_parser(
        "run",
        help="run a lab and show what it measured",
        description="Runs a lab in a lab machine, shows a table, and writes what is asked for.",
    )
    parser.add_argument("lab", help="which lab; `raslab labs` lists them")
    parser.add_argument(
        "--machine", choices=MACHINES, default="auto", help="where to run (default: native if complete, else uml)"
    )
    parser.add_argument("--virtual-time", action="store_true", help="the same figures on every computer")
    parser.add_argument("--duration", metavar="S", help="seconds of steady state that each measurement lasts")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - is standard output")
    parser.add_argument("--csv", metavar="FILE", help="write the table as CSV; - is standard output")
    parser.add_argument("--report", metavar="DIR", help="write a page with chart and table into this folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked, run the lab, show and write its results."""
    from raslab.cli import run_view
    from raslab.course.loader import load_lab
    from raslab.course.results import Results
    from raslab.course.runner import Wanted, run_lab

    lab = load_lab(args.lab)
    seconds = duration(args.duration)
    check_outputs(args)
    wanted = Wanted(lab.name, args.machine, args.virtual_time, seconds)

    to_stdout = STANDARD_OUTPUT in (args.json, args.csv)
    console = run_view.console_for(sys.stderr if to_stdout else sys.stdout)
    begin = time.monotonic()
    with cleaning_up_on_signals():
        events = run_view.watch(lab, run_lab(wanted), console)
    results = Results.collect(lab.name, lab.title, lab.columns, events, time.monotonic() - begin)
    run_view.show(lab, results, console)
    for line in write_outputs(args, lab, results):
        console.print(line, highlight=False, soft_wrap=True)
    return 0


@contextmanager
def cleaning_up_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as an exception does, so that what was begun is also ended.

    A signal that was ignored when we were started stays so: that is how ``nohup`` works.
    """

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = {
        number: signal.signal(number, leave)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def duration(text: str | None) -> float | None:
    """The seconds in an option's text; raises BadOptionError."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise BadOptionError(
            f"--duration {text} is not possible: give the seconds of each measurement,"
            f" from {SHORTEST_S:g} to {LONGEST_S:g}."
        )
    return seconds


def check_outputs(args: argparse.Namespace) -> None:
    """Raise BadOptionError for an output that could not be written once the lab has run."""
    if args.json == args.csv == STANDARD_OUTPUT:
        raise BadOptionError("--json - and --csv - cannot share standard output: give one of them a file.")
    for option in ("json", "csv"):
        name = getattr(args, option)
        if name in (None, STANDARD_OUTPUT):
            continue
        path = Path(name)
        if not name or path.is_dir():
            raise BadOptionError(f"--{option} {name or repr(name)} is not a file: add a file name to it.")
        if not path.parent.is_dir():
            raise BadOptionError(f"--{option} {name}: there is no folder {path.parent}; make it first.")
    if args.report is not None:
        folder = Path(args.report)
        existing = next((one for one in (folder, *folder.parents) if one.exists()), folder)
        if not args.report or not existing.is_dir():
            raise BadOptionError(
                f"--report {args.report or repr(args.report)}: {existing} is not a folder; name another one."
            )


def write_outputs(args: argparse.Namespace, lab: Lab, results: Results) -> list[str]:
    """Write what was asked for; a sentence about each file."""
    written = []
    for name, text in ((args.json, results.json() + "\n"), (args.csv, results.csv())):
        if name == STANDARD_OUTPUT:
            sys.stdout.write(text)
        elif name is not None:
            Path(name).write_text(text)
            written.append(f"Written: {name}")
    if args.report is not None:
        folder = Path(args.report)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.csv").write_text(results.csv())
        written.append(f"Report: {lab.report(results, folder)}")
    return written
