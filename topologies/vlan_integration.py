"""A cloud's gateway and a load balancer whose tenants are VLANs (scenario S12): one pair of addresses, two worlds.

    a-vm --.                          .-- a-srv   VLAN 10, key 1010, routing domain A
            csp -- core -- lb -- rack
    b-vm --'                          `-- b-srv   VLAN 20, key 1020, routing domain B

Both servers are 10.50.0.1 and both virtual machines 10.0.0.1. The rack's switch has each server's port in its tenant's
VLAN, without tags, and one cable of the load balancer, its trunk, in both. The tunnels are left to the gateways. Try it
with `mn --custom topologies/vlan_integration.py --topo vlan_integration --test none`.
"""

from __future__ import annotations

from dataclasses import dataclass

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here

LB, CSP = "lb", "csp"
LB_ADDRESS, CSP_ADDRESS = "192.0.2.1", "203.0.113.1"
SERVERS, SERVER_ADDRESS, CLOUD, VM_ADDRESS = "10.50.0.0/24", "10.50.0.1", "10.0.0.0/24", "10.0.0.1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Told from others by a VLAN tag on the trunk, a GRE key on the way, and a routing domain in the gateways."""

    name: str
    vlan_id: int
    gre_key: int

    @property
    def server(self) -> str:
        """The node behind the load balancer."""
        return f"{self.name.lower()}-srv"

    @property
    def vm(self) -> str:
        """The virtual machine behind the cloud's gateway."""
        return f"{self.name.lower()}-vm"

    @property
    def vlan(self) -> str:
        """The load balancer's interface to its servers."""
        return f"vlan{self.vlan_id}"

    @property
    def virtual_network(self) -> str:
        """The cloud gateway's interface to the virtual machine."""
        return f"{self.name.lower()}0"


TENANTS = (Tenant("A", 10, 1010), Tenant("B", 20, 1020))


class VlanIntegration(Topo):
    """The load balancer lb with VLANs on its interface ``trunk``, the cloud's gateway csp, a router between them.

    rate_mbps, delay_ms: of each of the two lines to that router; delay one way.
    """

    def build(self, rate_mbps: float | None = 1000, delay_ms: float = 1.0) -> None:
        self.tenants = {node: one.name for one in TENANTS for node in (one.server, one.vm)}
        for router in (LB, "core", CSP):
            self.addRouter(router)
        self.addSwitch("rack")
        self.addLink(LB, "rack", params1={"name": "trunk"}, vlans=[one.vlan_id for one in TENANTS])
        for one in TENANTS:
            self._servers(one)
            self._virtual_network(one)
        for edge, address in ((LB, LB_ADDRESS), (CSP, CSP_ADDRESS)):
            first, _, last = address.rpartition(".")
            hop = f"{first}.{int(last) + 1}"
            ends = {"name": "wan0", "ips": [f"{address}/30"]}, {"name": f"to-{edge}", "ips": [f"{hop}/30"]}
            self.addLink(edge, "core", params1=ends[0], params2=ends[1], rate_mbps=rate_mbps, delay_ms=delay_ms)
            self.addRoute(edge, "default", via=hop)

    def _servers(self, tenant: Tenant) -> None:
        """A server on the rack's switch, which knows nothing of VLANs, and the load balancer's end of its VLAN."""
        self.addHost(tenant.server, defaultRoute="via 10.50.0.254")
        ends = {"name": "lan0", "ips": [f"{SERVER_ADDRESS}/24"]}, {"name": f"to-{tenant.server}"}
        self.addLink(tenant.server, "rack", untagged_vlan=tenant.vlan_id, params1=ends[0], params2=ends[1])
        self.addVlan(LB, "trunk", tenant.vlan_id, name=tenant.vlan, ips=["10.50.0.254/24"])

    def _virtual_network(self, tenant: Tenant) -> None:
        self.addHost(tenant.vm, defaultRoute="via 10.0.0.254")
        ends = {"name": "lan0", "ips": [f"{VM_ADDRESS}/24"]}, {"name": tenant.virtual_network, "ips": ["10.0.0.254/24"]}
        self.addLink(tenant.vm, CSP, params1=ends[0], params2=ends[1])


topos = {"vlan_integration": VlanIntegration}
