"""What a running gateway answers: records with the cmdlets' columns, in snake_case.

They are plain data; `raslab.notebook.records` makes frames of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPart:
    """Something of a gateway, or of one of its routing domains. routing_domain: its name, None without any."""

    routing_domain: str | None = None


@dataclass(frozen=True, slots=True)
class VpnS2SInterfaceStatus(OfPart):
    """One S2S interface: Get-VpnS2SInterface. connection_state: ``Connected``, ``Disconnected`` or ``Disabled``.

    ike, esp: the algorithms in use, as strongSwan writes them; last_error: why the last dialling failed.
    """

    name: str
    protocol: str
    destination: tuple[str, ...]
    admin_status: bool
    connection_state: str
    ipv4_subnet: tuple[str, ...]
    ipv6_subnet: tuple[str, ...]
    ike: str
    esp: str
    last_error: str


@dataclass(frozen=True, slots=True)
class VpnS2SInterfaceStatistics(OfPart):
    """What an S2S interface carried since it exists or was cleared: Get-VpnS2SInterfaceStatistics.

    up_s: seconds since its tunnel came up, None while it is down; always None for GRE
    and WireGuard, which have no such moment. last_error: why the last dialling failed, empty after one that did not.
    """

    name: str
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    errors_in: int
    errors_out: int
    dropped_in: int
    dropped_out: int
    up_s: int | None
    last_error: str


@dataclass(frozen=True, slots=True)
class RemoteAccessRoutingDomain:
    """One tenant of a multitenant gateway: Get-RemoteAccessRoutingDomain. vrf, table: what it is on Linux."""

    routing_domain: str
    routing_domain_id: str
    type: tuple[str, ...]
    interfaces: tuple[str, ...]
    vrf: str
    table: int
    tx_bandwidth_kbps: int = 0
    rx_bandwidth_kbps: int = 0


@dataclass(frozen=True, slots=True)
class BgpPeerStatus(OfPart):
    """One BGP session: Get-BgpPeer. connectivity_status: ``Connected``, ``Connecting`` or ``Stopped``.

    reason: why it is not connected, as far as that is known.
    """

    peer_name: str
    local_ip_address: str
    peer_ip_address: str
    peer_asn: int
    operation_mode: str
    peering_mode: str
    connectivity_status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BgpRouteInformation(OfPart):
    """One path to a network: Get-BgpRouteInformation. med and local_pref are None where the path has none.

    state: ``Best``, ``Valid``, ``Unresolved``, ``Damped`` or ``Suppressed``.
    learnt_from: name of the peer, empty for own routes.
    """

    destination_network: str
    next_hop: str
    learnt_from: str
    state: str
    local_pref: int | None
    med: int | None
    weight: int
    as_path: str
    origin: str


@dataclass(frozen=True, slots=True)
class BgpStatistics(OfPart):
    """What one session has exchanged: Get-BgpStatistics. state: of RFC 4271's state machine; up_s: None while down.

    last_reset: why it ended last, with the NOTIFICATION that was ``sent`` or ``received`` (RFC 4486) if there was one;
    empty if it never has, or if that is not known any more.
    """

    peer_name: str
    state: str
    up_s: int | None
    open_sent: int
    open_received: int
    update_sent: int
    update_received: int
    notification_sent: int
    notification_received: int
    keepalive_sent: int
    keepalive_received: int
    route_refresh_sent: int
    route_refresh_received: int
    ipv4_prefixes_received: int
    ipv6_prefixes_received: int
    last_reset: str


@dataclass(frozen=True, slots=True)
class IpFilterCounter(OfPart):
    """What one line of a packet filter has seen. verdict: ``accept`` or ``drop``; line ``*`` is the rest of a Deny."""

    interface_alias: str
    direction: str
    address_family: str
    line: str
    verdict: str
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class NetNatSession(OfPart):
    """One translated connection: Get-NetNatSession. direction: who called, ``Inbound`` by a static mapping.

    Of ICMP the identifier stands for the ports. state: of TCP; timeout_s: seconds until it is forgotten if idle.
    """

    nat_name: str
    protocol: str
    direction: str
    internal_source_address: str
    internal_source_port: int
    external_source_address: str
    external_source_port: int
    external_destination_address: str
    external_destination_port: int
    state: str
    timeout_s: int
