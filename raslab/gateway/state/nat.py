"""Network address translation, as the NetNat cmdlets take it. IPv4 only."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.gateway.state.written import Address, Addresses, Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class NetNat:
    """A translator: New-NetNat.

    external_ip_interface_address_prefix: the prefix in which the outside interface, be it a tunnel, has its address;
    without it, the interface of the default route. A routing domain without such an interface has its outside where
    the node has its own, and is translated there as soon as it has external addresses.
    internal_ip_interface_address_prefix: sources to translate; without it, all.
    Time-outs in seconds, None leaves the kernel's; that of ICMP is one for the node. They hold for connections that
    begin later, and a change of one leaves those that it was for to the kernel's.
    udp_filtering_behavior (RFC 4787, 5) and tcp_filtering_behavior (RFC 5382, 4.3): ``EndpointIndependent`` lets
    anybody in to a port that an inside host has sent from, ``AddressAndPortDependent`` only whom it sent to.
    """

    name: str
    external_ip_interface_address_prefix: Prefix | None = None
    internal_ip_interface_address_prefix: Prefix | None = None
    icmp_query_timeout: int | None = None
    tcp_established_connection_timeout: int | None = None
    tcp_transient_connection_timeout: int | None = None
    udp_idle_session_timeout: int | None = None
    udp_filtering_behavior: str = "AddressAndPortDependent"
    tcp_filtering_behavior: str = "AddressAndPortDependent"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetNatExternalAddress:
    """Addresses and ports that a translator may use: Add-NetNatExternalAddress. ip_address: one, or ``first-last``.

    Of several for one translator each host inside uses one, and always the same address of it.
    """

    nat_name: str
    ip_address: Addresses
    port_start: int = 1024
    port_end: int = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class NetNatStaticMapping:
    """A port of the outside that leads to a host inside: Add-NetNatStaticMapping.

    protocol: ``TCP`` or ``UDP``; external_ip_address ``0.0.0.0`` is every address of the outside interface;
    internal_port None is the external one; remote_external_ip_address_prefix: who may come in.
    """

    nat_name: str
    protocol: str
    external_ip_address: Address
    external_port: int
    internal_ip_address: Address
    internal_port: int | None = None
    remote_external_ip_address_prefix: Prefix | None = None
