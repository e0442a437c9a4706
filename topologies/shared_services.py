"""Tenants of a cloud provider who share a server (scenario S13).

    c-vm --.
    w-vm ---- csp == fabric == shared -- server
    f-vm --'

`csp` is the multitenant gateway, `shared` a single tenant gateway in front of the server that everybody may use. The
provider's network between them knows the two gateways and nothing of what is behind. Contoso is 10.1.0.0/24, Woodgrove
10.2.0.0/24, as who shares a server must differ; Fabrikam has joined with Contoso's subnet. Tunnels are left to the
gateways. Try it with `mn --custom topologies/shared_services.py --topo shared_services`.
"""

from __future__ import annotations

from dataclasses import dataclass

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, his virtual machine, the first three bytes of his network, and the key of his GRE tunnel."""

    name: str
    vm: str
    prefix: str
    gre_key: int

    @property
    def network(self) -> str:
        """The network of his virtual machines."""
        return f"{self.prefix}.0/24"

    @property
    def address(self) -> str:
        """The address of his virtual machine."""
        return f"{self.prefix}.1"

    @property
    def interface(self) -> str:
        """The interface of the multitenant gateway to his virtual machines, and of the other one to his tunnel."""
        return self.name.lower()


CONTOSO = Tenant("Contoso", "c-vm", "10.1.0", 1001)
WOODGROVE = Tenant("Woodgrove", "w-vm", "10.2.0", 1002)
FABRIKAM = Tenant("Fabrikam", "f-vm", "10.1.0", 1003)
TENANTS = (CONTOSO, WOODGROVE, FABRIKAM)

PROVIDER, PROVIDER_ADDRESS = "csp", "192.0.2.1"
SHARED, SHARED_ADDRESS = "shared", "198.51.100.1"
SERVER, SERVICES, SERVER_ADDRESS = "server", "172.20.0.0/24", "172.20.0.10"


class SharedServices(Topo):
    """Virtual machines are number 1 of their networks, gateways number 254.

    rate_mbps, delay_ms: of the lines of the provider's network, one way.
    """

    def build(self, rate_mbps: float | None = 1000, delay_ms: float = 1.0) -> None:
        self.tenants = {tenant.vm: tenant.name for tenant in TENANTS}
        for router in (PROVIDER, "fabric", SHARED):
            self.addRouter(router)
        for gateway, address in ((PROVIDER, PROVIDER_ADDRESS), (SHARED, SHARED_ADDRESS)):
            hop = f"{address.rpartition('.')[0]}.2"
            self.addLink(
                gateway,
                "fabric",
                rate_mbps=rate_mbps,
                delay_ms=delay_ms,
                params1={"name": "fab0", "ips": [f"{address}/30"]},
                params2={"name": f"to-{gateway}", "ips": [f"{hop}/30"]},
            )
            self.addRoute(gateway, "default", via=hop)
        for tenant in TENANTS:
            self._add_host(tenant.vm, f"{tenant.address}/24", PROVIDER, tenant.interface)
        self._add_host(SERVER, f"{SERVER_ADDRESS}/24", SHARED, "lan0")

    def _add_host(self, name: str, address: str, gateway: str, interface: str) -> None:
        router = f"{address.rpartition('.')[0]}.254"
        self.addHost(name, defaultRoute=f"via {router}")
        self.addLink(
            name,
            gateway,
            params1={"name": "lan0", "ips": [address]},
            params2={"name": interface, "ips": [f"{router}/24"]},
        )


topos = {"shared_services": SharedServices}
