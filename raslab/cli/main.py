"""Entry point of the `raslab` command: parse, dispatch, turn errors into one sentence."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from raslab import __version__
from raslab.errors import RaslabError

COMMANDS = ("doctor", "kernel", "exec", "shell", "kernelspec", "notebook", "labs", "run")


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser for `commands`; each command lives in `raslab.cli.<name>_command`."""
    parser = argparse.ArgumentParser(
        prog="raslab", description="Site-to-site networking labs on a real Linux dataplane."
    )
    parser.add_argument("--version", action="version", version=f"raslab {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in commands:
        importlib.import_module(f"raslab.cli.{name}_command").add_to(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status: 0 good, 1 the work failed, 2 bad input."""
    argv = sys.argv[1:] if argv is None else argv
    # Importing the one command that is wanted keeps the start quick; help and mistakes need them all.
    wanted = COMMANDS if not argv or argv[0] not in COMMANDS else argv[:1]
    args = build_parser(wanted).parse_args(argv)
    try:
        status: int = args.run(args)
    except RaslabError as error:
        print(f"raslab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("raslab: interrupted; nothing of it runs any more.", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        print(f"raslab: {about}{error.strerror or error}", file=sys.stderr)
        return 2
    return status


def console() -> None:
    """The console script."""
    mend_standard_streams()
    sys.exit(main())


def mend_standard_streams() -> None:
    """Open /dev/null in the place of standard streams that the caller has closed, so that no other file lands there."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            setattr(sys, name, open(descriptor, mode))  # noqa: SIM115 - stays open as long as we live
