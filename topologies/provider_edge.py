"""A cloud provider's edge: tenants that all look alike, spread over gateways (the provider edge of scenario S17).

    vm1, vm2 ... -- gw1 ---.          .--- pe1 -- pc1, pc2 ...
                            `- core -'
    vm51 ...     -- gw2 ---'          `--- pe2 -- pc51 ...

Every tenant has a virtual machine 10.0.0.1 behind a gateway of the provider, and a host 10.1.0.1 behind a router at the
other edge of the provider's network. Tunnels between gateway and edge router, a pair per tenant with a key each, are
left to the gateways, and so is the NAT by which tenants leave: `core` knows where each one's public address is. Try it
with `mn --custom topologies/provider_edge.py --topo provider_edge,tenants=4,gateways=2`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from raslab.errors import TopologyError
from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

MOST_GATEWAYS = 64
VM_NETWORK, VM_ADDRESS, VM_GATEWAY = "10.0.0.0/24", "10.0.0.1", "10.0.0.254"
PC_NETWORK, PC_ADDRESS, PC_GATEWAY = "10.1.0.0/24", "10.1.0.1", "10.1.0.254"


@dataclass(frozen=True, slots=True)
class Tenant:
    """The number of a tenant, from 1, and of the pair of gateway and edge router that it is on."""

    number: int
    pair: int

    @property
    def name(self) -> str:
        """What its routing domain is called."""
        return f"tenant{self.number}"

    @property
    def interface(self) -> str:
        """The interface to its host, of the gateway and of the edge router."""
        return f"t{self.number}"


def tenants_of(tenants: int, gateways: int) -> Iterator[Tenant]:
    """Which tenant is where: as many on each gateway, the first ones on the first."""
    share = -(-tenants // gateways)
    return (Tenant(number, (number - 1) // share + 1) for number in range(1, tenants + 1))


def gateway_address(pair: int) -> str:
    """The address of a gateway in the provider's network."""
    return f"192.0.2.{4 * pair - 3}"


def public_network(pair: int) -> str:
    """Addresses for what a gateway's tenants send to the Internet, one each."""
    return f"100.{63 + pair}.0.0/16"


def public_address(tenant: Tenant) -> str:
    """The address of one tenant among them."""
    return f"100.{63 + tenant.pair}.{tenant.number // 256}.{tenant.number % 256}"


def hop(address: str) -> str:
    """The address of `core` on the line of a gateway or edge router."""
    first, _, last = address.rpartition(".")
    return f"{first}.{int(last) + 1}"


def edge_address(pair: int) -> str:
    """The address of an edge router in the provider's network."""
    return f"198.51.100.{4 * pair - 3}"


class ProviderEdge(Topo):
    """Gateways ``gw1`` ... and edge routers ``pe1`` ... around the provider's router ``core``.

    tenants: at least 1; gateways: 1 to MOST_GATEWAYS, of as many tenants each. room: interfaces and hosts for so many
    more tenants on the first pair. rate_mbps, delay_ms: of the lines to `core`, one way; None and 0 are perfect wires.
    """

    def build(
        self, tenants: int = 2, gateways: int = 1, room: int = 0, rate_mbps: float | None = None, delay_ms: float = 0.0
    ) -> None:
        if not 1 <= gateways <= MOST_GATEWAYS or tenants < 1:
            raise TopologyError(
                [
                    f"provider_edge cannot have {tenants} tenants on {gateways} gateways: "
                    f"choose at least 1 tenant and 1 to {MOST_GATEWAYS} gateways."
                ]
            )
        self.addRouter("core")
        for pair in range(1, gateways + 1):
            for node, address in ((f"gw{pair}", gateway_address(pair)), (f"pe{pair}", edge_address(pair))):
                self.addRouter(node)
                self.addLink(
                    node,
                    "core",
                    rate_mbps=rate_mbps,
                    delay_ms=delay_ms,
                    params1={"name": "wan0", "ips": [f"{address}/30"]},
                    params2={"name": f"to-{node}", "ips": [f"{hop(address)}/30"]},
                )
                self.addRoute(node, "default", via=hop(address))
            self.addRoute("core", public_network(pair), via=gateway_address(pair))
        more = (Tenant(tenants + extra, 1) for extra in range(1, room + 1))
        for tenant in (*tenants_of(tenants, gateways), *more):
            for host, address, node, gateway in (
                (f"vm{tenant.number}", VM_ADDRESS, f"gw{tenant.pair}", VM_GATEWAY),
                (f"pc{tenant.number}", PC_ADDRESS, f"pe{tenant.pair}", PC_GATEWAY),
            ):
                self.addHost(host, defaultRoute=f"via {gateway}")
                self.addLink(
                    host,
                    node,
                    params1={"name": "lan0", "ips": [f"{address}/24"]},
                    params2={"name": tenant.interface, "ips": [f"{gateway}/24"]},
                )


topos = {"provider_edge": ProviderEdge}
