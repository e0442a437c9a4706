"""WireGuard interfaces: keys and peers for the kernel."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.gateway.scopes import Scope
from raslab.gateway.state import WireguardInterface
from raslab.model.addresses import address, network
from raslab.services import Wireguard
from raslab.services import WireguardInterface as Configured


def service(parts: Sequence[Scope]) -> Wireguard | None:
    """The configuration of all WireGuard interfaces of all parts, or None without any."""
    interfaces = tuple(_configured(one) for state, _ in parts for one in state.wireguard_interfaces)
    return Wireguard(interfaces) if interfaces else None


def _configured(one: WireguardInterface) -> Configured:
    assert one.private_key is not None  # the rules have seen to it
    assert one.public_key is not None
    return Configured(
        interface=one.name,
        private_key=one.private_key,
        listen_port=one.listen_port,
        peer_public_key=one.public_key,
        endpoint=(str(address(one.destination[0])), one.destination_port),
        allowed_ips=tuple(str(network(text)) for text in one.allowed_ips),
        preshared_key=one.preshared_key,
        keepalive_s=one.keepalive_seconds,
    )
