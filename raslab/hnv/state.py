"""What a datacenter should be: compute hosts, virtual networks, and what is attached to them. Frozen data only."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from raslab.model import addresses

ENCAPSULATIONS = ("vxlan", "nvgre")
FLOW_IDS = ("fixed", "vary")
SWITCHES = ("bridge", "ovs")
MIN_VSID, MAX_VSID = 4096, 2**24 - 2
"""What HNV uses of the 24 bits; RFC 7637, section 3.3 reserves 0 to 0xFFF and 0xFFFFFF."""
GUEST_MTU = 1500
"""Of virtual machines, bytes: Ethernet's own."""
ROUTER_MAC = "02:52:00:00:00:01"
"""Of the distributed router, the same on every compute host, so that a virtual machine that moves finds it again."""
DIRECTIONS = ("Inbound", "Outbound")
ACTIONS = ("Allow", "Deny")
PROTOCOLS = ("All", "TCP", "UDP", "ICMP")


@dataclass(frozen=True, slots=True)
class ComputeHost:
    """A node on which virtual machines live. provider_address: its PA, without prefix length."""

    node: str
    provider_address: str


@dataclass(frozen=True, slots=True)
class VirtualSubnet:
    """A broadcast domain of a virtual network. prefixes: of customer addresses, one of IPv4, one of IPv6, or both."""

    vsid: int
    prefixes: tuple[str, ...]

    @property
    def router_addresses(self) -> tuple[str, ...]:
        """The distributed router's addresses with prefix lengths: the lowest of each prefix."""
        return tuple(f"{network[1]}/{network.prefixlen}" for network in map(addresses.network, self.prefixes))


@dataclass(frozen=True, slots=True)
class CustomerRoute:
    """A route within a virtual network: to `destination`, a prefix or ``default``, by a customer address."""

    destination: str
    next_hop: str

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The destination as a prefix."""
        if self.destination != "default":
            return addresses.network(self.destination)
        return addresses.network("::/0" if ":" in self.next_hop else "0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A tenant's network of several subnets; the distributed router routes between them.

    routing_domain_id: a GUID. table: the number of its routing table on every compute host.
    """

    name: str
    routing_domain_id: str
    table: int
    subnets: tuple[VirtualSubnet, ...] = ()
    routes: tuple[CustomerRoute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AclRule:
    """A rule for the packets of one port, without memory of connections.

    direction: ``Inbound`` is towards the virtual machine. action: ``Allow`` or ``Deny``. protocol: ``TCP``, ``UDP``,
    ``ICMP`` (of either IP version) or ``All``. Prefixes, and ports such as ``443`` or ``8000-8080``, ``*`` for any.
    """

    direction: str
    action: str
    protocol: str = "All"
    source_prefix: str = "*"
    destination_prefix: str = "*"
    source_ports: str = "*"
    destination_ports: str = "*"


ALLOW_ALL = (AclRule(direction="Inbound", action="Allow"), AclRule(direction="Outbound", action="Allow"))
"""The access list of a port that was given no other."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A node's port in a virtual subnet.

    interface: of the node; host: the compute host on which it is. addresses: its customer addresses with prefix
    lengths. default_route: by the distributed router. routes_for_others: it may send from other addresses than its
    own, as a gateway does.
    """

    node: str
    vsid: int
    host: str
    interface: str
    addresses: tuple[str, ...]
    mac: str
    default_route: bool = True
    routes_for_others: bool = False
    acl: tuple[AclRule, ...] = ALLOW_ALL

    @property
    def port(self) -> str:
        """The port's name on the compute host."""
        return f"{self.node}.{self.vsid}"

    @property
    def customer_addresses(self) -> tuple[str, ...]:
        """The addresses without prefix lengths."""
        return tuple(str(addresses.interface(text).ip) for text in self.addresses)


@dataclass(frozen=True, slots=True)
class DatacenterState:
    """The desired state of a datacenter.

    switch: what ends the overlay on compute hosts, the kernel's own tunnels at ``bridge``, or Open vSwitch, ``ovs``.
    prepared: pairs of a compute host and a virtual network that it has to know although nobody lives there yet.
    """

    encapsulation: str = "vxlan"
    flow_id: str = "fixed"
    switch: str = "bridge"
    hosts: tuple[ComputeHost, ...] = ()
    networks: tuple[VirtualNetwork, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    prepared: tuple[tuple[str, str], ...] = ()

    def host(self, node: str) -> ComputeHost:
        """The compute host on a node; there must be one."""
        return next(one for one in self.hosts if one.node == node)

    def network_of(self, vsid: int) -> VirtualNetwork:
        """The virtual network to which a subnet belongs; there must be one."""
        return next(one for one in self.networks if any(subnet.vsid == vsid for subnet in one.subnets))
