"""The edge of an enterprise: a head office and its branches, each behind a RAS gateway on the Internet (scenario S1).

    host1 -- core -- gw1 -- isp1 -- isp2 -- isp3 -- gw2 -- host2
                                              `---- gw3 -- host3 ...

The Internet knows public addresses only: until the gateways have a tunnel, no site reaches another. Try it with
`mn --custom topologies/enterprise_edge.py --topo enterprise_edge,branches=2`.
"""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any

from raslab.errors import TopologyError
from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

MOST_BRANCHES = 60  # as many /30 of 198.51.100.0/24 as are wanted, with some to spare

_HEAD_OFFICE_WAN = ("203.0.113.1/30", "2001:db8:a1::1/64")
_HEAD_OFFICE_ISP = ("203.0.113.2/30", "2001:db8:a1::2/64")
_CORE = ("10.1.0.1/24", "2001:db8:10::1/64")
_CORE_GATEWAY = ("10.1.0.254/24", "2001:db8:10::2/64")
_BACKBONE = {  # by who is connected to isp2: addresses of the link at its end and at isp2's
    "isp1": (("192.0.2.1/30", "2001:db8:c1::1/64"), ("192.0.2.2/30", "2001:db8:c1::2/64")),
    "isp3": (("192.0.2.5/30", "2001:db8:c3::1/64"), ("192.0.2.6/30", "2001:db8:c3::2/64")),
}
_PUBLIC = {"isp1": ("203.0.113.0/24", "2001:db8:a1::/48"), "isp3": ("198.51.100.0/24", "2001:db8:b00::/40")}


class EnterpriseEdge(Topo):
    """Site 1 is the head office with an inner router, core; sites 2 and up are branches. Site N has 10.N.1.0/24 and
    2001:db8:N::/64, its host is number 10 there.

    branches: 1 to MOST_BRANCHES. rate_mbps: of each gateway's line to its provider, both ways; the backbone has ten
    times as much. delay_ms: one-way delay between the head office's gateway and a branch's, most of it in the backbone.
    """

    def build(self, branches: int = 1, rate_mbps: float | None = 100, delay_ms: float = 10.0) -> None:
        if not 1 <= branches <= MOST_BRANCHES:
            raise TopologyError([f"enterprise_edge cannot have {branches} branches: choose 1 to {MOST_BRANCHES}."])
        line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms * 0.1}
        self._add_head_office()
        self._add_internet(None if rate_mbps is None else 10 * rate_mbps, delay_ms * 0.4)
        self._connect("gw1", "isp1", _HEAD_OFFICE_WAN, _HEAD_OFFICE_ISP, **line)
        for site in range(2, branches + 2):
            self._add_host(site, f"gw{site}")
            self._connect(f"gw{site}", "isp3", *_branch_wan(site), **line)

    def _add_head_office(self) -> None:
        for router in ("core", "gw1"):
            self.addRouter(router)
        self._add_host(1, "core")
        up, down = {"name": "up0", "ips": _CORE}, {"name": "lan0", "ips": _CORE_GATEWAY}
        self.addLink("core", "gw1", params1=up, params2=down)
        for lan, core, gateway in zip(_lan(1, 0), _CORE, _CORE_GATEWAY, strict=True):
            self.addRoute("gw1", _network(lan), via=_bare(core))
            self.addRoute("core", "default", via=_bare(gateway))

    def _add_host(self, site: int, router: str) -> None:
        own, gateway = _lan(site, 10), _lan(site, 254)
        if router != "core":
            self.addRouter(router)
        self.addHost(f"host{site}", defaultRoute=[f"via {_bare(address)}" for address in gateway])
        self.addLink(
            f"host{site}", router, params1={"name": "lan0", "ips": own}, params2={"name": "lan0", "ips": gateway}
        )

    def _add_internet(self, rate_mbps: float | None, delay_ms: float) -> None:
        for router in ("isp1", "isp2", "isp3"):
            self.addRouter(router)
        for isp, (near, far) in _BACKBONE.items():
            self.addLink(
                isp,
                "isp2",
                rate_mbps=rate_mbps,
                delay_ms=delay_ms,
                params1={"name": "core0", "ips": near},
                params2={"name": f"to-{isp}", "ips": far},
            )
            for prefix, here, there in zip(_PUBLIC[isp], near, far, strict=True):
                self.addRoute("isp2", prefix, via=_bare(here))
                self.addRoute(isp, "default", via=_bare(there))

    def _connect(self, gateway: str, isp: str, own: tuple[str, str], providers: tuple[str, str], **line: Any) -> None:
        """A gateway's line to its provider, and its default routes there."""
        self.addLink(
            gateway,
            isp,
            params1={"name": "wan0", "ips": own},
            params2={"name": f"to-{gateway}", "ips": providers},
            **line,
        )
        for address in providers:
            self.addRoute(gateway, "default", via=_bare(address))


def _lan(site: int, number: int) -> tuple[str, str]:
    """The address with that number on a site's network, IPv4 and IPv6."""
    return f"10.{site}.1.{number}/24", f"2001:db8:{site}::{number}/64"


def _branch_wan(site: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """The addresses of a branch's line to its provider, at the gateway and at the provider."""
    first, prefix = 4 * (site - 2), f"2001:db8:b{site:02}:"
    gateway = f"198.51.100.{first + 2}/30", f"{prefix}:2/64"
    provider = f"198.51.100.{first + 1}/30", f"{prefix}:1/64"
    return gateway, provider


def _bare(address: str) -> str:
    return address.partition("/")[0]


def _network(address: str) -> str:
    return str(ip_interface(address).network)


topos = {"enterprise_edge": EnterpriseEdge}
