"""The GRE performance bed: two intranets joined by two gateways over a transport network (scenario S20).

    host1 -- intranet1 -- gw1 -- transport -- gw2 -- intranet2 -- host2
                           `====== tunnel ======'

Try it with `mn --custom topologies/gre_performance.py --topo gre_performance,path=gre --test pingall`.
"""

from __future__ import annotations

from typing import Any

from raslab.errors import TopologyError
from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

PATHS = ("none", "routed", "gre", "gre-key", "gre-key-ipv6-payload", "gre-over-ipv6")
KEY = 1001
TUNNEL = "gre1"

_PREFIX4 = {"intranet1": "10.1.0", "intranet2": "10.2.0", "transport": "192.0.2", "tunnel": "10.255.0"}
_PREFIX6 = {
    "intranet1": "2001:db8:1:",
    "intranet2": "2001:db8:2:",
    "transport": "2001:db8:99:",
    "tunnel": "2001:db8:ff:",
}


class GrePerformance(Topo):
    """Workload hosts host1 and host2, gateways gw1 and gw2, IPv4 and IPv6 everywhere.

    path: one of PATHS, how the gateways reach each other's intranet: not at all with `none`. `gre-key-ipv6-payload` is
    the same network as `gre-key`; its name says what is sent through it.
    mtu: of every link, bytes; the tunnel's follows from it.
    rate_mbps: of every link in both directions, None for unlimited.
    delay_ms: one-way delay of the transport network, half of it on each of its two links.
    """

    def build(
        self, path: str = "gre-key", mtu: int = 1500, rate_mbps: float | None = None, delay_ms: float = 0.0
    ) -> None:
        if path not in PATHS:
            raise TopologyError([f"Path {path} of gre_performance is unknown: choose one of {', '.join(PATHS)}."])
        wire: dict[str, Any] = {"mtu": mtu, "rate_mbps": rate_mbps}
        self.addSwitch("transport")
        for site in (1, 2):
            self._add_site(site, wire)
            self.addLink(
                f"gw{site}",
                "transport",
                delay_ms=delay_ms / 2,
                params1={"name": "wan0", "ips": _addresses("transport", site)},
                params2={"name": f"to-gw{site}"},
                **wire,
            )
        for site, other in ((1, 2), (2, 1)) if path != "none" else ():
            if path != "routed":
                self._add_tunnel(site, other, path)
            self._add_routes(site, other, behind="transport" if path == "routed" else "tunnel")

    def _add_site(self, site: int, wire: dict[str, Any]) -> None:
        host, gateway, intranet = f"host{site}", f"gw{site}", f"intranet{site}"
        own, router = _addresses(intranet, 1), _addresses(intranet, 254)
        self.addSwitch(intranet)
        self.addRouter(gateway)
        self.addHost(host, defaultRoute=[f"via {_bare(address)}" for address in router])
        self.addLink(
            host,
            intranet,
            params1={"name": "lan0", "ips": own},
            params2={"name": f"to-{host}"},
            **wire,
        )
        self.addLink(
            gateway,
            intranet,
            params1={"name": "lan0", "ips": router},
            params2={"name": f"to-{gateway}"},
            **wire,
        )

    def _add_tunnel(self, site: int, other: int, path: str) -> None:
        outer = 1 if path == "gre-over-ipv6" else 0
        self.addTunnel(
            f"gw{site}",
            TUNNEL,
            local=_bare(_addresses("transport", site)[outer]),
            remote=_bare(_addresses("transport", other)[outer]),
            key=KEY if path.startswith("gre-key") else None,
            ips=_addresses("tunnel", site),
        )

    def _add_routes(self, site: int, other: int, behind: str) -> None:
        next_hops = _addresses(behind, other)
        prefixes = (f"{_PREFIX4[f'intranet{other}']}.0/24", f"{_PREFIX6[f'intranet{other}']}:/64")
        for prefix, next_hop in zip(prefixes, next_hops, strict=True):
            self.addRoute(f"gw{site}", prefix, via=_bare(next_hop))


def _addresses(network: str, number: int) -> list[str]:
    """The IPv4 and the IPv6 address with that number on a network, with prefix lengths."""
    return [f"{_PREFIX4[network]}.{number}/24", f"{_PREFIX6[network]}:{number}/64"]


def _bare(address: str) -> str:
    return address.partition("/")[0]


topos = {"gre_performance": GrePerformance}
