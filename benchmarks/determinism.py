"""Is virtual time the same every time? Runs a lab again and again and compares the CSV files byte by byte.

Every other run goes side by side with processes that keep all of this computer's processors busy.

    python benchmarks/determinism.py [--runs N] [--lab NAME] [--duration S]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def busy_processors() -> Iterator[None]:
    """One endless loop for each processor while the block runs."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run_once(lab: str, duration: str | None, file: Path) -> bytes:
    """The CSV of one run in virtual time."""
    argv = [sys.executable, "-m", "raslab", "run", lab, "--virtual-time", "--csv", str(file)]
    argv += ["--duration", duration] if duration else []
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return file.read_bytes()


def main() -> int:
    """Run, compare, print a verdict; 1 if two files differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--lab", default="gre-performance")
    parser.add_argument("--duration", metavar="S")
    args = parser.parse_args()
    seen: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, args.runs + 1):
            busy = number % 2 == 0
            begin = time.monotonic()
            if busy:
                with busy_processors():
                    seen.append(run_once(args.lab, args.duration, Path(folder) / "results.csv"))
            else:
                seen.append(run_once(args.lab, args.duration, Path(folder) / "results.csv"))
            digest = hashlib.sha256(seen[-1]).hexdigest()[:16]
            state = "all processors busy" if busy else "as it is"
            print(f"run {number:>2}, {state:<19}: {digest} in {time.monotonic() - begin:.0f} s", flush=True)
    different = len(set(seen))
    verdict = "identical to the byte" if different == 1 else f"NOT identical: {different} different files"
    print(f"{args.lab}, {args.runs} runs, {args.runs // 2} of them on a busy computer: {verdict}")
    return int(different > 1)


if __name__ == "__main__":
    sys.exit(main())
