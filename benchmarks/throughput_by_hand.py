"""Does raslab cost throughput? The gre-key path through raslab against the same path by `ip`, `sysctl` and iperf3.

Both build the test bed of lab gre-performance from nothing and send over one TCP connection, in turns, in the same
lab machine. The last line printed has both medians and their ratio:

    raslab exec -- python benchmarks/throughput_by_hand.py [--runs N] [--seconds S]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from raslab.measure import throughput  # noqa: E402
from raslab.net import Network  # noqa: E402
from topologies.gre_performance import GrePerformance  # noqa: E402

BUDGET = 0.97


def through_raslab(seconds: int) -> float:
    """Mbit/s received."""
    with Network(GrePerformance(path="gre-key")) as net:
        frame = throughput(net["host2"], net["host1"], duration_s=seconds - 0.5, warmup_s=0.5)
    return float(frame["throughput_mbps"].iloc[0])


def by_hand(seconds: int) -> float:
    """Mbit/s received, by the shell script beside this file, with the same start-up left out."""
    script = HERE / "throughput_by_hand.sh"
    result = subprocess.run(["sh", str(script), str(seconds)], capture_output=True, text=True, check=True)
    intervals = [one["sum"] for one in json.loads(result.stdout)["intervals"]]
    steady = [one for one in intervals if one["start"] >= 0.45 and one["seconds"] > 0.05]
    return float(sum(one["bytes"] for one in steady) * 8 / 1e6 / sum(one["seconds"] for one in steady))


def main() -> int:
    """Measure in turns, print each pair and the medians; 1 if the ratio is below the budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(1, args.runs + 1):
        # Whoever comes second finds warmer caches: take turns in that too.
        steps = [(ours, through_raslab), (theirs, by_hand)]
        for figures, measure in steps if number % 2 else reversed(steps):
            figures.append(measure(args.seconds))
        print(f"run {number}: raslab {ours[-1]:,.0f} Mbit/s, by hand {theirs[-1]:,.0f} Mbit/s", flush=True)
    ratio = median(ours) / median(theirs)
    print(
        f"gre-key, 1 connection: raslab {median(ours):,.0f} Mbit/s, by hand {median(theirs):,.0f} Mbit/s"
        f" (medians of {args.runs}, budget {BUDGET}), ratio {ratio:.3f}"
    )
    return int(ratio < BUDGET)


if __name__ == "__main__":
    sys.exit(main())
