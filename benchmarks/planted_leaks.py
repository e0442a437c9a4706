"""Leaks planted into running networks, one after the other: is each of them named, and is nothing named without them?

    .venv/bin/raslab exec --virtual-time -- .venv/bin/python -m benchmarks.planted_leaks </dev/null

Prints a line for each: whether the tenants and the place were named, by reasoning or by a probe, whether a
packet has confirmed the way, and whether all was clean again afterwards. Ends with the counts, and with status 1 unless
all were named and nothing else was. Words on the command line choose leaks by their names.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from benchmarks.leaks import LEAKS, VRFS, Leak
from benchmarks.vrf_tenants import EDGE_WAN, GATEWAY_WAN, TwoTenants, tenants
from raslab.course.bed import Bed
from raslab.course.loader import load_lab
from raslab.measure.isolation import IsolationReport, Parties, check_isolation
from raslab.measure.isolation.reasoning import Reasoning, reason
from raslab.measure.observable import ObservableNetwork
from raslab.net import Network


@dataclass
class Place:
    """A running network that leaks are planted into, and who is who in it."""

    network: Any
    who: Parties
    names: set[str] = field(default_factory=set)

    def check(self) -> IsolationReport:
        """All of it: reasoning, probes, and packets that go the ways that were found."""
        return check_isolation(
            self.network, self.who.tenants, underlay=self.who.underlay, strangers=self.who.strangers, deadline_s=1.0
        )

    def reason(self) -> Reasoning:
        """Reasoning alone."""
        return reason(self.network, self.who.tenants, self.who.strangers)


@dataclass(frozen=True)
class Outcome:
    """What became of a leak. way: as it was named, None if it was not. clean: nothing was found after it."""

    leak: Leak
    way: str | None
    is_confirmed: bool
    is_probed: bool
    clean: bool

    @property
    def is_right(self) -> bool:
        """True if it was named, and nothing afterwards."""
        return self.way is not None and self.clean

    def __str__(self) -> str:
        by = "packet" if self.is_confirmed else "probe" if self.is_probed else "reasoning"
        named = f"named by {by}: {self.way}" if self.way else "NOT NAMED"
        return f"{self.leak.name}: {named}{'' if self.clean else '; NOT CLEAN afterwards'}"


@contextmanager
def running(bed: str) -> Iterator[Place]:
    """The network of a bed, when all tenants reach their own."""
    if bed == VRFS:
        with Network(TwoTenants()) as network:
            yield Place(network, Parties(tuple(tenants()), (GATEWAY_WAN, EDGE_WAN), ("x",)))
        return
    scenario = load_lab(bed).scenario
    assert scenario is not None
    lab = Bed(bed, ObservableNetwork(scenario.topology()))
    scenario.set_up(lab)
    with lab:
        scenario.when_running(lab)
        _wait(lambda: lab.check_isolation())
        yield Place(lab.network, lab.parties())


def _wait(isolated: Callable[[], object], attempts: int = 20) -> None:
    """Until nothing is found and everything arrives."""
    for _ in range(attempts):
        if isolated():
            return
    sys.exit(f"the network was not isolated to begin with: {isolated()!r}")


@contextmanager
def planted(network: Any, leak: Leak) -> Iterator[None]:
    """The leak is there."""
    with ExitStack() as stack:
        for node, line in leak.steps:
            _typed(network, node, line)
        for node, line in reversed(leak.undone):  # the last callback is called first
            stack.callback(partial(_typed, network, node, line))
        for node, text, words in leak.programs:
            stack.callback(partial(_ended, _started(network, node, text, words)))
        yield


def _typed(network: Any, node: str, line: str) -> None:
    words: str | list[str] = ["nft", line.removeprefix("nft ")] if line.startswith("nft ") else line
    done = network[node].run(words)
    if done.status:
        raise RuntimeError(f"{node}# {line}: {done.stderr}")


def _started(network: Any, node: str, text: str, words: tuple[str, ...]) -> subprocess.Popen[Any]:
    if text == "socat":
        near, far = words
        argv = ["socat", f"TCP-LISTEN:8080,so-bindtodevice={near},fork", f"TCP:10.0.4.1:80,so-bindtodevice={far}"]
        process: subprocess.Popen[Any] = network[node].popen(argv)
        while not _listens(network, node):
            if process.poll() is not None:
                raise RuntimeError("socat has ended")
        return process
    process = network[node].popen([sys.executable, "-c", text, *words])
    assert process.stdout is not None
    if b"ready" not in bytes(process.stdout.readline()):
        raise RuntimeError(f"a program on {node} did not start: {process.communicate()[1]!r}")
    return process


def _listens(network: Any, node: str) -> bool:
    return ":8080" in network[node].run("ss -Htln").stdout


def _ended(process: subprocess.Popen[Any]) -> None:
    for child in subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split():
        subprocess.run(["kill", "-9", child], check=False)
    process.kill()
    process.communicate()


def outcome(place: Place, leak: Leak) -> Outcome:
    """Plant a leak, look, and take it away again."""
    with planted(place.network, leak):
        report = place.check()
    wanted = (leak.sender, leak.tenant)
    ways = [one for one in report.ways if (one.sender, one.tenant) == wanted and leak.place in str(one)]
    probed = [one for one in report.leaks if (one.sender, one.tenant) == wanted and leak.place in " ".join(one.path)]
    named = [str(one) for one in (*sorted(ways, key=lambda one: not one.is_confirmed), *probed)]
    after = place.reason()
    return Outcome(
        leak,
        named[0] if named else None,
        any(one.is_confirmed for one in ways),
        bool(probed),
        not after.ways and not after.unproven,
    )


def main() -> int:
    """All of them, or those that are named."""
    chosen = [one for one in LEAKS if len(sys.argv) == 1 or any(word in one.name for word in sys.argv[1:])]
    found: list[Outcome] = []
    for bed, leaks in groupby(chosen, key=lambda one: one.bed):
        with running(bed) as place:
            for leak in leaks:
                found.append(outcome(place, leak))
                print(f"{len(found):3} {found[-1]}", flush=True)
            last = place.check()
            print(f"    {bed}, nothing planted: {last!r}", flush=True)
            if not last:
                return 1
    right = sum(one.is_right for one in found)
    confirmed = sum(one.is_confirmed or one.is_probed for one in found)
    print(f"{right} of {len(found)} leaks were named, {confirmed} of them confirmed by packets.")
    return int(right != len(found))


if __name__ == "__main__":
    sys.exit(main())
