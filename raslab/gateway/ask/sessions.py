"""The kernel's table of connections as those that were translated. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from raslab.gateway.records import NetNatSession
from raslab.gateway.state import GatewayState
from raslab.model import addresses

_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP"}
_STATES = (
    "",
    "SYN_SENT",
    "SYN_RECV",
    "ESTABLISHED",
    "FIN_WAIT",
    "CLOSE_WAIT",
    "LAST_ACK",
    "TIME_WAIT",
    "CLOSE",
    "SYN_SENT2",
)
"""TCP_CONNTRACK_* of linux/netfilter/nf_conntrack_tcp.h."""
_SOURCE_TRANSLATED, _DESTINATION_TRANSLATED = 1 << 4, 1 << 5  # IPS_SRC_NAT, IPS_DST_NAT


def sessions(state: GatewayState, messages: list[Any]) -> Iterator[NetNatSession]:
    """The connections among `messages` that were translated, each with the NAT that it belongs to. Pure."""
    for message in messages:
        status = message.get("CTA_STATUS") or 0
        if not status & (_SOURCE_TRANSLATED | _DESTINATION_TRANSLATED):
            continue
        there, back = _ends(message.get("CTA_TUPLE_ORIG")), _ends(message.get("CTA_TUPLE_REPLY"))
        inward = bool(status & _DESTINATION_TRANSLATED)
        # Either way the inside is the end that the translation is about, and the outside's view of it differs.
        inside, inside_port = (back[0], back[2]) if inward else (there[0], there[2])
        outside, outside_port = (there[1], there[3]) if inward else (back[1], back[3])
        peer, peer_port = (there[0], there[2]) if inward else (there[1], there[3])
        number = message.get("CTA_TUPLE_ORIG").get("CTA_TUPLE_PROTO").get("CTA_PROTO_NUM")
        yield NetNatSession(
            nat_name=_owner(state, inside),
            protocol=_PROTOCOLS.get(number, str(number)),
            direction="Inbound" if inward else "Outbound",
            internal_source_address=inside,
            internal_source_port=inside_port,
            external_source_address=outside,
            external_source_port=outside_port,
            external_destination_address=peer,
            external_destination_port=peer_port,
            state=_tcp_state(message),
            timeout_s=message.get("CTA_TIMEOUT") or 0,
        )


def _ends(attributes: Any) -> tuple[str, str, int, int]:
    """Source and destination address, source and destination port; of ICMP the identifier stands for both ports."""
    addresses, protocol = attributes.get("CTA_TUPLE_IP"), attributes.get("CTA_TUPLE_PROTO")
    identifier = protocol.get("CTA_PROTO_ICMP_ID") or 0
    return (
        addresses.get("CTA_IP_V4_SRC"),
        addresses.get("CTA_IP_V4_DST"),
        protocol.get("CTA_PROTO_SRC_PORT") or identifier,
        protocol.get("CTA_PROTO_DST_PORT") or identifier,
    )


def _tcp_state(message: Any) -> str:
    info = message.get("CTA_PROTOINFO")
    tcp = info.get("CTA_PROTOINFO_TCP") if info is not None else None
    number = tcp.get("CTA_PROTOINFO_TCP_STATE") if tcp is not None else None
    return _STATES[number] if number is not None else ""


def _owner(state: GatewayState, inside: str) -> str:
    """The first NAT that has such sources."""
    for nat in state.net_nats:
        prefix = nat.internal_ip_interface_address_prefix
        if prefix is None or addresses.address(inside) in addresses.network(prefix):
            return nat.name
    return ""
