"""`raslab run`: run a lab in a lab machine, show how it goes, and keep what it measured."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from raslab.errors import BadOptionError

SHORTEST_S = 0.1
LONGEST_S = 3600.0


def add_to(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    from raslab.cli.machine_options import add_machine_options

    parser = subparsers.add_parser(
        "run",
        help="run a lab and show what it found",
        description="Runs a lab in a lab machine, shows a table, and writes what is asked for. The exit status is 1 if"
        " a check of the lab, or the twin that must break it, does not behave as expected.",
    )
    parser.add_argument("lab", help="which lab; `raslab labs` lists them")
    add_machine_options(parser)
    parser.add_argument("--duration", metavar="S", help="seconds of steady state that each measurement lasts")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - is standard output")
    parser.add_argument("--csv", metavar="FILE", help="write the table as CSV; - is standard output")
    parser.add_argument("--report", metavar="DIR", help="write a page with picture and table into this folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked, run the lab, show and write its results; 1 if they are not as expected."""
    from raslab.cli import checks_view, run_view
    from raslab.cli.console import console_for
    from raslab.cli.machine_options import machine_options
    from raslab.cli.run_outputs import Outputs
    from raslab.course.loader import load_lab
    from raslab.course.results import Results
    from raslab.course.runner import Wanted, run_lab
    from raslab.machine.programs import versions

    lab = load_lab(args.lab)
    seconds = duration(args.duration)
    if seconds is not None and lab.scenario is not None:
        raise BadOptionError(f"--duration {args.duration}: {lab.name} measures nothing, it asks; leave --duration out.")
    outputs = Outputs(args.json, args.csv, args.report)
    outputs.check()
    wanted = Wanted(lab.name, args.machine, machine_options(args), seconds)

    console = console_for(sys.stderr if outputs.to_stdout else sys.stdout)
    begin = time.monotonic()
    with cleaning_up_on_signals():
        events = run_view.watch(lab, run_lab(wanted), console)
    taken_s = time.monotonic() - begin
    results = Results.collect(lab.name, lab.title, lab.columns, events, taken_s, versions(lab.programs))
    (run_view if lab.scenario is None else checks_view).show(lab, results, console)
    for line in outputs.write(lab, results):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if results.faults else 0


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
