"""Who is who is found out from the topology."""

from __future__ import annotations

import pytest

from raslab.measure.isolation import Home, Parties, TunnelEnd, find_parties
from raslab.net import Network, Topo
from topologies.two_tenants import TwoTenants

GATEWAY, SITES = "203.0.113.1", {"red": "203.0.113.11", "blue": "203.0.113.12"}


class Datacentre(Topo):
    """Two tenants with a host each on gw and a site each behind a tunnel; a server that both of them are linked to."""

    def build(self, shared: bool = False) -> None:
        self.addRouter("gw")
        self.addSwitch("wire")
        self.addHost("x")
        self.addLink("gw", "wire", params1={"name": "wan", "ips": [f"{GATEWAY}/24"]})
        self.addLink("x", "wire", params1={"name": "eth0", "ips": ["203.0.113.99/24"]})
        for number, (name, address) in enumerate(SITES.items(), start=1):
            self.addVrf("gw", f"vrf-{name}")
            self.addHost(f"{name}-vm")
            self._link(f"{name}-vm", "gw", f"{name}0", f"vrf-{name}", "10.0.0")
            self.addRouter(f"{name}-site")
            self.addHost(f"{name}-pc")
            self._link(f"{name}-pc", f"{name}-site", "lan0", None, "10.0.1")
            self.addLink(f"{name}-site", "wire", params1={"name": "wan", "ips": [f"{address}/24"]})
            self.addTunnel("gw", f"gre-{name}", local=GATEWAY, remote=address, key=number, master=f"vrf-{name}")
            self.addTunnel(f"{name}-site", "gate", local=address, remote=GATEWAY, key=number, ips=["10.9.0.2/30"])
        if shared:
            self.addHost("server")
            for name in SITES:
                self._link("server", "gw", f"{name}1", f"vrf-{name}", "10.0.2")

    def _link(self, host: str, router: str, interface: str, master: str | None, prefix: str) -> None:
        ends = {"ips": [f"{prefix}.1/24"]}, {"name": interface, "ips": [f"{prefix}.254/24"], "master": master}
        self.addLink(host, router, params1=ends[0], params2=ends[1])


def parties(topo: Topo, *gateways: str, **names: str) -> Parties:
    return find_parties(Network(topo).topology(), gateways, names)


def test_what_is_behind_a_vrf_belongs_to_one_tenant() -> None:
    found = parties(Datacentre(), "gw")
    red, blue = found.tenants
    assert (red.name, set(red.nodes)) == ("vrf-red", {"red-vm", "red-site", "red-pc"})
    assert set(blue.nodes) == {"blue-vm", "blue-site", "blue-pc"}
    assert set(red.interfaces) == {("gw", "red0"), ("gw", "gre-red"), ("gw", "vrf-red")}
    assert red.outside == (("red-site", "wan"),)
    assert red.tunnels == (TunnelEnd("gre", GATEWAY, SITES["red"], 1, "red-site"),)
    assert Home("10.0.0.254", "gw") in red.homes
    assert Home("10.9.0.2", "red-site", routed=False) in red.homes
    assert SITES["red"] not in red.addresses
    assert red.addresses == blue.addresses
    assert (found.underlay, found.strangers) == ((GATEWAY,), ("x",))


def test_a_node_that_two_vrfs_lead_to_is_nobodys() -> None:
    found = parties(Datacentre(shared=True), "gw")
    assert not any("server" in one.nodes for one in found.tenants)
    assert found.strangers == ("x",)
    assert {len(one.nodes) for one in found.tenants} == {3}


def test_names_may_be_others_than_those_of_the_vrfs() -> None:
    found = find_parties(Network(Datacentre()).topology(), ["gw"], {"vrf-red": "Red", "vrf-blue": "Blue"})
    assert [one.name for one in found.tenants] == ["Red", "Blue"]


def test_without_vrfs_there_is_no_tenant() -> None:
    assert parties(TwoTenants(), "csp").tenants == ()


@pytest.mark.parametrize(
    "place", [("red-site", "lan0"), ("gw", "gre-red"), ("gw", "vrf-red"), ("red-vm", "red-vm-eth0")]
)
def test_what_a_tenant_owns(place: tuple[str, str]) -> None:
    red, blue = parties(Datacentre(), "gw").tenants
    assert red.owns(place)
    assert not blue.owns(place)
    assert not red.owns(("red-site", "wan"))
    assert not red.owns(("gw", "wan"))


class Racks(Topo):
    """Two tenants whose servers are on one switch, each with a VLAN tag of its own."""

    def build(self) -> None:
        self.addRouter("gw")
        self.addSwitch("rack")
        self.addLink("gw", "rack", params1={"name": "trunk"})
        for number, name in ((10, "red"), (20, "blue")):
            self.addVrf("gw", name)
            self.addVlan("gw", "trunk", number, ips=["10.0.0.254/24"], master=name)
            self.addHost(name + "-srv", ips=[])
            self.addLink(name + "-srv", "rack", params1={"name": "eth0"})
            self.addVlan(name + "-srv", "eth0", number, ips=["10.0.0.1/24"])


def test_vlans_lead_to_the_nodes_with_the_same_tag() -> None:
    found = parties(Racks(), "gw")
    assert [(one.name, one.nodes) for one in found.tenants] == [("red", ("red-srv",)), ("blue", ("blue-srv",))]
    assert found.strangers == ()


class Ports(Topo):
    """Two tenants whose servers know of no VLANs: their ports are in them, behind a switch that passes every tag and a
    trunk between two that do not. `own` is the VLAN of Blue's port.
    """

    def build(self, own: int = 20) -> None:
        self.addRouter("gw")
        for switch in ("core", "rack1", "rack2"):
            self.addSwitch(switch)
        self.addLink("gw", "core", params1={"name": "trunk"})
        self.addLink("core", "rack1", params2={"vlans": (10, 20)})
        self.addLink("rack1", "rack2", vlans=20, untagged_vlan=10)
        for number, name, vlan in ((10, "red", 10), (20, "blue", own)):
            self.addVrf("gw", name)
            self.addVlan("gw", "trunk", number, ips=["10.0.0.254/24"], master=name)
            self.addLink(self.addHost(name + "-srv", ips=[f"10.0.0.{number}/24"]), "rack2", untagged_vlan=vlan)
        self.addLink(self.addHost("other", ips=["10.0.0.1/24"]), "rack1")


def test_vlans_of_ports_lead_to_the_nodes_behind_them() -> None:
    found = parties(Ports(), "gw")
    assert [(one.name, one.nodes) for one in found.tenants] == [("red", ("red-srv",)), ("blue", ("blue-srv",))]
    assert found.strangers == ()
    mixed_up = parties(Ports(own=10), "gw")
    assert [(one.name, one.nodes) for one in mixed_up.tenants] == [("red", ("blue-srv", "red-srv")), ("blue", ())]


class TwoGateways(Topo):
    """The tenants' hosts are on two gateways, of which only gw1 has VRFs so far. Both are on the provider's network."""

    def build(self) -> None:
        self.addRouter("core", ips=[])
        for gateway in ("gw1", "gw2"):
            self.addRouter(gateway, ips=[])
            self.addLink(gateway, "core")
        for name in ("red", "blue"):
            self.addVrf("gw1", name)
            self.addSwitch(f"{name}-net")
            self.addHost(f"{name}-vm", ips=[])
            self.addLink(f"{name}-vm", f"{name}-net")
            self.addLink("gw1", f"{name}-net", params1={"name": name + "0", "master": name})
            self.addLink("gw2", f"{name}-net", params1={"name": name + "0"})


def test_what_joins_tenants_takes_nothing_else_from_them() -> None:
    found = parties(TwoGateways(), "gw1")
    red, blue = found.tenants
    assert found.strangers == ("core",)
    assert set(red.nodes) == {"red-net", "red-vm"}
    assert set(blue.nodes) == {"blue-net", "blue-vm"}


def test_what_the_topology_cannot_tell_is_said() -> None:
    topology = Network(Datacentre()).topology()
    found = find_parties(topology, ["gw"], known={"x": "vrf-blue"}, published={"vrf-red": ["203.0.113.1-203.0.113.9"]})
    red, blue = found.tenants
    assert "x" in blue.nodes
    assert "x" not in red.nodes
    assert (found.underlay, found.strangers) == ((), ())


def test_what_is_known_of_a_shared_node_settles_it() -> None:
    topology = Network(Datacentre(shared=True)).topology()
    red, blue = find_parties(topology, ["gw"], known={"server": "vrf-red"}).tenants
    assert "server" in red.nodes
    assert "server" not in blue.nodes
