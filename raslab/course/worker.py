"""Runs a lab inside a lab machine: `python -m raslab.course.worker NAME --events FILE`.

What the lab tells goes into a file and not to standard output, because a file of the host is written at once and
by the guest alone. Anything that leaves through the machine's terminal is taken up by the host when it has time for
it, and the guest notices: in virtual time two runs would then differ.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from raslab.course.events import Event, Failed, Finished, Started, to_line
from raslab.course.loader import load_lab
from raslab.errors import RaslabError
from raslab.machine.here import here

DEBUG = "RASLAB_DEBUG"


def work(name: str, seconds: float | None, events: TextIO) -> int:
    """Run the lab and write its events, one per line; 0 if it came to its end, 1 if it failed.

    Why it failed is one sentence, followed by the traceback if the environment variable RASLAB_DEBUG is set.
    """

    def emit(event: Event) -> None:
        events.write(to_line(event) + "\n")
        events.flush()
        os.fsync(events.fileno())  # out of the guest's cache, so that the one who waits outside sees it now

    try:
        lab = load_lab(name)
        surroundings = here()
        seconds = seconds or lab.default_seconds[surroundings.clock]
        emit(Started(surroundings.machine, surroundings.clock, surroundings.kernel, seconds))
        lab.run(seconds, emit)
    except RaslabError as error:
        emit(Failed(str(error) + _trace()))
        return 1
    except Exception as error:
        emit(Failed(f"{type(error).__name__}: {error or 'without words'}; {DEBUG}=1 shows where{_trace()}"))
        return 1
    emit(Finished())
    return 0


def _trace() -> str:
    """Where the exception that is being handled came from, for those who have asked for it."""
    return "\n" + traceback.format_exc() if os.environ.get(DEBUG) else ""


def main(argv: Sequence[str] | None = None) -> int:
    """The command line of the worker."""
    parser = argparse.ArgumentParser(prog="raslab.course.worker", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--duration", type=float, metavar="S", help="steady state of each measurement")
    parser.add_argument("--events", type=Path, required=True, metavar="FILE", help="where to write what happens")
    args = parser.parse_args(argv)
    with args.events.open("a", encoding="utf-8") as events:
        return work(args.name, args.duration, events)


if __name__ == "__main__":
    sys.exit(main())
