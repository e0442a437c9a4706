"""The verbs for VRFs, VLANs and labels on a network that does not run: what becomes of them in its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from raslab.errors import TopologyError, UnknownInterfaceError, UnknownNodeError
from raslab.model.topology import MplsRoute, Route, Vlan, Vrf
from raslab.net import Network


@pytest.fixture
def net() -> Network:
    """A router with a LAN that belongs to VRF red, and a VLAN on it that belongs there too."""
    network = Network()
    network.addRouter("r1")
    network.addHost("h1")
    network.addVrf("r1", "red", ips=["10.9.9.9/32"])
    network.addLink("h1", "r1", params2={"name": "lan0", "ips": ["10.0.1.254/24"], "master": "red"})
    network.addVlan("r1", "lan0", 10, ips=["10.0.10.254/24"], master="red")
    network.addRoute("r1", "10.1.0.0/16", via="10.0.1.9", vrf="red")
    network.addRoute("r1", "10.2.0.0/16", via="10.0.10.9", vrf="red")
    network.addMplsRoute("r1", 100, dev="lan0", out_labels=[200])
    return network


def test_they_are_in_the_description(net: Network) -> None:
    found = net.topology()
    assert found.devices == (
        Vrf("r1", "red", 1001, ("10.9.9.9/32",)),
        Vlan("r1", "lan0.10", "lan0", 10, ("10.0.10.254/24",), master="red"),
    )
    assert found.links[0].b.master == "red"
    assert found.mpls_routes == (MplsRoute("r1", 100, dev="lan0", out_labels=(200,)),)
    assert [intf.name for intf in net["r1"].all_interfaces()] == ["lan0", "red", "lan0.10"]
    assert (net["r1"].intf("red").IP(), net["r1"].intf("lan0.10").IP()) == ("10.9.9.9", "10.0.10.254")


def test_tables_are_chosen_that_no_other_vrf_of_the_node_has(net: Network) -> None:
    net.addVrf("r1", "blue")
    net.addVrf("r1", "green", 77)
    net.delVrf("r1", "red")
    net.addVrf("r1", "white")
    net.addVrf("h1", "red")
    tables = [(one.node, one.name, one.table) for one in net.topology().devices if isinstance(one, Vrf)]
    assert tables == [("r1", "blue", 1002), ("r1", "green", 77), ("r1", "white", 1001), ("h1", "red", 1001)]


def test_a_vrf_lets_go_of_what_belonged_to_it(net: Network) -> None:
    net.delVrf("r1", "red")
    assert [intf.spec.master for intf in net["r1"].all_interfaces()] == [None, None]
    assert net.routes == []
    assert net.topology().links[0].b.addresses == ("10.0.1.254/24",)


def test_an_interface_takes_what_is_on_it_along(net: Network) -> None:
    net.delVlan("r1", "lan0.10")
    assert net.routes == [Route("r1", "10.1.0.0/16", "10.0.1.9", vrf="red")]
    net.addVlan("r1", "lan0", 20, name="servers")
    net.delLink(net.links[0])
    assert [intf.name for intf in net["r1"].all_interfaces()] == ["red"]
    assert (net.routes, net.mpls_routes) == ([], [])


def test_a_route_of_a_vrf_is_not_that_of_another_table(net: Network) -> None:
    with pytest.raises(TopologyError, match=r"no such route to 10\.1\.0\.0/16"):
        net.delRoute("r1", "10.1.0.0/16")
    net.delRoute("r1", "10.1.0.0/16", vrf="red")
    assert [route.destination for route in net.routes] == ["10.2.0.0/16"]
    net["r1"].setDefaultRoute("via 10.0.1.1")
    net.addRoute("r1", "default", via="10.0.1.9", vrf="red")
    net["r1"].setDefaultRoute("via 10.0.1.2")
    assert [(route.via, route.vrf) for route in net.routes[1:]] == [("10.0.1.9", "red"), ("10.0.1.2", None)]


def test_several_default_routes_of_a_host_are_all_there() -> None:
    told = ["via 10.0.1.1", "via 10.0.1.2", "via 10.0.1.3 metric 50", "via 2001:db8::1", "via 2001:db8::2"]
    net = Network()
    net.addHost("h1", ips=["10.0.1.9/24", "2001:db8::9/64"], defaultRoute=told)
    net.addHost("h2", ips=["10.0.1.8/24"])
    net.addLink("h1", "h2")
    net.build()
    shown = [f"via {route.via}" + (f" metric {route.metric}" if route.metric else "") for route in net.routes]
    assert shown == told
    net["h1"].setDefaultRoute("via 10.0.1.4")  # in the place of those of its family
    assert [route.via for route in net.routes] == ["2001:db8::1", "2001:db8::2", "10.0.1.4"]


@pytest.mark.parametrize(
    ("verb", "error", "sentence"),
    [
        (lambda net: net.delVrf("r1", "rde"), UnknownInterfaceError, "no VRF rde; it has: red"),
        (lambda net: net.delVrf("r1", "lan0.10"), UnknownInterfaceError, "no VRF lan0.10"),
        (lambda net: net.delVlan("r1", "red"), UnknownInterfaceError, r"no VLAN red; it has: lan0\.10"),
        (lambda net: net.delDevice("r1", "lan0"), UnknownInterfaceError, "no device lan0"),
        (lambda net: net.addVrf("r1", "lan0"), TopologyError, "two interfaces named lan0"),
        (lambda net: net.addVlan("r1", "lan0", 10), TopologyError, r"two interfaces named lan0\.10"),
        (lambda net: net.addVlan("r9", "lan0", 10), UnknownNodeError, "r9"),
        (lambda net: net.delMplsRoute("r1", 101), TopologyError, "Node r1 has no path for label 101"),
    ],
)
def test_mistakes_have_their_sentences(
    net: Network, verb: Callable[[Network], Any], error: type[Exception], sentence: str
) -> None:
    before = net.topology()
    with pytest.raises(error, match=sentence):
        verb(net)
    assert net.topology() == before
