"""What would never end in virtual time is refused, or ended by a sentence; what has a limit is measured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from raslab.errors import ClockStandsStillError, TopologyError
from raslab.measure import standstill, throughput
from raslab.net import Network, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.virtual]


class Unlimited(Topo):
    """left - right, without any limit, and slow behind a link with one."""

    def build(self) -> None:
        for number, name in enumerate(("left", "right", "slow"), 1):
            self.addHost(name, ip=f"10.0.0.{number}/24")
        self.addSwitch("s1")
        self.addLink("left", "s1")
        self.addLink("right", "s1")
        self.addLink("slow", "s1", rate_mbps=10)


@pytest.fixture
def network() -> Iterator[Network]:
    """The running network."""
    with Network(Unlimited()) as started:
        yield started


@pytest.mark.parametrize("options", [{}, {"protocol": "udp"}, {"streams": 4}, {"address": "127.0.0.1"}])
def test_a_transfer_of_a_node_to_itself(network: Network, options: dict[str, object]) -> None:
    with pytest.raises(
        ClockStandsStillError, match=r"from left to left would never end .*: no link is between left and"
    ):
        throughput(network["left"], network["left"], **options)  # type: ignore[arg-type]


def test_a_transfer_over_links_without_limits_names_them(network: Network) -> None:
    with pytest.raises(
        ClockStandsStillError, match=r"left to right .* \(left-s1, right-s1\) has a rate or a delay.*rate_mbps=100"
    ):
        throughput(network["left"], network["right"])


def test_what_the_topology_does_not_show_the_sender_notices(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "unlimited_way", lambda *_: ())
    noticed = r"from left to right would never end .*nothing on the way limits it"
    with pytest.raises(ClockStandsStillError, match=noticed):
        throughput(network["left"], network["right"])
    with pytest.raises(ClockStandsStillError, match="from left to right"):
        network.iperf((network["left"], network["right"]))


def test_with_a_limit_anywhere_it_is_measured(network: Network) -> None:
    slow = throughput(network["left"], network["slow"])
    assert 9 < slow["throughput_mbps"][0] < 10
    paced = throughput(network["slow"], network["left"], rate_mbps=5)
    assert 4.5 < paced["throughput_mbps"][0] < 5.5


def test_a_loop_of_switches_is_refused_also_while_the_network_runs(network: Network) -> None:
    network.addSwitch("s2")
    network.addLink("s1", "s2")
    with pytest.raises(TopologyError, match=r"Switches s1 and s2|Switches s2 and s1"):
        network.addLink("s1", "s2")
    assert network["left"].run("ping -c 1 -W 1 10.0.0.2").status == 0
