"""A datacenter: compute hosts on a provider network, and virtual machines with nowhere to live yet (scenario S8).

    host1 -- core -- host2

    contoso-sql  contoso-web  fabrikam-sql  fabrikam-web

Compute host N has the provider address 192.168.N.(10 * N), so that every two are in different subnets and `core`
routes between them. Virtual networks, and who lives where, are up to `raslab.hnv.Datacenter`. Try it with
`mn --custom topologies/datacenter.py --topo datacenter --test none`.
"""

from __future__ import annotations

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

CORE = "core"
TENANTS = ("contoso", "fabrikam")
MACHINES = ("sql", "web")
PROVIDER_MTU = 1780
"""What one of Microsoft's documents asks for; VXLAN needs 1550 for machines with the usual 1500 bytes, NVGRE 1542."""


def provider_address(number: int) -> str:
    """The PA of the compute host of that number, 1 to 24."""
    return f"192.168.{number}.{10 * number}"


class Datacenter(Topo):
    """Compute hosts host1, host2 ... around a router, and two virtual machines for each of two tenants.

    hosts: how many compute hosts, 1 to 24. mtu: of the provider network, bytes; rate_mbps, delay_ms: of each of its
    wires, one way. tenants, machines: the virtual machines are called by both, as in ``contoso-sql``.
    """

    def build(
        self,
        hosts: int = 2,
        mtu: int = PROVIDER_MTU,
        rate_mbps: float | None = 1000,
        delay_ms: float = 0.25,
        tenants: tuple[str, ...] = TENANTS,
        machines: tuple[str, ...] = MACHINES,
    ) -> None:
        self.addRouter(CORE)
        for number in range(1, hosts + 1):
            host, gateway = f"host{number}", f"192.168.{number}.1"
            self.addRouter(host)
            self.addLink(
                host,
                CORE,
                mtu=mtu,
                rate_mbps=rate_mbps,
                delay_ms=delay_ms,
                params1={"name": "pa0", "ips": [f"{provider_address(number)}/24"]},
                params2={"name": f"to-{host}", "ips": [f"{gateway}/24"]},
            )
            self.addRoute(host, "192.168.0.0/16", via=gateway)
        for tenant in tenants:
            for machine in machines:
                self.addHost(f"{tenant}-{machine}")


topos = {"datacenter": Datacenter}
