"""The enterprise edge: what is built, and how it is found by name."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network

import pytest

from raslab.course.loader import load_topology, topology_names
from raslab.errors import TopologyError, UnknownLabError
from raslab.model.topology import Topology
from raslab.model.validation import problems_of
from raslab.net import Network
from raslab.notebook.labs import open_lab
from topologies.enterprise_edge import MOST_BRANCHES, EnterpriseEdge


def built(branches: int = 1, **parameters: float) -> Topology:
    topology: Topology = Network(EnterpriseEdge(branches=branches, **parameters)).topology()
    return topology


def addresses(topology: Topology, node: str) -> set[str]:
    return {text for link in topology.links for end in link.ends if end.node == node for text in end.addresses}


def route_of(topology: Topology, node: str, destination: str) -> str | None:
    """The next hop of a node towards an address of the same family, by the longest prefix."""
    version = ip_network(destination).version
    found = {
        ip_network(("0.0.0.0/0", "::/0")[version == 6] if route.destination == "default" else route.destination): route
        for route in topology.routes
        if route.node == node and route.via is not None and (":" in route.via) == (version == 6)
    }
    fitting = [network for network in found if ip_network(destination).subnet_of(network)]  # type: ignore[arg-type]
    return found[max(fitting, key=lambda one: one.prefixlen)].via if fitting else None


@pytest.mark.parametrize("branches", [1, 2, MOST_BRANCHES])
def test_it_is_valid_and_no_address_is_used_twice(branches: int) -> None:
    topology = built(branches)
    assert problems_of(topology) == []
    everything = [ip_interface(text).ip for link in topology.links for end in link.ends for text in end.addresses]
    assert len(everything) == len(set(everything))
    assert len(topology.nodes) == 6 + 2 * branches


def test_prefixes_are_those_of_the_scenario() -> None:
    topology = built()
    assert addresses(topology, "host1") == {"10.1.1.10/24", "2001:db8:1::10/64"}
    assert addresses(topology, "host2") == {"10.2.1.10/24", "2001:db8:2::10/64"}


@pytest.mark.parametrize(("gateway", "other"), [("gw1", "198.51.100.0/30"), ("gw2", "203.0.113.0/30")])
def test_the_internet_knows_gateways_and_no_site(gateway: str, other: str) -> None:
    topology = built(branches=2)
    assert route_of(topology, gateway, other) is not None
    assert route_of(topology, "isp2", other) is not None
    assert [route_of(topology, "isp2", site) for site in ("10.1.1.0/24", "10.2.1.0/24", "2001:db8:1::/64")] == [
        None
    ] * 3


def test_delay_between_gateways_is_what_was_asked_for() -> None:
    topology = built(delay_ms=30.0, rate_mbps=50)
    on_the_way = [link.a.impairment for link in topology.links if link.a.impairment.delay_ms]
    assert sum(one.delay_ms for one in on_the_way) == pytest.approx(30)
    assert sorted(one.rate_mbps or 0 for one in on_the_way) == [50, 50, 500, 500]


@pytest.mark.parametrize("branches", [0, MOST_BRANCHES + 1])
def test_impossible_numbers_of_branches(branches: int) -> None:
    with pytest.raises(TopologyError, match=f"cannot have {branches} branches: choose 1 to {MOST_BRANCHES}"):
        EnterpriseEdge(branches=branches)


def test_a_lab_by_the_name_of_its_topology() -> None:
    assert {"enterprise-edge", "gre-performance", "two-sites-and-csp"} <= set(topology_names())
    assert repr(open_lab("enterprise-edge", branches=2)) == "<Lab enterprise-edge: 10 nodes, 9 links, not running>"
    assert load_topology("enterprise-edges") is None
    with pytest.raises(
        UnknownLabError, match=r"no lab enterprise-edges: did you mean enterprise-edge. The labs are: .*edge, gre-"
    ):
        open_lab("enterprise-edges")
