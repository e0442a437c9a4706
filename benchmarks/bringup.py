"""How long a network takes to build and tear down: our engine against Mininet's own classes.

    benchmarks/bringup.py [--hosts 100] [--mininet-hosts N]

Each side builds the same network, N hosts on one Linux bridge without a controller, in a fresh process in a network
namespace of its own, imports counted. Needs root, and for Mininet's side the packages mininet and bridge-utils.
The last line holds both figures and their ratio per host.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

STARTED = time.perf_counter()

# The package mininet brings the release's Python classes for the distribution's interpreter, which .venv uses too.
DISTRIBUTION_PYTHON = "/usr/bin/python3"

# Mininet writes settings of the whole computer when it starts. It goes on, with a warning, where it may not.
_READ_ONLY_SETTINGS = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'


@dataclass(frozen=True)
class Timing:
    """Seconds of one run. `process` is CPU time of the Python process itself, without its children."""

    name: str
    hosts: int
    imports: float
    up: float
    down: float
    process: float

    @property
    def total(self) -> float:
        """Imports, building and tearing down."""
        return self.imports + self.up + self.down

    def __str__(self) -> str:
        return (
            f"{self.name} {self.total:.2f} s for {self.hosts} hosts "
            f"(import {self.imports:.2f}, up {self.up:.2f}, down {self.down:.2f}, process {self.process:.2f})"
        )


def build_ours(hosts: int) -> Timing:
    """Build and tear down with raslab."""
    from raslab.net import Network
    from raslab.net.mininet_classes import SingleSwitchTopo

    imported = time.perf_counter()
    net = Network(SingleSwitchTopo(hosts))
    net.start()
    return _finish("raslab", hosts, imported, net)


def build_mininet(hosts: int) -> Timing:
    """Build and tear down with Mininet's own classes."""
    from mininet.net import VERSION, Mininet
    from mininet.nodelib import LinuxBridge
    from mininet.topo import SingleSwitchTopo

    imported = time.perf_counter()
    net = Mininet(SingleSwitchTopo(hosts), switch=LinuxBridge, controller=None)
    net.start()
    return _finish(f"Mininet {VERSION}", hosts, imported, net)


def _finish(name: str, hosts: int, imported: float, net: object) -> Timing:
    built = time.perf_counter()
    net.stop()  # type: ignore[attr-defined]
    down = time.perf_counter() - built
    return Timing(name, hosts, imported - STARTED, built - imported, down, time.process_time())


SIDES = {"raslab": build_ours, "mininet": build_mininet}


def measure(side: str, hosts: int) -> Timing:
    """Run one side in a fresh process."""
    python = DISTRIBUTION_PYTHON if side == "mininet" else sys.executable
    words = [python, str(Path(__file__).resolve()), "--side", side, "--hosts", str(hosts)]
    shield = ["sh", "-c", _READ_ONLY_SETTINGS, "sh"] if side == "mininet" else []
    result = subprocess.run(
        ["unshare", "--net", "--mount", *shield, *words], capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(f"bringup: the {side} side failed: {result.stderr.strip() or result.stdout.strip()}")
    return Timing(**json.loads(result.stdout.splitlines()[-1]))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100, help="hosts on the switch (default 100)")
    parser.add_argument("--mininet-hosts", type=int, help="hosts of Mininet's side, if it shall have fewer")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(asdict(SIDES[args.side](args.hosts))))
        return
    ours = measure("raslab", args.hosts)
    theirs = measure("mininet", args.mininet_hosts or args.hosts)
    ratio = (theirs.total / theirs.hosts) / (ours.total / ours.hosts)
    print(f"{ours}; {theirs}; ratio per host {ratio:.1f}")


if __name__ == "__main__":
    main()
