"""Packet filters of an interface, as Add-RemoteAccessIpFilter takes them."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.gateway.state.written import FilterLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccessIpFilter:
    """The filter of one interface, family (``IPv4``, ``IPv6``) and direction (``Inbound``, ``Outbound``).

    action ``Allow`` lets all pass but what is listed, ``Deny`` drops all but what is listed.
    list: ``10.0.0.0/16:10.2.0.0/16:TCP:0:443``: source, destination, protocol (TCP, UDP, ICMP, a number or ANY), then
    source and destination port, or type and code of ICMP; 0 and nothing mean any port.
    """

    interface_alias: str
    address_family: str
    direction: str
    action: str
    list: tuple[FilterLine, ...]
