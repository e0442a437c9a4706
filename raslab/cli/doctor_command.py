"""`raslab doctor`: can labs run on this computer, and where?"""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_to(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="try what this computer can do for labs, and say which machine they will run in",
        description="Tries every kernel capability in a scratch namespace and looks for every program. "
        "Exit status 0 if some machine can run labs here, else 1.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Examine, print, and say by the exit status whether labs can run."""
    from raslab.machine import doctor

    diagnosis = doctor.examine()
    if args.json:
        import json

        print(json.dumps(doctor.to_json(diagnosis), indent=2))
    else:
        from raslab.cli.console import console_for
        from raslab.machine import doctor_view

        doctor_view.show(diagnosis, console_for(sys.stdout))
    return 0 if diagnosis.can_run_labs else 1
