"""What the node itself sends keeps its address: tunnels end at that address, and sessions are known by it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from raslab.gateway.outside import addresses_outside, outside
from raslab.gateway.plan import marks
from raslab.gateway.plan.interfaces import source_of
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import address
from raslab.model.topology import Tunnel
from raslab.net.names import kernel_name
from raslab.services.lines import in_quotes


def kept(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Rules that spare own connections a translator that uses the address of its interface.

    It would give a tunnel from another address of the node the interface's. Addresses at which nothing of the node
    ends are translated as those of any host inside are, so that what the node sends from there is answered too.
    """
    of_interfaces = [
        nat for nat in state.net_nats if all(pool.nat_name != nat.name for pool in state.net_nat_external_addresses)
    ]
    here = [nat for nat in of_interfaces if outside(nat, state, surroundings).around is surroundings]
    names = dict.fromkeys(name for nat in here for name in outside(nat, state, surroundings).interfaces)
    own = (text for nat in here for text in addresses_outside(nat, state, surroundings))
    kept_ones = sorted({IPv4Address(text) for text in own} | set(ends(state, surroundings)))
    if names and len(kept_ones) > 1:  # a single one is the interface's own
        outsides = ", ".join(in_quotes(kernel_name(name)) for name in names)
        listed = ", ".join(map(str, kept_ones))
        yield f"oifname {{ {outsides} }} {marks.OWN} ip saddr {{ {listed} }} accept"


def ends(state: GatewayState, surroundings: Surroundings) -> Iterator[IPv4Address]:
    """The IPv4 addresses of one part at which tunnels and BGP sessions end, by whomever they were made."""
    texts = [peer.local_ip_address for peer in state.bgp_peers]
    if surroundings.domain is None:
        texts += [one.local for one in surroundings.vxlans]
        texts += [one.local for one in surroundings.interfaces if isinstance(one, Tunnel)]
        texts += [one.source_ip_address or "" for one in state.gre_interfaces]
        texts += [source_of(one, surroundings) for one in state.vpn_s2s_interfaces]
        texts += [source_of(one, surroundings) for one in state.wireguard_interfaces]
    for text in texts:
        found = address(text)
        if isinstance(found, IPv4Address):
            yield found
