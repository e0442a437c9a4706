"""A cloud provider's software load balancer for two tenants with equal addresses (scenario S19).

                     .-- mux1     .-- c-vm1      Contoso
    client -- edge --+-- mux2     |-- w-vm1      Woodgrove
                     +-- host1 ---'
                     `-- host2 ---.-- c-vm2      Contoso
                                  `-- w-vm2      Woodgrove

Each tenant has a public address (VIP), which is no machine's. Behind it are two machines with addresses of their own
(DIP), one on each compute host, and both tenants have given them the same: 10.10.10.5 and 10.10.20.5. From each
multiplexer (MUX) a GRE tunnel leads to each host for each tenant, and its key names the tenant. A MUX has a VRF per
tunnel, with a mark that sends packets into it; a host has a VRF per tenant, from which everything else goes straight to
the edge. Who marks and translates packets, and who tells the edge of the VIPs, is left to the lab. Try it with
`mn --custom topologies/software_load_balancer.py --topo software_load_balancer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here


@dataclass(frozen=True, slots=True)
class FabricNode:
    """A MUX or a compute host: its address in the provider's network and the edge's, which are a /30."""

    name: str
    address: str
    hop: str


@dataclass(frozen=True, slots=True)
class ComputeHost(FabricNode):
    """A compute host. number: of the machines on it; prefix: the first three bytes of their subnet."""

    number: int
    prefix: str

    @property
    def dip(self) -> str:
        """The address of every tenant's machine on it."""
        return f"{self.prefix}.5"

    @property
    def first_address(self) -> str:
        """The host's own address in the subnet: the machines' router, and where probes come from."""
        return f"{self.prefix}.1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant: the letter that his machines' and tunnels' names begin with, his public address, his GRE key."""

    name: str
    letter: str
    vip: str
    key: int

    @property
    def port(self) -> str:
        """The interface of a host to his machine."""
        return f"{self.letter}-lan"

    def machine(self, host: ComputeHost) -> str:
        """His machine on a host."""
        return f"{self.letter}-vm{host.number}"

    def tunnel(self, other: FabricNode) -> str:
        """His tunnel to a host, on a MUX, or to a MUX, on a host."""
        return f"{self.letter}-{other.name}"

    def mark(self, host: ComputeHost) -> int:
        """What marks, on a MUX, his packets that go to a host."""
        return self.key * 10 + host.number


CONTOSO = Tenant("Contoso", "c", "107.105.47.60", 1001)
WOODGROVE = Tenant("Woodgrove", "w", "107.105.47.61", 1002)
TENANTS = (CONTOSO, WOODGROVE)
MUXES = (FabricNode("mux1", "192.0.2.1", "192.0.2.2"), FabricNode("mux2", "192.0.2.5", "192.0.2.6"))
COMPUTE_HOSTS = (
    ComputeHost("host1", "192.0.2.9", "192.0.2.10", 1, "10.10.10"),
    ComputeHost("host2", "192.0.2.13", "192.0.2.14", 2, "10.10.20"),
)
EDGE, CLIENT, CLIENT_ADDRESS = "edge", "client", "198.51.100.10"
UPLINK = "fab0"
_FABRIC_MTU = 1600  # a full packet of the Internet fits into a tunnel


class SoftwareLoadBalancer(Topo):
    """The edge's interfaces are called by who is at the other end, as in ``to-mux1``; what is at that end, ``fab0``.

    rate_mbps, delay_ms: of each line of the provider's network, one way. client_delay_ms: from the client to the edge.
    """

    def build(self, rate_mbps: float | None = 1000, delay_ms: float = 0.2, client_delay_ms: float = 10.0) -> None:
        self.tenants = {tenant.machine(host): tenant.name for tenant in TENANTS for host in COMPUTE_HOSTS}
        self.addHost(CLIENT, defaultRoute="via 198.51.100.254")
        self.addRouter(EDGE)
        self.addLink(
            CLIENT,
            EDGE,
            rate_mbps=rate_mbps,
            delay_ms=client_delay_ms,
            params1={"name": "wan0", "ips": [f"{CLIENT_ADDRESS}/24"]},
            params2={"name": f"to-{CLIENT}", "ips": ["198.51.100.254/24"]},
        )
        for node in (*MUXES, *COMPUTE_HOSTS):
            self._to_edge(node, rate_mbps=rate_mbps, delay_ms=delay_ms)
        for host in COMPUTE_HOSTS:
            for tenant in TENANTS:
                self._add_machine(tenant, host)
        for mux in MUXES:
            for tenant in TENANTS:
                for host in COMPUTE_HOSTS:
                    self._add_tunnel(mux, tenant, host)

    def _to_edge(self, node: FabricNode, **line: Any) -> None:
        self.addRouter(node.name)
        self.addLink(
            node.name,
            EDGE,
            mtu=_FABRIC_MTU,
            **line,
            params1={"name": UPLINK, "ips": [f"{node.address}/30"]},
            params2={"name": f"to-{node.name}", "ips": [f"{node.hop}/30"]},
        )
        self.addRoute(node.name, "default", via=node.hop)

    def _add_machine(self, tenant: Tenant, host: ComputeHost) -> None:
        """A tenant's machine in its VRF of the host, from which the way out is the host's own."""
        self.addVrf(host.name, tenant.name)
        self.addHost(tenant.machine(host), defaultRoute=f"via {host.first_address}")
        self.addLink(
            tenant.machine(host),
            host.name,
            params1={"name": "lan0", "ips": [f"{host.dip}/24"]},
            params2={"name": tenant.port, "ips": [f"{host.first_address}/24"], "master": tenant.name},
        )
        self.addRoute(host.name, "default", via=host.hop, dev=UPLINK, vrf=tenant.name)

    def _add_tunnel(self, mux: FabricNode, tenant: Tenant, host: ComputeHost) -> None:
        """Both ends of a tunnel; on the MUX it is all that its VRF knows."""
        there, here = tenant.tunnel(host), tenant.tunnel(mux)
        self.tenants |= {f"{mux.name}:{there}": tenant.name, f"{host.name}:{here}": tenant.name}
        vrf = f"vrf-{there}"
        self.addVrf(mux.name, vrf, mark=tenant.mark(host))
        self.addTunnel(mux.name, there, local=mux.address, remote=host.address, key=tenant.key, master=vrf)
        self.addRoute(mux.name, "default", dev=there, vrf=vrf)
        self.addTunnel(host.name, here, local=host.address, remote=mux.address, key=tenant.key, master=tenant.name)


topos = {"software_load_balancer": SoftwareLoadBalancer}
