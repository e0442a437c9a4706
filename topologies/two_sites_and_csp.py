"""Two sites and a cloud provider, each joined to both others (scenario S5): two paths to everywhere.

    ny -- newyork -- nygw ========================= sfgw -- sanfrancisco -- sf
                         `                         '
                          `======= cspgw ========'
                                     |
                                   cloud
                                     |
                                     vm

The lines between the gateways are leased: a point-to-point link each. What runs over them, GRE tunnels and BGP
or static routes, is up to the gateways; `TUNNELS` has the addresses that the notebooks use.

Try it with `mn --custom topologies/two_sites_and_csp.py --topo two_sites_and_csp --test none`.
"""

from __future__ import annotations

from dataclasses import dataclass

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class Site:
    """One of the three places: its host, its network between host and gateway, its gateway, the first three bytes."""

    host: str
    network: str
    gateway: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Line:
    """A leased line: its gateways, the first three bytes of its addresses, and how long bits travel, ms one way."""

    one: str
    other: str
    prefix: str
    delay_ms: float


SITES = (
    Site("ny", "newyork", "nygw", "10.1.0"),
    Site("vm", "cloud", "cspgw", "10.0.0"),
    Site("sf", "sanfrancisco", "sfgw", "10.2.0"),
)
LINES = (
    Line("nygw", "sfgw", "192.0.2", 20.0),
    Line("nygw", "cspgw", "198.51.100", 10.0),
    Line("cspgw", "sfgw", "203.0.113", 20.0),
)


class TwoSitesAndCsp(Topo):
    """Hosts ny, sf and vm behind gateways nygw, sfgw and cspgw; a leased line between any two gateways.

    Each site is a /24 with host .1 and gateway .254. The gateways' interfaces to the lines are called by the place at
    the far end, as in ``wan-sf``; of a line's two ends the first has .1, the second .2. The gateways know no route
    beyond their own networks.

    rate_mbps: of the lines.
    """

    def build(self, rate_mbps: float = 100.0) -> None:
        for site in SITES:
            self.addSwitch(site.network)
            self.addRouter(site.gateway)
            self.addHost(site.host, defaultRoute=f"via {site.prefix}.254")
            for node, interface, number in ((site.host, "lan0", 1), (site.gateway, "lan0", 254)):
                self.addLink(
                    node,
                    site.network,
                    params1={"name": interface, "ips": [f"{site.prefix}.{number}/24"]},
                    params2={"name": f"to-{node}"},
                )
        for line in LINES:
            self.addLink(
                line.one,
                line.other,
                rate_mbps=rate_mbps,
                delay_ms=line.delay_ms,
                params1={"name": _towards(line.other), "ips": [f"{line.prefix}.1/30"]},
                params2={"name": _towards(line.one), "ips": [f"{line.prefix}.2/30"]},
            )


def _towards(gateway: str) -> str:
    return f"wan-{gateway.removesuffix('gw')}"


topos = {"two_sites_and_csp": TwoSitesAndCsp}
