"""strongSwan's SAs as the state of S2S interfaces. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raslab.gateway.plan.s2s import interface_of
from raslab.gateway.records import VpnS2SInterfaceStatus
from raslab.gateway.state import GreInterface, S2SInterface, VpnS2SInterface

Sa = Mapping[str, Any]


def status(
    interface: S2SInterface, sas: Sequence[Sa], last_error: str = "", has_keys: bool = False
) -> VpnS2SInterfaceStatus:
    """An interface with the tunnel that it has now. sas: as VICI lists them; has_keys: of WireGuard."""
    tunnel = tunnel_of(interface.name, sas)
    connected = tunnel is not None or has_keys or isinstance(interface, GreInterface)
    state = "Disabled" if not interface.admin_status else "Connected" if connected else "Disconnected"
    ike, child = tunnel if tunnel else ({}, {})
    return VpnS2SInterfaceStatus(
        name=interface.name,
        protocol=_protocol(interface),
        destination=interface.destination,
        admin_status=interface.admin_status,
        connection_state=state,
        ipv4_subnet=interface.ipv4_subnet,
        ipv6_subnet=interface.ipv6_subnet,
        ike=_algorithms(ike, ("encr", "integ", "prf", "dh")),
        esp=_algorithms(child, ("encr", "integ", "dh")),
        last_error=last_error,
    )


def tunnel_of(name: str, sas: Sequence[Sa]) -> tuple[Sa, Sa] | None:
    """The IKE SA and the CHILD SA that carry an interface's packets, or None."""
    for sa in sas:
        if interface_of(sa.get("name", "")) == name and sa.get("state") == "ESTABLISHED":
            for child in sa.get("child-sas", {}).values():
                if child.get("name") == name and child.get("state") in ("INSTALLED", "REKEYING", "REKEYED"):
                    return sa, child
    return None


def counters(tunnel: tuple[Sa, Sa] | None) -> dict[str, int]:
    """What the present keys of a tunnel have carried, in the words of a network interface."""
    child = tunnel[1] if tunnel else {}
    words = {"rx_bytes": "bytes-in", "tx_bytes": "bytes-out", "rx_packets": "packets-in", "tx_packets": "packets-out"}
    none = dict.fromkeys(("rx_errors", "tx_errors", "rx_dropped", "tx_dropped"), 0)
    return {name: int(child.get(word, 0)) for name, word in words.items()} | none


def _protocol(interface: S2SInterface) -> str:
    if isinstance(interface, VpnS2SInterface):
        return interface.protocol
    return "GRE" if isinstance(interface, GreInterface) else "WireGuard"


def _algorithms(sa: Sa, kinds: Sequence[str]) -> str:
    """``AES_CBC_256/HMAC_SHA2_256_128/...`` with the key lengths."""
    words = []
    for kind in kinds:
        word = sa.get(f"{kind}-alg" if kind != "dh" else "dh-group")
        if word:
            size = sa.get(f"{kind}-keysize")
            words.append(f"{word}_{size}" if size and size != "0" else word)
    return "/".join(words)
