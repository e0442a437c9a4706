"""Topologies that pictures are tested with: the shapes that labs have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from raslab.model.topology import Topology
from raslab.net import Network, Topo
from topologies.enterprise_edge import EnterpriseEdge
from topologies.gre_performance import GrePerformance
from topologies.gre_virtual_to_physical import GreVirtualToPhysical
from topologies.l3_over_vlan import L3OverVlan
from topologies.third_party_edge import ThirdPartyEdge


class HubAndSpokes(Topo):
    """A head office and three branches; the third one's tunnel has another key on each side."""

    def build(self) -> None:
        self.addSwitch("internet")
        self.addSwitch("hq-lan")
        self.addRouter("hq")
        self.addHost("files", ip="10.0.0.5/24")
        self.addLink("files", "hq-lan")
        self.addLink("hq", "hq-lan", params1={"name": "lan0", "ips": ["10.0.0.1/24"]})
        self.addLink("hq", "internet", rate_mbps=100, params1={"name": "wan0", "ips": ["198.51.100.1/24"]})
        for number in (1, 2, 3):
            self._add_branch(number, key=100 + number, key_over_there=999 if number == 3 else 100 + number)

    def _add_branch(self, number: int, key: int, key_over_there: int) -> None:
        branch, outer = f"branch{number}", f"198.51.100.1{number}"
        self.addRouter(branch)
        self.addHost(f"pc{number}", ip=f"10.0.{number}.5/24")
        self.addLink(branch, f"pc{number}", params1={"name": "lan0", "ips": [f"10.0.{number}.1/24"]})
        wire: dict[str, Any] = {"rate_mbps": 20, "delay_ms": 15, "jitter_ms": 2, "loss_percent": 0.5}
        self.addLink(branch, "internet", params1={"name": "wan0", "ips": [f"{outer}/24"]}, **wire)
        self.addTunnel("hq", f"gre{number}", local="198.51.100.1", remote=outer, key=key, ips=[f"10.255.{number}.1/30"])
        self.addTunnel(
            branch, "gre1", local=outer, remote="198.51.100.1", key=key_over_there, ips=[f"10.255.{number}.2/30"]
        )


class SharedEndpoints(Topo):
    """Gateways joined by one wire with a different rate each way, and three tunnels told apart by key."""

    def build(self) -> None:
        for number in (1, 2):
            self.addRouter(f"gw{number}")
            self.addHost(f"host{number}", ip=f"10.{number}.0.1/24")
            self.addLink(f"host{number}", f"gw{number}", params2={"ips": [f"10.{number}.0.254/24"]})
        sides: list[dict[str, Any]] = [
            {"ips": [f"192.0.2.{number}/24"], "rate_mbps": rate} for number, rate in ((1, 100), (2, 10))
        ]
        self.addLink("gw1", "gw2", mtu=9000, params1=sides[0], params2=sides[1])
        for key in (1, 2, 3):
            for here, there in ((1, 2), (2, 1)):
                self.addTunnel(
                    f"gw{here}",
                    f"gre{key}",
                    local=f"192.0.2.{here}",
                    remote=f"192.0.2.{there}",
                    key=key,
                    ips=[f"10.255.{key}.{here}/30"],
                )


class Star(Topo):
    """Hosts on one switch."""

    def build(self, hosts: int = 3) -> None:
        self.addSwitch("s1")
        for number in range(1, hosts + 1):
            self.addHost(f"h{number}")
            self.addLink(f"h{number}", "s1", rate_mbps=10)


class Chain(Topo):
    """Three switches in a row, with a host each."""

    def build(self) -> None:
        for number in (1, 2, 3):
            self.addSwitch(f"s{number}")
            self.addHost(f"h{number}")
            self.addLink(f"h{number}", f"s{number}")
        self.addLink("s1", "s2")
        self.addLink("s2", "s3")


class Pair(Topo):
    """Two hosts and a wire."""

    def build(self) -> None:
        self.addHost("a")
        self.addHost("b")
        self.addLink("a", "b", delay_ms=10)


class Clusters(Topo):
    """Two gateways and two providers per site."""

    def build(self) -> None:
        for provider in ("isp-a", "isp-b"):
            self.addSwitch(provider)
        for site in (1, 2):
            self.addSwitch(f"lan{site}")
            self.addHost(f"host{site}", ip=f"10.{site}.0.10/24")
            self.addLink(f"host{site}", f"lan{site}")
            for number, letter, prefix in ((1, "a", "192.0.2"), (2, "b", "198.51.100")):
                gateway = f"gw{site}{letter}"
                self.addRouter(gateway)
                self.addLink(gateway, f"lan{site}", params1={"name": "lan0", "ips": [f"10.{site}.0.{number}/24"]})
                outside = {"name": "wan0", "ips": [f"{prefix}.{site}/24"]}
                self.addLink(gateway, f"isp-{letter}", rate_mbps=100, delay_ms=5, params1=outside)
                self.addTunnel(
                    gateway,
                    "gre1",
                    local=f"{prefix}.{site}",
                    remote=f"{prefix}.{3 - site}",
                    key=number,
                    ips=[f"10.255.{number}.{site}/30"],
                )


class Multitenant(Topo):
    """One gateway for three tenants, each with a network here and a site elsewhere."""

    def build(self) -> None:
        self.tenants: dict[str, str] = {}
        self.addSwitch("internet")
        self.addRouter("gw")
        self.addLink("gw", "internet", rate_mbps=1000, params1={"name": "wan0", "ips": ["198.51.100.1/24"]})
        for number, tenant in enumerate(("contoso", "fabrikam", "litware"), 1):
            self._add_tenant(number, tenant, outer=f"198.51.100.1{number}")

    def _add_tenant(self, number: int, tenant: str, outer: str) -> None:
        lan, vm, site, pc = (f"{tenant}-{what}" for what in ("net", "vm", "hq", "pc"))
        self.addSwitch(lan)
        self.addHost(vm, ip=f"10.0.{number}.10/24")
        self.addLink(vm, lan)
        self.addLink("gw", lan, params1={"name": f"vlan{number}", "ips": [f"10.0.{number}.1/24"]})
        self.addRouter(site)
        self.addLink(site, "internet", delay_ms=10, params1={"name": "wan0", "ips": [f"{outer}/24"]})
        self.addHost(pc, ip=f"172.16.{number}.10/24")
        self.addLink(pc, site, params2={"name": "lan0", "ips": [f"172.16.{number}.1/24"]})
        ends = ("gw", f"gre{number}", "198.51.100.1", outer), (site, "gre1", outer, "198.51.100.1")
        for side, (node, name, local, remote) in enumerate(ends, 1):
            inside = [f"10.255.{number}.{side}/30"]
            self.addTunnel(node, name, local=local, remote=remote, key=100 + number, ips=inside)
        self.tenants |= dict.fromkeys((lan, vm, site, pc, f"gw:gre{number}"), tenant)


class Transit(Topo):
    """Two routers between the gateways."""

    def build(self) -> None:
        for router in ("p1", "p2"):
            self.addRouter(router)
        ends: list[dict[str, Any]] = [{"ips": [f"203.0.113.{number}/30"]} for number in (1, 2)]
        self.addLink("p1", "p2", delay_ms=20, params1=ends[0], params2=ends[1])
        outer = {1: "192.0.2.5", 2: "192.0.2.9"}
        for here, there, provider in ((1, 2, "192.0.2.6/30"), (2, 1, "192.0.2.10/30")):
            gateway = f"gw{here}"
            self.addRouter(gateway)
            self.addHost(f"h{here}", ip=f"10.{here}.0.2/24")
            self.addLink(f"h{here}", gateway, params2={"ips": [f"10.{here}.0.1/24"]})
            outside: dict[str, Any] = {"params1": {"ips": [f"{outer[here]}/30"]}, "params2": {"ips": [provider]}}
            self.addLink(gateway, f"p{here}", rate_mbps=50, **outside)
            self.addTunnel(gateway, "gre1", local=outer[here], remote=outer[there], ips=[f"10.255.0.{here}/30"])


class SwitchedVlans(Topo):
    """A router on a trunk, two switches with another trunk between them, and hosts in VLANs with equal addresses."""

    def build(self) -> None:
        self.addRouter("r1", ip=None)
        for switch in ("s1", "s2"):
            self.addSwitch(switch)
        self.addLink("r1", "s1", rate_mbps=1000, delay_ms=1, params1={"name": "up0"}, vlans=(10, 20))
        self.addLink("s1", "s2", vlans=range(10, 80, 10), untagged_vlan=5)
        for vlan in (10, 20):
            self.addVlan("r1", "up0", vlan, ips=[f"10.0.{vlan}.254/24"])
            self.addLink(self.addHost(f"h{vlan}", ip="10.0.0.1/24"), "s2", untagged_vlan=vlan)


class OneRouter(Topo):
    """Three networks around a router."""

    def build(self) -> None:
        self.addRouter("r1")
        for number in (1, 2, 3):
            self.addHost(f"h{number}", ip=f"10.0.{number}.10/24")
            self.addLink("r1", f"h{number}", params1={"ips": [f"10.0.{number}.1/24"]})


TENANTS: dict[str, dict[str, str]] = {"multitenant": Multitenant().tenants}
TENANTS |= {"two-gateways": GreVirtualToPhysical().tenants, "vlans": L3OverVlan().tenants}
TENANTS["hub-and-spokes"] = {
    "branch1": "contoso",
    "pc1": "contoso",
    "hq:gre1": "contoso",
    "branch2": "fabrikam",
    "pc2": "fabrikam",
    "hq:gre2": "fabrikam",
}

_SAMPLES: dict[str, Callable[[], Any]] = {
    "gre-performance": lambda: GrePerformance(rate_mbps=10_000, delay_ms=0.2),
    "gre-over-ipv6": lambda: GrePerformance(path="gre-over-ipv6", mtu=9000),
    "routed": lambda: GrePerformance(path="routed"),
    "enterprise-edge": EnterpriseEdge,
    "third-party-edge": ThirdPartyEdge,
    "three-branches": lambda: EnterpriseEdge(branches=3),
    "hub-and-spokes": HubAndSpokes,
    "shared-endpoints": SharedEndpoints,
    "clusters": Clusters,
    "multitenant": Multitenant,
    "two-gateways": GreVirtualToPhysical,
    "vlans": L3OverVlan,
    "switched-vlans": SwitchedVlans,
    "transit": Transit,
    "one-router": OneRouter,
    "star": Star,
    "big-star": lambda: Star(hosts=100),
    "chain": Chain,
    "pair": Pair,
}
SAMPLES = tuple(_SAMPLES)


def sample(name: str) -> Topology:
    """The topology of that name, as model data."""
    topology: Topology = Network(_SAMPLES[name]()).topology()
    return topology
