"""`python -m raslab.machine.jupyter -f CONNECTION_FILE`: what a kernelspec's command line starts."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from raslab.errors import RaslabError
from raslab.machine.command import MachineOptions
from raslab.machine.jail.options import DEFAULT_MEMORY, MEMORY_VARIABLE, add_jail_options, with_jail
from raslab.machine.jupyter.launcher import launch
from raslab.machine.launch import MACHINES, parse_memory_mb


def main() -> int:
    """Run a kernel to its end and return its exit status; 2 if there was none, after saying why."""
    parser = argparse.ArgumentParser(prog="python -m raslab.machine.jupyter", description=__doc__)
    parser.add_argument("-f", dest="connection_file", type=Path, required=True, metavar="CONNECTION_FILE")
    parser.add_argument("--machine", choices=MACHINES, default="auto")
    parser.add_argument("--virtual-time", action="store_true")
    parser.add_argument("--memory", metavar="SIZE", default=os.environ.get(MEMORY_VARIABLE) or DEFAULT_MEMORY)
    parser.add_argument("--seed", type=int, metavar="N", default=1)
    add_jail_options(parser)
    args = parser.parse_args()
    try:
        memory_mb = parse_memory_mb(args.memory)
        options = MachineOptions(virtual_time=args.virtual_time, memory_mb=memory_mb, seed=args.seed)
        return launch(args.connection_file, args.machine, with_jail(options, args))
    except RaslabError as error:
        print(f"raslab: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
