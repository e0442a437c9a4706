"""What a network is made of, as plain frozen data.

Addresses, prefixes and MACs are kept as the text the user wrote, so that `raslab.model.validation` can name
it when something is wrong with it. Everything that plans or applies a topology may assume that it is valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from raslab.model.addresses import AnyNetwork, network
from raslab.model.switching import Bridge, ForwardingEntry, Neighbour, PortSettings, Vxlan

MAIN_TABLE = 254  # linux/rtnetlink.h
DEFAULT_MTU = 1500
# GRE carries IP packets (layer 3), gretap Ethernet frames (layer 2), xfrm the IP packets that IPsec wraps in ESP,
# wireguard those that it encrypts itself.
TUNNEL_KINDS = ("gre", "gretap", "xfrm", "wireguard")


class NodeKind(Enum):
    """What a node does with packets."""

    HOST = "host"
    ROUTER = "router"  # forwards IPv4 and IPv6
    BRIDGE = "bridge"  # a Linux bridge in a namespace of its own
    OVS = "ovs"  # an Open vSwitch bridge

    @property
    def is_switch(self) -> bool:
        """True if interfaces of the node belong to one layer 2 segment."""
        return self in (NodeKind.BRIDGE, NodeKind.OVS)


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace.

    stp: run the spanning tree protocol on a bridge.
    private_folders: folders that the node's processes have for themselves, each with the folder to use in its
    place, or None for an empty one in memory.
    """

    name: str
    kind: NodeKind = NodeKind.HOST
    stp: bool = False
    private_folders: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a wire does to the packets that one interface sends (egress).

    rate_mbps: 10^6 bits per second; None is unlimited.
    delay_ms, jitter_ms: one-way delay and its random spread, milliseconds.
    loss_percent: independent random loss, 0 to 100.
    limit_packets: length of the queue; None lets the plan choose one that holds the bandwidth-delay product.
    """

    rate_mbps: float | None = None
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_percent: float = 0.0
    limit_packets: int | None = None

    @property
    def is_perfect(self) -> bool:
        """True if the wire changes nothing, so no queueing discipline is needed."""
        return self == Impairment(limit_packets=self.limit_packets)


PERFECT_WIRE = Impairment()


@dataclass(frozen=True, slots=True)
class Interface:
    """One end of a link. `addresses` are host addresses with their prefix length, such as ``10.0.1.1/24``.

    master: the device of the same node that it belongs to: a VRF, or a bridge of which it is a port.
    vlans, untagged_vlan: of a switch's port, see `raslab.model.port_vlans`: the VLANs whose frames carry their tag on
    the wire, and the one whose frames carry none, 1 to 4094.
    """

    node: str
    name: str
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    mtu: int = DEFAULT_MTU
    impairment: Impairment = PERFECT_WIRE
    up: bool = True
    master: str | None = None
    vlans: tuple[int, ...] = ()
    untagged_vlan: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An Ethernet wire between two interfaces."""

    a: Interface
    b: Interface

    @property
    def ends(self) -> tuple[Interface, Interface]:
        """Both interfaces."""
        return self.a, self.b


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel interface of a node, over IPv4 or IPv6 as `local` and `remote` say: GRE (RFC 2784; key: RFC 2890), or
    an XFRM interface, which is where the packets of IPsec's tunnel mode (RFC 4301) leave and enter the node, or a
    WireGuard interface.

    kind: one of TUNNEL_KINDS; key: 32 bits or None for none; of an XFRM interface the number that its IPsec policies
    and security associations carry (if_id), which must not be 0. An XFRM interface without these passes nothing, and
    nor does a WireGuard interface without its keys, which are no part of the topology.
    checksum: of GRE only, each packet carries a checksum (RFC 2784, 2.3), and one without is dropped.
    mtu: inner MTU in bytes; None lets the kernel derive it from the outer interface.
    master: as of an Interface. The outer packets are routed by the main table, whatever VRF the tunnel belongs to.
    """

    node: str
    name: str
    kind: str
    local: str
    remote: str
    key: int | None = None
    ttl: int = 64
    mtu: int | None = None
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    up: bool = True
    master: str | None = None
    checksum: bool = False


@dataclass(frozen=True, slots=True)
class Vrf:
    """A routing table of its own for the interfaces that have it as their master (Linux's "vrf" device).

    table: its number, one per VRF of a node. What it has no route for is unreachable, and not looked up in the main
    table. addresses: those of the node itself within the VRF. mark: packets that come from elsewhere and that the
    firewall has given this mark (nfmark) are routed in it too, None for no such packets.
    """

    node: str
    name: str
    table: int
    addresses: tuple[str, ...] = ()
    up: bool = True
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Vlan:
    """What of an interface carries one VLAN tag (IEEE 802.1Q). parent: that interface; vlan_id: 1 to 4094."""

    node: str
    name: str
    parent: str
    vlan_id: int
    addresses: tuple[str, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    up: bool = True
    master: str | None = None


Device = Vrf | Vlan | Bridge | Vxlan
"""An interface that a node has by itself: no end of a link, and no tunnel to an address."""

AnyInterface = Interface | Tunnel | Device


@dataclass(frozen=True, slots=True)
class Route:
    """A static route; `destination` is a prefix or ``default``, `via` the next hop, `dev` the interface.

    vrf: the VRF whose table it is in, None is the main one. labels: an MPLS label stack (RFC 3032) to put before the
    packets, outermost first. table: the number of a table that only rules ask, in place of a VRF's. unreachable: it
    leads nowhere, and says so to who sends.
    """

    node: str
    destination: str
    via: str | None = None
    dev: str | None = None
    metric: int | None = None
    vrf: str | None = None
    labels: tuple[int, ...] = ()
    table: int | None = None
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which routing table is asked for which packets of one IP version (ip-rule(8)); the lowest priority comes first.

    table: its number, MAIN_TABLE for the main one; None says that there is no way. destination: a prefix, None for any.
    of_node: only what the node itself sends. longer_than: only routes whose prefixes are longer than this count.
    """

    node: str
    priority: int
    version: int
    table: int | None
    destination: str | None = None
    of_node: bool = False
    longer_than: int | None = None


@dataclass(frozen=True, slots=True)
class MplsRoute:
    """What a node does with packets whose outermost MPLS label is `label` (RFC 3031): part of a label switched path.

    out_labels: those put in the label's place, outermost first; without any the label is only taken away, and the
    packet below goes to the next hop `via` (penultimate hop popping), or out of `dev`: ``lo`` is the node itself, a
    VRF's name is that VRF.
    """

    node: str
    label: int
    via: str | None = None
    dev: str | None = None
    out_labels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole network. ports, forwarding, neighbours: what is set and written, and not left to be learnt."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    routes: tuple[Route, ...] = ()
    devices: tuple[Device, ...] = ()
    mpls_routes: tuple[MplsRoute, ...] = ()
    ports: tuple[PortSettings, ...] = ()
    forwarding: tuple[ForwardingEntry, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    rules: tuple[Rule, ...] = ()


EMPTY = Topology()


def destination(route: Route) -> AnyNetwork:
    """The prefix of a route; ``default`` is of the family of its next hop."""
    if route.destination != "default":
        return network(route.destination)
    return network("::/0" if route.via is not None and ":" in route.via else "0.0.0.0/0")


def interfaces(topology: Topology) -> Iterable[Interface]:
    """All ends of all links."""
    return (end for link in topology.links for end in link.ends)


def everything(topology: Topology) -> Iterator[AnyInterface]:
    """All ends of all links, then tunnels, then devices."""
    yield from interfaces(topology)
    yield from topology.tunnels
    yield from topology.devices
