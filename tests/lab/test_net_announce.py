"""Addresses that move while a neighbour talks with them: it follows at once, as they are announced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from waiting import until

from raslab.measure import outage
from raslab.model.encapsulation import IpVersion
from raslab.net import Network, Topo

pytestmark = [pytest.mark.usefixtures("root")]

MACS = {"one": "02:00:00:00:0a:01", "two": "02:00:00:00:0a:02"}
SHARED: dict[IpVersion, str] = {4: "10.0.0.100/24", 6: "2001:db8::100/64"}
STALE_MS = 1000.0
"""A neighbour that is not told asks again after 15 s at the earliest, see `base_reachable_time` in arp(7)."""


class Segment(Topo):
    """A neighbour and two stations on a switch; one has both shared addresses, and VLAN 10 with another one."""

    def build(self) -> None:
        self.addSwitch("s1")
        for number, name in enumerate(("neighbour", *MACS), start=1):
            own = [f"10.0.0.{number}/24", f"2001:db8::{number}/64"]
            own += SHARED.values() if name == "one" else ()
            self.addHost(name)
            self.addLink(name, "s1", params1={"name": "lan0", "ips": own, "mac": MACS.get(name)})
            inside = [f"10.10.0.{number}/24", *(["10.10.0.100/24"] if name == "one" else [])]
            self.addVlan(name, "lan0", 10, ips=inside)


@pytest.fixture
def net() -> Iterator[Network]:
    """`Segment`, running; the neighbour has talked with everything that may move."""
    with Network(Segment()) as network:
        for address in (*map(bare, SHARED.values()), "10.10.0.100"):
            until(f"{address} answers", lambda address=address: pings(network, address))
            assert known(network, address) == MACS["one"]
        yield network


def bare(address: str) -> str:
    """Without the prefix length."""
    return address.partition("/")[0]


def pings(net: Network, address: str) -> bool:
    """True if an address answers the neighbour within a second."""
    return net["neighbour"].run(["ping", "-c1", "-W1", address], timeout=10).status == 0


def known(net: Network, address: str) -> str:
    """The MAC address that the neighbour has for an address."""
    (entry,) = json.loads(net["neighbour"].run(["ip", "-j", "neighbor", "show", address]).stdout)
    return str(entry["lladdr"])


def by_the_network(net: Network, address: str) -> None:
    """Take the address from one station and give it to the other, in one change."""
    with net.changing():
        net.delAddress("one", "lan0", address)
        net.addAddress("two", "lan0", address)


def by_hand(net: Network, address: str) -> None:
    """The same by commands, of which nobody tells the neighbours."""
    net["one"].run(["ip", "address", "delete", address, "dev", "lan0"])
    net["two"].run(["ip", "address", "add", address, "dev", "lan0", *(["nodad"] if ":" in address else [])])


@pytest.mark.virtual
@pytest.mark.parametrize("version", SHARED)
@pytest.mark.parametrize(
    ("move", "keeper", "longest_ms"),
    [(by_the_network, "two", 20.0), pytest.param(by_hand, "one", None, id="negative twin")],
)
def test_who_talks_with_an_address_follows_it(
    net: Network, version: IpVersion, move: Callable[[Network, str], None], keeper: str, longest_ms: float | None
) -> None:
    address = SHARED[version]
    with outage(net["neighbour"], bare(address), interval_s=0.001, timeout_s=0.2, ip_version=version) as seen:
        net["neighbour"].run(["sleep", "0.1"])
        move(net, address)
        assert known(net, bare(address)) == MACS[keeper]
        net["neighbour"].run(["sleep", "1.5"])
    if longest_ms is None:
        assert seen.outage_ms > STALE_MS
        assert known(net, bare(address)) == MACS[keeper]
    else:
        assert seen.outage_ms < longest_ms
        assert pings(net, bare(address))


def test_a_vlan_s_address_is_announced_within_the_vlan(net: Network) -> None:
    with net.changing():
        net.delAddress("one", "lan0.10", "10.10.0.100/24")
        net.addAddress("two", "lan0.10", "10.10.0.100/24")
    until("the neighbour knows", lambda: known(net, "10.10.0.100") == MACS["two"])
    assert pings(net, "10.10.0.100")
    assert known(net, "10.0.0.100") == MACS["one"]


def test_a_station_that_takes_over_all_of_another_one_is_announced(net: Network) -> None:
    """A node that is gone cannot give its address away: who gets it afterwards says so."""
    net.delNode("one")
    with net.changing():
        net.addAddress("two", "lan0", SHARED[4])
        net.addAddress("two", "lan0", SHARED[6])
    for address in map(bare, SHARED.values()):
        until(f"the neighbour knows of {address}", lambda address=address: known(net, address) == MACS["two"])
        assert pings(net, address)


def test_a_new_node_with_a_known_address_is_announced(net: Network) -> None:
    net.delNode("one")
    with net.changing():
        net.addHost("three", ip=SHARED[4])
        net.addLink("three", "s1", params1={"name": "lan0", "mac": "02:00:00:00:0a:03"})
    until("the neighbour knows", lambda: known(net, bare(SHARED[4])) == "02:00:00:00:0a:03")
