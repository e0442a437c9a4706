"""Topologies that pictures are tested with: the shapes that labs have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from raslab.model.topology import Topology
from raslab.net import Network, Topo
from topologies.gre_performance import GrePerformance


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


class Empty(Topo):
    """Nothing."""


TENANTS = {
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
    "hub-and-spokes": HubAndSpokes,
    "shared-endpoints": SharedEndpoints,
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
