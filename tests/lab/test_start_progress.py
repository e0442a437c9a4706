"""Starting a network says what it waits for, and can be interrupted at every such point."""

from __future__ import annotations

import pytest

import raslab
from raslab.net import Network
from topologies.gre_performance import GrePerformance

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]


class Told:
    """Keeps what a network tells; raises KeyboardInterrupt when it is told number `interrupt`."""

    def __init__(self, interrupt: int | None = None) -> None:
        self.all: list[tuple[float, str]] = []
        self._interrupt = interrupt

    def __call__(self, share: float, until: str) -> None:
        self.all.append((share, until))
        if len(self.all) - 1 == self._interrupt:
            raise KeyboardInterrupt


def told_by_a_start() -> list[tuple[float, str]]:
    told = Told()
    network = Network(GrePerformance())
    try:
        network.start(told)
    finally:
        network.stop()
    return told.all


def test_a_start_names_its_parts_in_order() -> None:
    told = told_by_a_start()
    shares = [share for share, _ in told]
    assert shares == sorted(set(shares))
    assert shares[0] == 0
    assert 0.5 < shares[-1] < 1
    words = [until for _, until in told]
    assert words[0] == "7 nodes are there"
    assert words.index("6 links are there") < words.index("addresses and routes of gw1 are set")


def test_an_interrupt_at_any_point_leaves_nothing_and_harms_nothing() -> None:
    points = len(told_by_a_start())
    assert points >= 5
    network = Network(GrePerformance())
    for point in range(points):
        with pytest.raises(KeyboardInterrupt):
            network.start(Told(interrupt=point))
        assert not network.is_running
    network.start()
    assert network["host2"].run("ping -c1 -W2 10.1.0.1").status == 0
    network.stop()


def test_a_network_that_is_not_interrupted_runs() -> None:
    network = Network(GrePerformance())
    network.start(Told(interrupt=1000))
    assert network.is_running
    network.stop()


def test_a_lab_starts_the_same_way() -> None:
    lab = raslab.lab("gre-performance")
    lab.start()
    lab.start()  # running already: nothing happens
    assert lab.network.is_running
    lab.stop()
