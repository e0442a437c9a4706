"""Up to four tenants on one gateway whose addresses and keys change while it runs: for tenants that are generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from raslab.measure.isolation import Home, Tenant, TunnelEnd
from raslab.model.topology import Route
from raslab.net import Network, Topo

MOST = 4
GATEWAY_WAN, STRANGER_WAN = "203.0.113.1", "203.0.113.99"
"""On one wire with all sites: no stranger could be nearer."""


@dataclass(frozen=True)
class Part:
    """What one tenant has: a prefix of each IP version for its LAN on the gateway, one for its site, and a key."""

    near: tuple[str, str]
    far: tuple[str, str]
    key: int


class Crowd(Topo):
    """Of tenant n: host tna on the gateway, and tnb behind its site's router tns, to which a GRE tunnel leads."""

    def build(self) -> None:
        self.addRouter("gw")
        self.addHost("x")
        self.addSwitch("wire")
        self.addLink("gw", "wire", params1={"name": "wan0", "ips": [f"{GATEWAY_WAN}/24"]})
        self.addLink("x", "wire", params1={"name": "eth0", "ips": [f"{STRANGER_WAN}/24"]})
        for n in range(1, MOST + 1):
            self.addHost(f"t{n}a", ips=[])
            self.addHost(f"t{n}b", ips=[])
            self.addRouter(f"t{n}s")
            self.addVrf("gw", f"vrf{n}")
            self.addLink(f"t{n}a", "gw", params1={"name": "eth0"}, params2={"name": f"lan{n}", "master": f"vrf{n}"})
            self.addLink(f"t{n}b", f"t{n}s", params1={"name": "eth0"}, params2={"name": "lan0"})
            self.addLink(f"t{n}s", "wire", params1={"name": "wan0", "ips": [f"{site_wan(n)}/24"]})
            self.addTunnel("gw", f"site{n}", local=GATEWAY_WAN, remote=site_wan(n), key=n, master=f"vrf{n}")
            self.addTunnel(f"t{n}s", "gate", local=site_wan(n), remote=GATEWAY_WAN, key=n)


def site_wan(n: int) -> str:
    """The address of a tenant's site."""
    return f"203.0.113.{10 + n}"


def give(network: Network, parts: Sequence[Part]) -> list[Tenant]:
    """Give the first tenants their addresses and keys in place of what they had, and tell who has what."""
    with network.changing():
        network.routes.clear()
        for n, part in enumerate(parts, start=1):
            _lan(network, f"t{n}a", "gw", f"lan{n}", part.near)
            _lan(network, f"t{n}b", f"t{n}s", "lan0", part.far)
            for node, tunnel in (("gw", f"site{n}"), (f"t{n}s", "gate")):
                network[node].intf(tunnel).change(key=part.key)
            network[f"t{n}s"].intf("gate").change(up=True)
            network.routes += [Route("gw", prefix, dev=f"site{n}", vrf=f"vrf{n}") for prefix in part.far]
            network.routes += [Route(f"t{n}s", prefix, dev="gate") for prefix in part.near]
        # A site that is nobody's takes nothing out of tunnels: it would send on what strangers wrap for it.
        for n in range(len(parts) + 1, MOST + 1):
            network[f"t{n}s"].intf("gate").change(up=False)
    return [_tenant(n, part) for n, part in enumerate(parts, start=1)]


def _lan(network: Network, host: str, router: str, interface: str, prefixes: tuple[str, str]) -> None:
    """A host and the router's interface, which is number 2 of each prefix."""
    network[host].intf("eth0").change(
        addresses=tuple(f"{_address(one, 1)}/{one.partition('/')[2]}" for one in prefixes)
    )
    own = tuple(f"{_address(one, 2)}/{one.partition('/')[2]}" for one in prefixes)
    network[router].intf(interface).change(addresses=own)
    network.routes += [Route(host, "default", via=_address(one, 2)) for one in prefixes]


def _address(prefix: str, number: int) -> str:
    return str(ip_network(prefix)[number])


def _tenant(n: int, part: Part) -> Tenant:
    return Tenant(
        f"tenant {n}",
        nodes=(f"t{n}a", f"t{n}b", f"t{n}s"),
        interfaces=tuple(("gw", name) for name in (f"vrf{n}", f"lan{n}", f"site{n}")),
        homes=(
            *(Home(_address(one, 1), f"t{n}a") for one in part.near),
            *(Home(_address(one, 1), f"t{n}b") for one in part.far),
            *(Home(_address(one, 2), "gw") for one in part.near),
        ),
        outside=((f"t{n}s", "wan0"),),
        tunnels=(TunnelEnd("gre", GATEWAY_WAN, site_wan(n), part.key, f"t{n}s"),),
    )
