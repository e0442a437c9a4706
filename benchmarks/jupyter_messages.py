"""How many messages of strangers get through the ports of a notebook's kernel: none.

    python benchmarks/jupyter_messages.py [--messages 100000] [--seed 1]

It opens a kernel's sockets as the launcher does, sends messages of all kinds that a stranger could, signed ones between
them, and prints what came through, how long that took and what memory it cost. Status 1 if an odd message came through.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.machine.odd_messages import besiege, door


def main() -> int:
    """Send them and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, door(Path(folder)) as found:
        figures = besiege(found, args.messages, args.seed)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"odd messages sent         {figures['odd']}")
    print(f"odd messages through      {figures['through']}")
    print(f"signed messages through   {figures['signed']}")
    print(f"seconds                   {time.perf_counter() - started:.1f}")
    print(f"memory grown, MB          {grown_mb:.0f}")
    return 1 if figures["through"] else 0


if __name__ == "__main__":
    sys.exit(main())
