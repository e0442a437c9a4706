"""Two tenants with equal addresses on one gateway, kept apart by VRFs: what leaks are planted into."""

from __future__ import annotations

from raslab.measure.isolation import Home, Tenant, TunnelEnd
from raslab.net import Network, Topo

GATEWAY_WAN, EDGE_WAN, STRANGER_WAN = "203.0.113.1", "198.51.100.30", "198.51.100.99"
SITE_WAN = {"a": "198.51.100.10", "b": "198.51.100.20"}
SITE_KEYS = {"a": 1001, "b": 1002}
EDGE_KEYS = {"a": 2001, "b": 2002}
TABLES = {"a": 1001, "b": 1002}
NAMES = {"a": "Contoso", "b": "Fabrikam"}
ONLY = {"a": ("10.0.3.1", "fd00:0:0:3::1"), "b": ("10.0.4.1", "fd00:0:0:4::1")}
"""Addresses that only one of them has."""


class TwoTenants(Topo):
    """Four hosts of each tenant t, all but t3 with the same addresses as those of the other.

    t1 and t3 are on the gateway. t2 is behind its site's router ts, to which a GRE tunnel leads. t4 is behind the
    provider's edge pe, and between gw and pe there are two tunnels with equal ends: only their keys differ.
    """

    def build(self) -> None:
        self.addRouter("gw")
        self.addRouter("isp")
        self.addRouter("pe")
        self.addHost("x", defaultRoute="via 198.51.100.254")
        self.addSwitch("ix")
        self.addLink("isp", "ix", params1={"name": "sites", "ips": ["198.51.100.254/24"]})
        self.addLink("x", "ix", params1={"name": "eth0", "ips": [f"{STRANGER_WAN}/24"]})
        self.addLink("pe", "ix", params1={"name": "wan0", "ips": [f"{EDGE_WAN}/24"]})
        self.addRoute("pe", "default", via="198.51.100.254")
        self.addLink(
            "gw",
            "isp",
            params1={"name": "wan0", "ips": [f"{GATEWAY_WAN}/24"]},
            params2={"name": "gw", "ips": ["203.0.113.254/24"]},
            rate_mbps=100,
            delay_ms=1,
        )
        self.addRoute("gw", "default", via="203.0.113.254")
        for tenant in NAMES:
            for node in ("gw", "pe"):
                self.addVrf(node, f"vrf-{tenant}", TABLES[tenant])
            vrf = f"vrf-{tenant}"
            self._add_lan("gw", f"{tenant}-lan", f"{tenant}1", "10.0.1.1", "fd00:0:0:1::1", vrf)
            self._add_lan("gw", f"{tenant}-own", f"{tenant}3", *ONLY[tenant], vrf)
            self.addRouter(f"{tenant}s")
            self.addLink(f"{tenant}s", "ix", params1={"name": "wan0", "ips": [f"{SITE_WAN[tenant]}/24"]})
            self.addRoute(f"{tenant}s", "default", via="198.51.100.254")
            self._add_lan(f"{tenant}s", "lan0", f"{tenant}2", "10.0.2.1", "fd00:0:0:2::1")
            self._add_lan("pe", f"{tenant}-lan", f"{tenant}4", "10.0.5.1", "fd00:0:0:5::1", vrf)
            self._add_tunnel(f"site-{tenant}", f"{tenant}s", SITE_WAN[tenant], SITE_KEYS[tenant], vrf, None)
            self._add_tunnel(f"edge-{tenant}", "pe", EDGE_WAN, EDGE_KEYS[tenant], vrf, vrf)
            for tunnel, number in ((f"site-{tenant}", 2), (f"edge-{tenant}", 5)):
                for prefix in (f"10.0.{number}.0/24", f"fd00:0:0:{number}::/64"):
                    self.addRoute("gw", prefix, dev=tunnel, vrf=vrf)
            for prefix in ("10.0.0.0/8", "fd00::/16"):
                self.addRoute(f"{tenant}s", prefix, dev=f"site-{tenant}")
                self.addRoute("pe", prefix, dev=f"edge-{tenant}", vrf=vrf)

    def _add_lan(self, router: str, interface: str, host: str, four: str, six: str, master: str | None = None) -> None:
        near = [f"{four.rpartition('.')[0]}.254/24", f"{six.rpartition(':')[0]}:fe/64"]
        self.addHost(host, defaultRoute=[f"via {one.partition('/')[0]}" for one in near])
        self.addLink(
            host,
            router,
            params1={"name": "eth0", "ips": [f"{four}/24", f"{six}/64"]},
            params2={"name": interface, "ips": near, "master": master},
        )

    def _add_tunnel(self, name: str, far: str, address: str, key: int, here: str, there: str | None) -> None:
        self.addTunnel("gw", name, local=GATEWAY_WAN, remote=address, key=key, master=here)
        self.addTunnel(far, name, local=address, remote=GATEWAY_WAN, key=key, master=there)


def typed(network: Network, node: str, *lines: str) -> None:
    """Commands on a node."""
    for line in lines:
        done = network[node].run(line)
        assert done.status == 0, f"{line}: {done.stderr}"


def tenants() -> list[Tenant]:
    """Who has what."""
    return [
        Tenant(
            NAMES[one],
            nodes=(f"{one}1", f"{one}2", f"{one}3", f"{one}4", f"{one}s"),
            interfaces=(
                *(("gw", name) for name in (f"vrf-{one}", f"{one}-lan", f"{one}-own", f"site-{one}", f"edge-{one}")),
                *(("pe", name) for name in (f"vrf-{one}", f"{one}-lan", f"edge-{one}")),
            ),
            homes=(
                *(Home(address, f"{one}1") for address in ("10.0.1.1", "fd00:0:0:1::1")),
                *(Home(address, f"{one}2") for address in ("10.0.2.1", "fd00:0:0:2::1")),
                *(Home(address, f"{one}3") for address in ONLY[one]),
                *(Home(address, f"{one}4") for address in ("10.0.5.1", "fd00:0:0:5::1")),
                *(Home(address, "gw") for address in ("10.0.1.254", "fd00:0:0:1::fe")),
            ),
            outside=((f"{one}s", "wan0"),),
            tunnels=(
                TunnelEnd("gre", GATEWAY_WAN, SITE_WAN[one], SITE_KEYS[one], f"{one}s"),
                TunnelEnd("gre", GATEWAY_WAN, EDGE_WAN, EDGE_KEYS[one]),
                TunnelEnd("gre", EDGE_WAN, GATEWAY_WAN, EDGE_KEYS[one]),
            ),
        )
        for one in NAMES
    ]
