"""Two tenants' physical networks, each in a VLAN of one trunk to the provider's gateway (scenario S9).

    c-pc -- c-peer --.          .-- csp1 --.-- c-net -- c-vm      Contoso
                      `- rack --'          X
    w-pc -- w-peer --'          `-- csp2 --'-- w-net -- w-vm      Woodgrove

Both tenants have 10.0.0.0/24 in the virtual network, 10.127.134.0/24 between gateway and peer, and 10.60.0.0/24 behind
the peer: Contoso in VLAN 1001, Woodgrove in VLAN 1002. csp1 is the provider's gateway, csp2 stands by. The switch of
the rack has trunks to the gateways, and each peer's port in its VLAN, without tags. Try it with
`mn --custom topologies/l3_over_vlan.py --topo l3_over_vlan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's VLAN, the gateway's and the peer's address in it, and the names of the tenant's nodes and of the
    gateways' interface to the virtual network.
    """

    name: str
    vlan_id: int
    address: str
    peer_address: str
    peer: str
    host: str
    vm: str
    switch: str
    interface: str

    @property
    def vlan(self) -> str:
        """The gateways' interface in the VLAN."""
        return f"{TRUNK}.{self.vlan_id}"


TRUNK = "up0"
CONTOSO = Tenant("Contoso", 1001, "10.127.134.50", "10.127.134.55", "c-peer", "c-pc", "c-vm", "c-net", "contoso0")
WOODGROVE = Tenant("Woodgrove", 1002, "10.127.134.60", "10.127.134.65", "w-peer", "w-pc", "w-vm", "w-net", "woodgrove0")
TENANTS = (CONTOSO, WOODGROVE)

VIRTUAL, VM, VIRTUAL_ROUTER = "10.0.0.0/24", "10.0.0.1", "10.0.0.254/24"
PHYSICAL, HOST, PHYSICAL_ROUTER = "10.60.0.0/24", "10.60.0.1", "10.60.0.254/24"
ACTIVE, STANDBY, RACK = "csp1", "csp2", "rack"
GATEWAYS = (ACTIVE, STANDBY)


class L3OverVlan(Topo):
    """Hosts are number 1 of their networks. csp1 has the gateway's addresses, csp2 interfaces without addresses.

    A gateway's trunk is ``up0``, and its interface in a tenant's VLAN `Tenant.vlan`. Woodgrove's peer has a static
    route to the virtual network. rate_mbps: of each line to the switch. vlans: whether the switch knows them; else it
    passes every tag to everybody.
    """

    def build(self, rate_mbps: float | None = 1000, vlans: bool = True) -> None:
        self.tenants = {
            name: tenant.name for tenant in TENANTS for name in (tenant.vm, tenant.switch, tenant.peer, tenant.host)
        }
        self.tenants |= {f"{gateway}:{one.vlan}": one.name for gateway in GATEWAYS for one in TENANTS}
        line: dict[str, Any] = {"rate_mbps": rate_mbps}
        self.addSwitch(RACK)
        for gateway in GATEWAYS:
            self.addRouter(gateway, ip=None)
            tags = [one.vlan_id for one in TENANTS] if vlans else []
            port = {"name": f"to-{gateway}", "vlans": tags}
            self.addLink(gateway, RACK, **line, params1={"name": TRUNK}, params2=port)
        for tenant in TENANTS:
            self._add_virtual_network(tenant)
            self._add_physical_network(tenant, tenant.vlan_id if vlans else None, **line)
        self.addRoute(WOODGROVE.peer, VIRTUAL, via=WOODGROVE.address)

    def _add_virtual_network(self, tenant: Tenant) -> None:
        self.addSwitch(tenant.switch)
        self._add_host(tenant.vm, VM, VIRTUAL_ROUTER, tenant.switch)
        for gateway in GATEWAYS:
            here = gateway == ACTIVE
            addresses = [VIRTUAL_ROUTER] if here else []
            self.addLink(tenant.switch, gateway, params2={"name": tenant.interface, "ips": addresses})
            self.addVlan(gateway, TRUNK, tenant.vlan_id, ips=[f"{tenant.address}/24"] if here else [])

    def _add_physical_network(self, tenant: Tenant, vlan_id: int | None, **line: Any) -> None:
        self.addRouter(tenant.peer)
        self.addLink(
            tenant.peer,
            RACK,
            **line,
            params1={"name": "up0", "ips": [f"{tenant.peer_address}/24"]},
            params2={"name": f"to-{tenant.peer}", "untagged_vlan": vlan_id},
        )
        self._add_host(tenant.host, HOST, PHYSICAL_ROUTER, tenant.peer, name="lan0", ips=[PHYSICAL_ROUTER])

    def _add_host(self, host: str, address: str, router: str, neighbour: str, **other_end: Any) -> None:
        self.addHost(host, defaultRoute=f"via {router.partition('/')[0]}")
        self.addLink(host, neighbour, params1={"name": "lan0", "ips": [f"{address}/24"]}, params2=other_end)


topos = {"l3_over_vlan": L3OverVlan}
