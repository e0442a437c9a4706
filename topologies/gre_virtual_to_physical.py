"""GRE from tenants' virtual networks to their physical ones, across a provider's network (scenario S10).

    c-vm -- c-net --.              .-- csp1 --.              .-- c-srv      Contoso
                     `------------'            `-- tor -- dev
    w-vm -- w-net ------------------- csp2 ---'              `-- w-srv      Woodgrove

Both tenants have 10.0.0.0/24 in the virtual network and 10.50.0.0/24 in the physical one, and equal prefixes of IPv6.
csp1 is the provider's gateway, csp2 another one, which has room for them; tor is the router on top of the rack; dev is
another maker's device, with a VRF and a GRE tunnel for each tenant, to csp1's virtual address (VIP). Try it with
`mn --custom topologies/gre_virtual_to_physical.py --topo gre_virtual_to_physical`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's virtual machine and its switch, its server, and what is its own on csp1, csp2 and dev: the interface,
    the name of the tunnel, and the tunnel's key.
    """

    name: str
    vm: str
    switch: str
    server: str
    interface: str
    tunnel: str
    key: int


CONTOSO = Tenant("Contoso", "c-vm", "c-net", "c-srv", "contoso0", "gre-c", 1001)
WOODGROVE = Tenant("Woodgrove", "w-vm", "w-net", "w-srv", "woodgrove0", "gre-w", 1002)
TENANTS = (CONTOSO, WOODGROVE)

VIRTUAL, VIRTUAL6 = "10.0.0.0/24", "fd00:10::/64"
PHYSICAL, PHYSICAL6 = "10.50.0.0/24", "fd00:50::/64"
VM, VM6, SERVER, SERVER6 = "10.0.0.1", "fd00:10::1", "10.50.0.1", "fd00:50::1"
VIRTUAL_ROUTER = ("10.0.0.254/24", "fd00:10::fe/64")
"""What the gateway in service has in each virtual network."""
INSIDE = {"csp": ("10.255.0.1/30", "fd00:255::1/64"), "dev": ("10.255.0.2/30", "fd00:255::2/64")}
"""The ends of each tunnel, the same for both tenants."""

ACTIVE, STANDBY, DEVICE = "csp1", "csp2", "dev"
VIP, OTHER_VIP, DEVICE_ADDRESS = "31.30.30.1", "31.30.30.2", "10.30.0.2"
DIPS = {ACTIVE: "10.20.0.2", STANDBY: "10.20.0.6"}
"""The gateways' own addresses (dedicated IP)."""


class GreVirtualToPhysical(Topo):
    """Hosts are number 1 of their networks. csp1 has the VIP and the virtual networks' routers, tor the route to it.

    A gateway's interface to a virtual network is `Tenant.interface`, and ``up0`` goes to the router of the rack.
    rate_mbps: of each line to that router. delay_ms: one way, from the gateways to the device.
    """

    def build(self, rate_mbps: float | None = 1000, delay_ms: float = 2.0) -> None:
        own = (
            (one, (one.vm, one.switch, one.server, f"{DEVICE}:{one.interface}", f"{DEVICE}:{one.tunnel}"))
            for one in TENANTS
        )
        self.tenants = {name: tenant.name for tenant, names in own for name in names}
        line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms / 2}
        for router in (ACTIVE, STANDBY, "tor", DEVICE):
            self.addRouter(router)
        for gateway, vip in ((ACTIVE, VIP), (STANDBY, OTHER_VIP)):
            self._to_rack(gateway, (f"{DIPS[gateway]}/30", f"{vip}/32"), **line)
            self.addRoute("tor", f"{vip}/32", via=DIPS[gateway])
        self._to_rack(DEVICE, (f"{DEVICE_ADDRESS}/30",), **line)
        for tenant in TENANTS:
            self._add_virtual_network(tenant)
            self._add_physical_network(tenant)

    def _to_rack(self, node: str, addresses: tuple[str, ...], **line: Any) -> None:
        """A line to the router of the rack, which has the address before the node's first one."""
        first, _, last = addresses[0].removesuffix("/30").rpartition(".")
        hop = f"{first}.{int(last) - 1}"
        self.addLink(
            node,
            "tor",
            **line,
            params1={"name": "up0", "ips": addresses},
            params2={"name": f"to-{node}", "ips": [f"{hop}/30"]},
        )
        self.addRoute(node, "default", via=hop)

    def _add_virtual_network(self, tenant: Tenant) -> None:
        self.addSwitch(tenant.switch)
        self._add_host(tenant.vm, (VM, VM6), VIRTUAL_ROUTER, tenant.switch)
        for gateway in DIPS:
            addresses = VIRTUAL_ROUTER if gateway == ACTIVE else ()
            self.addLink(tenant.switch, gateway, params2={"name": tenant.interface, "ips": addresses})

    def _add_physical_network(self, tenant: Tenant) -> None:
        vrf = tenant.name.lower()
        router = ("10.50.0.254/24", "fd00:50::fe/64")
        self.addVrf(DEVICE, vrf)
        self._add_host(tenant.server, (SERVER, SERVER6), router, DEVICE, name=tenant.interface, ips=router, master=vrf)
        self.addTunnel(
            DEVICE,
            tenant.tunnel,
            local=DEVICE_ADDRESS,
            remote=VIP,
            key=tenant.key,
            ips=INSIDE[DEVICE],
            master=vrf,
        )
        for network, hop in zip((VIRTUAL, VIRTUAL6), INSIDE["csp"], strict=True):
            self.addRoute(DEVICE, network, via=hop.partition("/")[0], vrf=vrf)

    def _add_host(
        self, host: str, addresses: tuple[str, str], router: tuple[str, ...], neighbour: str, **other_end: Any
    ) -> None:
        """A host with an IPv4 and an IPv6 address, and a router in both families."""
        self.addHost(host)
        ips = [f"{address}/{hop.partition('/')[2]}" for address, hop in zip(addresses, router, strict=True)]
        self.addLink(host, neighbour, params1={"name": "lan0", "ips": ips}, params2=other_end)
        for hop in router:
            self.addRoute(host, "default", via=hop.partition("/")[0])


topos = {"gre_virtual_to_physical": GreVirtualToPhysical}
