"""Tenants with equal addresses behind one gateway of a cloud provider, and the Internet (scenario S16).

    c-vm --.                        Contoso
            csp -- inet -- www
    w-vm --'                        Woodgrove

Both tenants' virtual machines are 10.0.0.1. Outside, the provider has 203.0.113.0/24, and `www` is somebody else.
Try it with `mn --custom topologies/tenant_nat.py --topo tenant_nat`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, his virtual machine, the interface of the provider's gateway to it, and his address outside."""

    name: str
    vm: str
    interface: str
    public: str


CONTOSO = Tenant("Contoso", "c-vm", "contoso0", "203.0.113.51")
WOODGROVE = Tenant("Woodgrove", "w-vm", "woodgrove0", "203.0.113.52")
TENANTS = (CONTOSO, WOODGROVE)
PREFIX, VM_ADDRESS, GATEWAY_ADDRESS = "10.0.0.0/24", "10.0.0.1", "10.0.0.254"
PROVIDER, PROVIDER_ADDRESS = "csp", "203.0.113.1"
OUTSIDER, OUTSIDER_ADDRESS = "www", "198.51.100.80"


class TenantNat(Topo):
    """The provider's gateway has an interface per tenant, `Tenant.interface`, and ``wan0`` to the Internet.

    rate_mbps: of the lines to the Internet; delay_ms: one way, from the provider to `www`.
    """

    def build(self, rate_mbps: float | None = 100, delay_ms: float = 10.0) -> None:
        self.tenants = {tenant.vm: tenant.name for tenant in TENANTS}
        for router in ("inet", PROVIDER):
            self.addRouter(router)
        for tenant in TENANTS:
            self.addHost(tenant.vm, defaultRoute=f"via {GATEWAY_ADDRESS}")
            self.addLink(
                tenant.vm,
                PROVIDER,
                params1={"name": "lan0", "ips": [f"{VM_ADDRESS}/24"]},
                params2={"name": tenant.interface, "ips": [f"{GATEWAY_ADDRESS}/24"]},
            )
        self.addHost(OUTSIDER, defaultRoute="via 198.51.100.254")
        line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms / 2}
        self._to_internet(PROVIDER, PROVIDER_ADDRESS, "203.0.113.254", **line)
        self._to_internet(OUTSIDER, OUTSIDER_ADDRESS, "198.51.100.254", **line)
        self.addRoute(PROVIDER, "default", via="203.0.113.254")

    def _to_internet(self, node: str, address: str, hop: str, **line: Any) -> None:
        ends = {"name": "wan0", "ips": [f"{address}/24"]}, {"name": f"to-{node}", "ips": [f"{hop}/24"]}
        self.addLink(node, "inet", params1=ends[0], params2=ends[1], **line)


topos = {"tenant_nat": TenantNat}
