"""How long a lab machine takes: boot to first command, whole `raslab exec`, end, next to the same command on the host.

    .venv/bin/python benchmarks/machine.py --runs 10

Prints one line: medians in milliseconds; the ratio of `raslab exec` to the bare command comes last.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from raslab.machine.command import Command, MachineOptions, caller_environment
from raslab.machine.jail.policy import Jail
from raslab.machine.kernel import cached_kernel
from raslab.machine.streams import Streams, carry
from raslab.machine.uml import UmlMachine

COMMAND = ("/bin/true",)


def boot_ms(kernel: Path, jail: str) -> tuple[float, float]:
    """Milliseconds from the start of the machine until its command has ended, and from there until nothing is left."""
    command = Command(COMMAND, Path.cwd(), caller_environment(), null_input=True)
    started = time.perf_counter()
    machine = UmlMachine(command, MachineOptions(jail=Jail(jail)), kernel)
    try:
        carry(machine, Streams(stdin=None))
        ran = time.perf_counter()
    finally:
        machine.end()
    return (ran - started) * 1000, (time.perf_counter() - ran) * 1000


def process_ms(argv: list[str]) -> float:
    """Milliseconds that a process takes, start to end."""
    started = time.perf_counter()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Measure in turn, so that a busy moment hits all figures alike."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    kernel = cached_kernel()
    if kernel is None:
        sys.exit("No lab kernel is built; run `raslab kernel build`.")
    boots, without, ends, execs, bare = [], [], [], [], []
    for _ in range(runs):
        without.append(boot_ms(kernel.path, "off")[0])
        boot, end = boot_ms(kernel.path, "auto")
        boots.append(boot)
        ends.append(end)
        execs.append(process_ms([sys.executable, "-m", "raslab", "exec", "--machine", "uml", "--", *COMMAND]))
        bare.append(process_ms(list(COMMAND)))
    median = statistics.median
    print(
        f"runs={runs} load={os.getloadavg()[0]:.1f} boot_to_first_command_ms={median(boots):.0f}"
        f" without_jail_ms={median(without):.0f}"
        f" end_ms={median(ends):.0f} raslab_exec_ms={median(execs):.0f} bare_ms={median(bare):.1f}"
        f" ratio={median(execs) / median(bare):.0f}"
    )


if __name__ == "__main__":
    main()
