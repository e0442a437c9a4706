"""Tunnels."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from raslab.model import addresses, sentences
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.topology import TUNNEL_KINDS, Tunnel

MAX_KEY = 0xFFFFFFFF  # RFC 2890, section 2.1
MAX_TTL = 255


def check(facts: Facts) -> Iterator[str]:
    """Impossible kinds, keys, end points, and tunnels that the kernel could not tell apart."""
    seen: dict[str, Tunnel] = {}
    for tunnel in facts.topology.tunnels:
        where = f"tunnel {tunnel.name} of node {tunnel.node}"
        if tunnel.node not in facts.nodes:
            yield sentences.unknown_node(f"the tunnel {tunnel.name}", tunnel.node, list(facts.nodes))
            continue
        if facts.nodes[tunnel.node].kind.is_switch:
            yield f"Tunnel {tunnel.name} is on switch {tunnel.node}: put it on a host or router."
            continue
        yield from _parameters(tunnel, where)
        yield from _end_points(facts, tunnel, where)
        if tunnel.kind == "wireguard":
            continue  # told apart by the ports that they listen on, which are no part of the topology
        other = seen.setdefault(_identity(tunnel), tunnel)
        if other is not tunnel:
            same = (
                "the same end points and no key" if tunnel.key is None else f"the same end points and key {tunnel.key}"
            )
            if tunnel.kind == "xfrm":
                same = f"the same key {tunnel.key}"
            yield (
                f"Tunnels {other.name} and {tunnel.name} of node {tunnel.node} have {same}: "
                "give one of them another key."
            )


def _identity(tunnel: Tunnel) -> str:
    """What the kernel tells tunnels apart by, as text because nothing of it need be hashable."""
    if tunnel.kind == "xfrm":
        return repr((tunnel.node, tunnel.kind, tunnel.key))
    return repr((tunnel.node, tunnel.kind, tunnel.local, tunnel.remote, tunnel.key))


def _parameters(tunnel: Tunnel, where: str) -> Iterator[str]:
    if tunnel.kind not in TUNNEL_KINDS:
        yield f"Kind {tunnel.kind} of {where} is unknown: choose one of {', '.join(TUNNEL_KINDS)}."
    if tunnel.key is not None and not (is_integer(tunnel.key) and 0 <= tunnel.key <= MAX_KEY):
        yield (f"Key {tunnel.key} of {where} does not fit into the 32 bits of a GRE key: choose 0 to {MAX_KEY}.")
    elif tunnel.kind == "xfrm" and not tunnel.key:
        yield (
            f"Tunnel {tunnel.name} of node {tunnel.node} has no key, which IPsec needs to tell its packets apart: "
            f"choose 1 to {MAX_KEY}."
        )
    if tunnel.checksum not in (True, False):
        yield f"checksum {sentences.quoted(tunnel.checksum)} of {where} is neither True nor False: give one of them."
    elif tunnel.checksum and tunnel.kind not in ("gre", "gretap"):
        yield f"The {where} is of kind {tunnel.kind}, which has no checksum of its own: leave checksum out."
    if not (is_integer(tunnel.ttl) and 1 <= tunnel.ttl <= MAX_TTL):
        yield f"TTL {tunnel.ttl} of {where} is impossible: choose 1 to {MAX_TTL}."


def _end_points(facts: Facts, tunnel: Tunnel, where: str) -> Iterator[str]:
    ends: list[IPv4Address | IPv6Address] = []
    for role, text in (("Local", tunnel.local), ("Remote", tunnel.remote)):
        try:
            ends.append(addresses.address(str(text)))  # of a number it would make an address
        except ValueError:
            yield f"{role} address {text} of {where} cannot be read: write an address without prefix length."
    if len(ends) < 2:
        return
    local, remote = ends
    if local.version != remote.version:
        yield (
            f"Local address {local} and remote address {remote} of {where} are of different families: use one family."
        )
        return
    if local == remote:
        yield f"Local and remote address of {where} are both {local}: the remote one is the other gateway's."
    own = [address.ip for address in facts.addresses_of(tunnel.node, except_for=tunnel)]
    if local in own:
        return
    inside = next((vrf for vrf in facts.vrfs_of(tunnel.node) if local in _addresses(facts, tunnel, vrf)), None)
    if inside is not None:
        yield (
            f"Local address {local} of {where} is in VRF {inside}, but the outer packets are routed by the main table: "
            "use an address of an interface that belongs to no VRF."
        )
    else:
        choice = ", ".join(str(address) for address in own if address.version == local.version)
        yield (
            f"Local address {local} of {where} is not an address of that node: use one of {choice or 'its interfaces'}."
        )


def _addresses(facts: Facts, tunnel: Tunnel, vrf: str) -> list[IPv4Address | IPv6Address]:
    return [address.ip for address in facts.addresses_of(tunnel.node, vrf, except_for=tunnel)]
