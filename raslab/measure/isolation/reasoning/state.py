"""What was read of the nodes, as plain data: all that decides where a packet goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, str]
"""Node and interface."""


@dataclass(frozen=True, slots=True)
class Link:
    """An interface. kind: as `ip link` calls it, empty if none. master, lower: indexes of the interface that it belongs
    to, and of the one below it or at the other end of its cable, 0 for none. peer_namespace: the kernel's number of the
    namespace that `lower` is in, None if it is the same one. details: what the kind has of its own, by its own words.
    """

    index: int
    name: str
    kind: str = ""
    up: bool = True
    has_ethernet: bool = True
    master: int = 0
    lower: int = 0
    peer_namespace: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    forwards: tuple[bool, bool] = (True, True)
    proxies: tuple[bool, bool] = (False, False)
    takes_labels: bool = False
    has_program: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface, without prefix length."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a route leads. labels: put on top; pushes: other encapsulations, by name."""

    index: int
    gateway: str | None = None
    labels: tuple[int, ...] = ()
    pushes: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A route. prefix: first and last address as numbers; kind: as `ip route` says, such as ``unicast``."""

    version: int
    table: int
    prefix: tuple[int, int]
    kind: str
    hops: tuple[Hop, ...] = ()
    metric: int = 0
    tos: int = 0
    source: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        """How many addresses it is for."""
        return self.prefix[1] - self.prefix[0] + 1


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that chooses a table. action: ``table``, ``goto``, ``nop``, ``blackhole``, ``unreachable``, ``prohibit``.

    source, destination: first and last address; mark: value and mask; ports: first and last. unknown: what it asks
    besides, which is not understood.
    """

    version: int
    priority: int
    action: str = "table"
    table: int = 0
    target: int = 0
    l3mdev: bool = False
    inverted: bool = False
    source: tuple[int, int] | None = None
    destination: tuple[int, int] | None = None
    tos: int = 0
    mark: tuple[int, int] | None = None
    incoming: str | None = None
    outgoing: str | None = None
    protocol: int = 0
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    suppressed_length: int | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelRoute:
    """What becomes of packets with a label: other labels, or none, by some hop."""

    label: int
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class GroupRoute:
    """A route of the multicast forwarding cache."""

    version: int
    group: tuple[int, int]
    source: tuple[int, int]
    incoming: int
    outgoing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Forwarding:
    """An entry of a forwarding table that leads to another host: of a VXLAN."""

    index: int
    remote: str
    vni: int | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """An address for which the node answers on an interface (`ip neigh add proxy`)."""

    index: int
    address: str


@dataclass(frozen=True, slots=True)
class PortVlans:
    """VLANs of a bridge's port: members, and of these the one of frames without a tag, and those sent without."""

    index: int
    members: frozenset[int]
    inbound: int | None
    bare: frozenset[int]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of traffic control. inward: on what comes in. matches_all: or else some. actions: kind and details."""

    index: int
    inward: bool
    kind: str
    matches_all: bool
    actions: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Association:
    """A state of IPsec: packets to `destination` with an SPI are opened, and go to the interface with the number."""

    source: str
    destination: str
    spi: int
    protocol: int
    reqid: int
    if_id: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of IPsec that packets are encrypted for: its own ends, and those of the template."""

    direction: str
    source: tuple[int, tuple[int, int]]
    destination: tuple[int, tuple[int, int]]
    if_id: int
    index: int
    template: tuple[str, str, int] | None
    """Ends and reqid; None: let through as it is, or blocked."""
    protocol: int = 0


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer of a WireGuard interface."""

    public_key: bytes
    endpoint: str | None
    port: int
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WireGuard:
    """A WireGuard interface: its public key and its peers."""

    index: int
    public_key: bytes
    port: int
    peers: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class NodeState:
    """Everything that was read of a node. rulesets: what `nft -j list ruleset` says; unread: sentences about what is
    there and was not understood.
    """

    name: str
    links: tuple[Link, ...]
    addresses: tuple[Address, ...] = ()
    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()
    labels: tuple[LabelRoute, ...] = ()
    groups: tuple[GroupRoute, ...] = ()
    forwarding: tuple[Forwarding, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    vlans: tuple[PortVlans, ...] = ()
    filters: tuple[Filter, ...] = ()
    associations: tuple[Association, ...] = ()
    policies: tuple[Policy, ...] = ()
    wireguards: tuple[WireGuard, ...] = ()
    ruleset: tuple[Mapping[str, Any], ...] = ()
    flows: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Socket:
    """A socket of a process, in a node's namespace: what it is bound to, and who is at the other end."""

    node: str
    kind: str
    device: str
    local: str
    remote: str

    def __str__(self) -> str:
        device = f"%{self.device}" if self.device else ""
        return f"{self.kind} {self.local}{device}" + (f" to {self.remote}" if self.remote else "")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that holds sockets of nodes. group: equal for those that can pass data on to each other. words: of its
    command line, taken apart.
    """

    number: int
    name: str
    sockets: tuple[Socket, ...]
    group: int
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All nodes at one moment. cables: the other end of each interface that has one."""

    nodes: Mapping[str, NodeState]
    cables: Mapping[Place, Place]
    processes: tuple[Process, ...] = ()
    unread: tuple[str, ...] = ()
