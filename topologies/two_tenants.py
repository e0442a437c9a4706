"""Two tenants with equal addresses on one gateway of a cloud provider (scenario S7).

    c-pc -- c-ny ----.              .-- c-vm      Contoso
                      `-- inet -- csp
    w-pc -- w-ny -----'  /          `-- w-vm      Woodgrove
    w-sf -- w-sfo ------'

New York is 10.1.0.0/24 for both tenants, and what each has at the provider is 10.0.0.0/24 for both. The Internet knows
public addresses only. Try it with `mn --custom topologies/two_tenants.py --topo two_tenants`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

CONTOSO, WOODGROVE = "Contoso", "Woodgrove"


@dataclass(frozen=True, slots=True)
class Site:
    """A tenant's place on the Internet: its host and gateway, the first three bytes of its network, its address."""

    tenant: str
    host: str
    gateway: str
    prefix: str
    public: str

    @property
    def network(self) -> str:
        """The network of its hosts."""
        return f"{self.prefix}.0/24"


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """What a tenant has at the provider: its virtual machine, and the interface of the provider's gateway to it."""

    tenant: str
    vm: str
    interface: str


SITES = (
    Site(CONTOSO, "c-pc", "c-ny", "10.1.0", "198.51.100.1"),
    Site(WOODGROVE, "w-pc", "w-ny", "10.1.0", "198.51.100.5"),
    Site(WOODGROVE, "w-sf", "w-sfo", "10.2.0", "198.51.100.9"),
)
VIRTUAL_NETWORKS = (VirtualNetwork(CONTOSO, "c-vm", "contoso0"), VirtualNetwork(WOODGROVE, "w-vm", "woodgrove0"))
PROVIDER, PROVIDER_ADDRESS = "csp", "203.0.113.1"
CLOUD, CLOUD_ADDRESS, VM_ADDRESS = "10.0.0.0/24", "10.0.0.254", "10.0.0.1"


class TwoTenants(Topo):
    """Hosts are number 1 of their networks, gateways number 254. The provider's gateway has an interface per tenant,
    `VirtualNetwork.interface`, and ``wan0`` to the Internet.

    rate_mbps: of each gateway's line to the Internet. delay_ms: one way, from a site to the provider.
    """

    def build(self, rate_mbps: float | None = 100, delay_ms: float = 10.0) -> None:
        self.tenants = {name: site.tenant for site in SITES for name in (site.host, site.gateway)}
        self.tenants |= {one.vm: one.tenant for one in VIRTUAL_NETWORKS}
        for router in ("inet", PROVIDER):
            self.addRouter(router)
        line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms / 2}
        self._to_internet(PROVIDER, PROVIDER_ADDRESS, **line)
        for one in VIRTUAL_NETWORKS:
            self._add_host(one.vm, PROVIDER, one.interface, CLOUD.removesuffix(".0/24"))
        for site in SITES:
            self.addRouter(site.gateway)
            self._add_host(site.host, site.gateway, "lan0", site.prefix)
            self._to_internet(site.gateway, site.public, **line)

    def _add_host(self, name: str, gateway: str, interface: str, prefix: str) -> None:
        self.addHost(name, defaultRoute=f"via {prefix}.254")
        self.addLink(
            name,
            gateway,
            params1={"name": "lan0", "ips": [f"{prefix}.1/24"]},
            params2={"name": interface, "ips": [f"{prefix}.254/24"]},
        )

    def _to_internet(self, gateway: str, address: str, **line: Any) -> None:
        """A line of the gateway to the Internet, which has the next address at its end."""
        first, _, last = address.rpartition(".")
        hop = f"{first}.{int(last) + 1}"
        self.addLink(
            gateway,
            "inet",
            **line,
            params1={"name": "wan0", "ips": [f"{address}/30"]},
            params2={"name": f"to-{gateway}", "ips": [f"{hop}/30"]},
        )
        self.addRoute(gateway, "default", via=hop)


topos = {"two_tenants": TwoTenants}
