"""What a notebook kernel in a lab machine costs, next to ipykernel on the host: start to first result, a trivial cell.

    .venv/bin/python benchmarks/kernel_latency.py --starts 5 --cells 50

Prints one line: medians, seconds for starts and milliseconds for cells; the ratio of a cell in virtual time to a native
one comes last.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from raslab.machine.jupyter.kernelspec import KERNELS, content

REPLY_S = 60
NATIVE = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "native",
    "language": "python",
}


class Sample:
    """One start of one kernel, and the cells run in it."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(**spec)
        started = time.perf_counter()
        self.manager.start_kernel(stderr=subprocess.DEVNULL)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=REPLY_S)
        self.cell_ms()
        self.start_s = time.perf_counter() - started

    def cell_ms(self) -> float:
        """Milliseconds from sending `1+1` until all of its messages are there."""
        started = time.perf_counter()
        self.client.execute_interactive("1+1", timeout=REPLY_S, output_hook=lambda _message: None)
        return (time.perf_counter() - started) * 1000

    def end(self) -> None:
        """Shut it down."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main() -> None:
    """Measure the kernels in turn, so that a busy moment hits all figures alike."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--cells", type=int, default=50)
    wishes = parser.parse_args()
    specs: dict[str, Mapping[str, Any]] = {"native": NATIVE}
    for kernel in KERNELS:
        spec = content(kernel)
        specs[kernel.name.replace("-", "_")] = spec | {"argv": [*spec["argv"], "--machine", "uml"]}
    starts: dict[str, list[float]] = {name: [] for name in specs}
    cells: dict[str, list[float]] = {name: [] for name in specs}
    for _ in range(wishes.starts):
        samples = {}
        for name, started in specs.items():
            samples[name] = Sample(started)
            starts[name].append(samples[name].start_s)
        for _ in range(wishes.cells):
            for name, sample in samples.items():
                cells[name].append(sample.cell_ms())
        for sample in samples.values():
            sample.end()
    start = {name: statistics.median(values) for name, values in starts.items()}
    cell = {name: statistics.median(values) for name, values in cells.items()}
    print(
        f"starts={wishes.starts} cells={wishes.cells} load={os.getloadavg()[0]:.1f}",
        *(f"{name}_start_s={value:.2f}" for name, value in start.items()),
        *(f"{name}_cell_ms={value:.1f}" for name, value in cell.items()),
        f"ratio={cell['raslab_vt'] / cell['native']:.1f}",
    )


if __name__ == "__main__":
    main()
