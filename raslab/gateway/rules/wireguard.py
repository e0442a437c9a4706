"""WireGuard interfaces."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from raslab.gateway.rules.reading import given, prefix_problem, range_problem
from raslab.gateway.rules.s2s import only_destination
from raslab.gateway.rules.subnets import title
from raslab.gateway.state import GatewayState, WireguardInterface
from raslab.gateway.surroundings import Surroundings
from raslab.services.wireguard import public_key_of

KEY_BYTES = 32


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """End points, keys and ports."""
    ports: dict[int, str] = {}
    for one in state.wireguard_interfaces:
        where = title(one, surroundings.title)
        yield from only_destination(one.destination, where, surroundings, needs_route=True)
        yield from _keys(one, where)
        yield from given(
            range_problem(one.listen_port, 1, 65535, "listen_port", where),
            range_problem(one.destination_port, 1, 65535, "destination_port", where),
            range_problem(one.keepalive_seconds, 0, 65535, "keepalive_seconds", where),
            *(prefix_problem(text, "Allowed prefix", where) for text in one.allowed_ips),
        )
        if not one.allowed_ips:
            yield f"The {where} has no allowed_ips, so nothing could pass: leave it out, which allows everything."
        other = ports.setdefault(one.listen_port, one.name)
        if other != one.name:
            yield (
                f"WireGuard interfaces {other} and {one.name} of {surroundings.title} both listen on port "
                f"{one.listen_port}: give one of them another listen_port."
            )


def _keys(one: WireguardInterface, where: str) -> Iterator[str]:
    if one.private_key is None:
        yield f"The {where} has no private_key: give one that new_wireguard_keys made."
    if one.public_key is None:
        yield f"The {where} has no public_key: give the other gateway's."
    for text, name in (
        (one.private_key, "private_key"),
        (one.public_key, "public_key"),
        (one.preshared_key, "preshared_key"),
    ):
        if text is not None and not _is_key(text):
            shown = f" {text}" if name == "public_key" else ""  # the others are secrets
            yield f"{name}{shown} of {where} is no key: give {KEY_BYTES} bytes in base64, as new_wireguard_keys does."
    if one.private_key and _is_key(one.private_key) and one.public_key == public_key_of(one.private_key):
        yield f"public_key {one.public_key} of {where} is its own: give the other gateway's."


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except ValueError:
        return False
