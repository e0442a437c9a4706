"""What is left of lab machines whose parts are killed at moments of their lives: nothing.

    python benchmarks/kill_moments.py [--moments 300] [--seed 1]

Each moment is a machine of its own, a command's or a notebook's; two of three are killed when it is up, the others
while it starts. One row for each set of victims, in the order in which they are killed. Status 1 if anything was left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.machine.conftest import Launcher
from tests.machine.kill_moments import life, moments


def main() -> int:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=300, help="at which a machine is up; half as many before")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    done: Counter[tuple[str, bool]] = Counter()
    left: Counter[tuple[str, bool]] = Counter()
    for victims, after_s, up in moments(args.moments * 3 // 2, args.seed):
        row = (", then ".join(victims), up)
        with tempfile.TemporaryDirectory(prefix="kill-moments-") as folder:
            remains = life(Launcher(Path(folder)), victims, after_s, up=up)
        done[row] += 1
        if remains:
            left[row] += 1
            print(f"left by {row[0]}, {after_s:.3f} s, {'up' if up else 'starting'}: {remains}", flush=True)
    print(f"{'killed':40}{'up':>6}{'left':>6}{'starting':>10}{'left':>6}")
    rows = [[name] for name in dict.fromkeys(name for name, _ in done)]
    for names in (*rows, [name for row in rows for name in row]):
        figures = [sum(count[name, up] for name in names) for up in (True, False) for count in (done, left)]
        print(f"{names[0] if len(names) == 1 else 'all':40}{figures[0]:6}{figures[1]:6}{figures[2]:10}{figures[3]:6}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
