"""Frames of a node's state, against what the `ip` program says about the same node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from raslab.errors import NoSuchPlaceError, NoSuchSettingError, UnknownInterfaceError
from raslab.measure.observable import ObservableNetwork
from raslab.measure.places import find_interface, find_link, link_name
from raslab.notebook.picture.overlay import overlays
from topologies.gre_performance import GrePerformance

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "netem")]


@pytest.fixture(params=["gre-key", "gre-over-ipv6"])
def network(request: pytest.FixtureRequest) -> Iterator[ObservableNetwork]:
    with ObservableNetwork(GrePerformance(path=request.param, rate_mbps=100)) as running:
        yield running


def ip(node: Any, *words: str) -> list[dict[str, Any]]:
    """What `ip -json` says."""
    found: list[dict[str, Any]] = json.loads(node.run(["ip", "-json", "-details", *words]).stdout)
    return found


def test_addresses(network: ObservableNetwork) -> None:
    gateway = network["gw1"]
    said = {
        (link["ifname"], f"{one['local']}/{one['prefixlen']}")
        for link in ip(gateway, "address")
        for one in link.get("addr_info", [])
        if link["ifname"] != "lo"
    }
    frame = gateway.addresses(link_local=True)
    assert set(zip(frame["interface"], frame["address"], strict=True)) == said
    assert not gateway.addresses()["address"].str.startswith("fe80").any()
    network.addAddress("gw1", "lan0", "10.99.0.1/24")
    assert "10.99.0.1/24" in set(gateway.addresses()["address"])


def test_routes(network: ObservableNetwork) -> None:
    gateway = network["gw1"]
    said = {
        (one["dst"], one.get("gateway", ""), one["dev"])
        for family in ("-4", "-6")
        for one in ip(gateway, family, "route")
        if one["dst"] != "multicast"
    }
    frame = gateway.routes(link_local=True)
    assert set(zip(frame["destination"], frame["via"], frame["interface"], strict=True)) == said
    assert ("10.2.0.0/24", "10.255.0.2") in set(zip(frame["destination"], frame["via"], strict=True))
    host = network["host1"].routes()
    assert list(host["destination"]) == ["0.0.0.0/0", "10.1.0.0/24", "::/0", "2001:db8:1::/64"]
    network.delRoute("gw1", "10.2.0.0/24")
    assert "10.2.0.0/24" not in set(gateway.routes()["destination"])


def test_routes_of_a_vrf(network: ObservableNetwork) -> None:
    gateway = network["gw1"]
    network.addVrf("gw1", "red", 1001, ips=["10.9.9.9/32"])
    network.addVlan("gw1", "lan0", 10, ips=["10.99.0.1/24"], master="red")
    network.addRoute("gw1", "10.98.0.0/16", via="10.99.0.9", vrf="red")
    frame = gateway.routes(vrf="red")
    assert list(zip(frame["destination"], frame["interface"], strict=True)) == [
        ("10.98.0.0/16", "lan0.10"),
        ("10.99.0.0/24", "lan0.10"),
    ]
    assert "10.98.0.0/16" not in set(gateway.routes()["destination"])
    kinds = gateway.interfaces().set_index("interface")["kind"]
    assert (kinds["red"], kinds["lan0.10"]) == ("vrf", "vlan")
    with pytest.raises(UnknownInterfaceError, match="has no VRF blue"):
        gateway.routes(vrf="blue")


def test_a_learnt_path_mtu_is_no_route(network: ObservableNetwork) -> None:
    before = network["gw1"].routes()
    network["gw1"].run(["ping", "-c1", "-W1", "-s", "1600", "-M", "dont", "10.2.0.1"])
    assert network["gw1"].routes().equals(before)


def test_neighbours_appear_when_spoken_to(network: ObservableNetwork) -> None:
    host = network["host1"]
    assert "10.1.0.254" not in set(host.neighbours()["address"])
    host.run(["ping", "-c1", "-W2", "10.1.0.254"])
    known = dict(zip(host.neighbours()["address"], host.neighbours()["mac"], strict=True))
    assert known["10.1.0.254"] == network["gw1"].intf("lan0").MAC()


def test_tunnels_and_the_mtu_that_pictures_foretell(network: ObservableNetwork) -> None:
    (row,) = network["gw1"].tunnels().to_dict("records")
    (described,) = (tunnel for tunnel in network.topology().tunnels if tunnel.node == "gw1")
    assert (row["local"], row["remote"], row["ttl"]) == (described.local, described.remote, described.ttl)
    assert (row["key"] if described.key else None) == described.key
    assert {one.inner_mtu for one in overlays(network.topology())} == {row["mtu"]}
    assert network["host1"].tunnels().empty


def test_interfaces_without_the_kernels_own(network: ObservableNetwork) -> None:
    frame = network["gw1"].interfaces()
    assert list(frame["interface"]) == ["lo", "lan0", "wan0", "gre1"]
    assert set(frame["state"]) == {"up"}
    network.linksBetween(network["gw1"], network["transport"])[0].down()
    states = network["gw1"].interfaces().set_index("interface")["state"]
    assert states["wan0"] == "down"
    assert states["lan0"] == "up"


def test_settings_are_the_nodes_own(network: ObservableNetwork) -> None:
    forwarding = "net.ipv4.ip_forward"
    assert list(network["gw1"].sysctl(forwarding)["value"]) == ["1"]
    assert list(network["host1"].sysctl(forwarding)["value"]) == ["0"]
    assert "net.ipv4.conf.lan0.rp_filter" in set(network["gw1"].sysctl("net.ipv4.conf.*.rp_filter")["setting"])
    with pytest.raises(NoSuchSettingError, match=r"Node gw1 has no kernel setting net\.nonsense"):
        network["gw1"].sysctl("net.nonsense")


def test_counters_count(network: ObservableNetwork) -> None:
    gateway = network["gw1"]
    before = gateway.counters().set_index("interface")["tx_packets"]
    network["host1"].run(["ping", "-c3", "-i0.01", "-W2", "10.2.0.1"])
    after = gateway.counters().set_index("interface")["tx_packets"]
    assert list(after.index) == ["lan0", "wan0", "gre1"]
    assert after["gre1"] - before["gre1"] >= 3


def test_frames_say_how_to_ask_by_hand(network: ObservableNetwork) -> None:
    assert network["gw1"].tunnels().attrs["commands"] == ["ip -n gw1 -d link show"]


def test_a_command_may_be_one_line(network: ObservableNetwork) -> None:
    gateway = network["gw1"]
    assert gateway.run("ip -br address show dev lan0") == gateway.run(["ip", "-br", "address", "show", "dev", "lan0"])
    assert gateway.run("printf '%s|' 'a b' c").stdout == "a b|c|"
    failed = gateway.run("sh -c 'echo out; echo err >&2; exit 3'")
    assert failed.text == "out\nerr\nexit status 3"


def test_nodes_keep_the_names_of_their_kinds(network: ObservableNetwork) -> None:
    assert repr(network["gw1"]).startswith("<Router gw1: ")
    assert repr(network["host1"]).startswith("<Host host1: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gw1:wan0", "gw1:wan0"),
        ("gw2 gre1", "gw2:gre1"),
        ("gw2-transport", "gw2:wan0"),
        ("transport-gw2", "transport:to-gw2"),
        ("wan", "gw1:wan0"),
    ],
)
def test_places(network: ObservableNetwork, text: str, expected: str) -> None:
    found = find_interface(network, text)
    assert f"{found.node.name}:{found.name}" == expected


@pytest.mark.parametrize("text", ["lan0", "gre", "wan7", "gw1:lan7", "gw1-gw2", ""])
def test_places_that_are_none_or_many(network: ObservableNetwork, text: str) -> None:
    with pytest.raises(NoSuchPlaceError, match="gw1:"):
        find_interface(network, text)


def test_links_have_names(network: ObservableNetwork) -> None:
    assert [find_link(network, link_name(link)) for link in network.links] == list(network.links)
    with pytest.raises(NoSuchPlaceError, match="no wire of its own"):
        find_link(network, "gw1:gre1")
