"""An office whose gateway ends the VPN and whose inner router speaks BGP (scenario S6): two boxes, one edge.

    host1 -- core -- gw -- isp -- cspgw -- vm
              |
    host2 -- floor

core is the office's router: it has host1's network, and knows that host2's is behind floor, as it would from an
interior routing protocol. It knows nothing beyond gw. The provider knows public addresses only. Try it with
`mn --custom topologies/bgp_behind_the_gateway.py --topo bgp_behind_the_gateway --test none`.
"""

from __future__ import annotations

from typing import Any

from raslab.net import Topo
from raslab.net.mn import (  # noqa: F401 - `mn --custom` takes them from here
    CONTROLLERS,
    HOSTS,
    LINKS,
    SWITCHES,
    Mininet,
    MininetWithControlNet,
    cleanup,
    findController,
)

_LINKS = {  # by its two ends, node and interface: the addresses there
    (("host1", "lan0"), ("core", "lan0")): ("10.1.1.10/24", "10.1.1.254/24"),
    (("host2", "lan0"), ("floor", "lan0")): ("10.1.2.10/24", "10.1.2.254/24"),
    (("core", "floor0"), ("floor", "up0")): ("10.1.3.1/30", "10.1.3.2/30"),
    (("core", "up0"), ("gw", "lan0")): ("10.1.0.1/30", "10.1.0.2/30"),
    (("gw", "wan0"), ("isp", "to-gw")): ("203.0.113.1/30", "203.0.113.2/30"),
    (("isp", "to-cspgw"), ("cspgw", "wan0")): ("198.51.100.1/30", "198.51.100.2/30"),
    (("cspgw", "lan0"), ("vm", "lan0")): ("10.0.0.254/24", "10.0.0.10/24"),
}
_ROUTES = (
    ("core", "10.1.2.0/24", "10.1.3.2"),
    ("floor", "default", "10.1.3.1"),
    ("gw", "default", "203.0.113.2"),
    ("cspgw", "default", "198.51.100.1"),
)


class BgpBehindTheGateway(Topo):
    """An office with hosts host1 and host2 behind routers core and floor, its gateway gw, and the cloud's cspgw and vm.

    delay_ms: one way, of the two lines to the provider together.
    """

    def build(self, delay_ms: float = 10.0) -> None:
        for host, gateway in (("host1", "10.1.1.254"), ("host2", "10.1.2.254"), ("vm", "10.0.0.254")):
            self.addHost(host, defaultRoute=f"via {gateway}")
        for router in ("core", "floor", "gw", "isp", "cspgw"):
            self.addRouter(router)
        for ends, addresses in _LINKS.items():
            one, other = ({"name": name, "ips": [address]} for (_, name), address in zip(ends, addresses, strict=True))
            (a, _), (b, _) = ends
            line: dict[str, Any] = {"delay_ms": delay_ms / 2, "rate_mbps": 100} if "isp" in (a, b) else {}
            self.addLink(a, b, params1=one, params2=other, **line)
        for node, destination, via in _ROUTES:
            self.addRoute(node, destination, via=via)


topos = {"bgp_behind_the_gateway": BgpBehindTheGateway}
