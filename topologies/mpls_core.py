"""A provider's MPLS core between a tenant's sites and a cloud's gateway, with the Internet beside it (scenario S11).

    pc, pc2 -- site -- pe -- p1 -- p2 -- csp -- vm
                         `---- inet ----'

The core's routers p1 and p2 know neither the edges' addresses nor the tenant's: they know labels. 101 and 102 lead to
csp, 202 and 201 to pe, and the last router of each path takes the label away. pe and csp have a route to each other
through the core, and the Internet for everything else. Try it with
`mn --custom topologies/mpls_core.py --topo mpls_core --test none`.
"""

from __future__ import annotations

from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

TENANT = "Contoso"
PE, CSP = "pe", "csp"
PE_ADDRESS, CSP_ADDRESS = "198.51.100.1", "203.0.113.1"
OFFICE, BRANCH, CLOUD = "10.1.1.0/24", "10.1.2.0/24", "10.0.0.0/24"
VM_ADDRESS = "10.0.0.1"
TO_CSP, TO_PE = (101, 102), (202, 201)
"""Labels of the two paths, in the order in which they are on the wire."""

_LINKS = {  # by its two ends, node and interface: the addresses there
    (("pc", "lan0"), ("site", "lan1")): ("10.1.1.1/24", "10.1.1.254/24"),
    (("pc2", "lan0"), ("site", "lan2")): ("10.1.2.1/24", "10.1.2.254/24"),
    (("site", "up0"), (PE, "site0")): ("10.1.0.1/30", "10.1.0.2/30"),
    ((PE, "core0"), ("p1", "west")): ("100.64.1.1/30", "100.64.1.2/30"),
    (("p1", "east"), ("p2", "west")): ("100.64.2.1/30", "100.64.2.2/30"),
    (("p2", "east"), (CSP, "core0")): ("100.64.3.1/30", "100.64.3.2/30"),
    ((PE, "wan0"), ("inet", "to-pe")): (f"{PE_ADDRESS}/30", "198.51.100.2/30"),
    ((CSP, "wan0"), ("inet", "to-csp")): (f"{CSP_ADDRESS}/30", "203.0.113.2/30"),
    ((CSP, "contoso0"), ("vm", "lan0")): ("10.0.0.254/24", f"{VM_ADDRESS}/24"),
}
_ROUTES = (
    ("site", "default", "10.1.0.2"),
    (PE, OFFICE, "10.1.0.1"),
    (PE, BRANCH, "10.1.0.1"),
    (PE, "default", "198.51.100.2"),
    (CSP, "default", "203.0.113.2"),
)


class MplsCore(Topo):
    """A site of the tenant with two networks, edges pe and csp, the core between them and the Internet around it.

    labels: False leaves the label switched paths out, so that all goes through the Internet. rate_mbps, delay_ms: of
    each link of the core, and of the Internet's lines.
    """

    def build(self, labels: bool = True, rate_mbps: float | None = 1000, delay_ms: float = 1.0) -> None:
        self.tenants = dict.fromkeys(("pc", "pc2", "site", "vm"), TENANT)
        for host, gateway in (("pc", "10.1.1.254"), ("pc2", "10.1.2.254"), ("vm", "10.0.0.254")):
            self.addHost(host, defaultRoute=f"via {gateway}")
        for router in ("site", PE, "p1", "p2", CSP, "inet"):
            self.addRouter(router)
        for ends, addresses in _LINKS.items():
            one, other = ({"name": name, "ips": [address]} for (_, name), address in zip(ends, addresses, strict=True))
            (a, _), (b, _) = ends
            is_line = {a, b} & {"p1", "p2", "inet"}
            line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms} if is_line else {}
            self.addLink(a, b, params1=one, params2=other, **line)
        for node, destination, via in _ROUTES:
            self.addRoute(node, destination, via=via)
        if labels:
            self._paths()

    def _paths(self) -> None:
        """One label switched path each way."""
        for edge, destination, via, labels in (
            (PE, CSP_ADDRESS, "100.64.1.2", TO_CSP),
            (CSP, PE_ADDRESS, "100.64.3.1", TO_PE),
        ):
            self.addRoute(edge, f"{destination}/32", via=via, labels=labels[:1])
        for first, swapped, last, taken_away, (outer, inner) in (
            ("p1", "100.64.2.2", "p2", "100.64.3.2", TO_CSP),
            ("p2", "100.64.2.1", "p1", "100.64.1.1", TO_PE),
        ):
            self.addMplsRoute(first, outer, via=swapped, out_labels=[inner])
            self.addMplsRoute(last, inner, via=taken_away)


topos = {"mpls_core": MplsCore}
