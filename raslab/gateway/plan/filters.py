"""Packet filters as nftables rules: what an interface lets in and out, as seen on its own wire.

Inbound rules look at packets before NAT changes them, outbound rules after it has.
"""

from __future__ import annotations

from collections.abc import Sequence

from raslab.gateway.scopes import Scope
from raslab.gateway.state import RemoteAccessIpFilter
from raslab.gateway.state.notation import packet_filter
from raslab.model.addresses import AnyNetwork
from raslab.net.names import kernel_name
from raslab.services import Chain, NftSet, Table
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word

CHAINS = {"Inbound": "inbound", "Outbound": "outbound"}
_HOOKS = {
    "Inbound": "type filter hook prerouting priority mangle; policy accept",
    "Outbound": "type filter hook postrouting priority 300; policy accept",
}
_INTERFACE = {"Inbound": "iifname", "Outbound": "oifname"}
# Without neighbour discovery (RFC 4861) an interface has no IPv6 at all, so it is never filtered.
_NEIGHBOURS = (
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } counter accept"
)


def table(parts: Sequence[Scope]) -> Table | None:
    """The table ``filters``, or None without any filter.

    A packet finds the chain of its interface by name, however many there are. An interface of a VRF hands its packets
    to the VRF, which lets them pass the same hook once more under its own name, so that a filter sees them once.
    """
    wanted = [one for state, _ in parts for one in state.ip_filters]
    if not wanted:
        return None
    chains: dict[str, Chain] = {}
    ways: dict[str, NftSet] = {}
    for direction, base in CHAINS.items():
        names = dict.fromkeys(one.interface_alias for one in wanted if one.direction == direction)
        chains[base] = Chain(_HOOKS[direction], (f"{_INTERFACE[direction]} vmap @{base}-ways",) if names else ())
        if names:
            elements = tuple(f"{in_quotes(kernel_name(name))} : jump {chain(direction, name)}" for name in names)
            ways[f"{base}-ways"] = NftSet("type ifname : verdict", elements, "map")
    for one in wanted:
        name = chain(one.direction, one.interface_alias)
        before = chains.get(name, Chain()).rules
        chains[name] = Chain("", (*before, *rules(one)))
    return Table("inet", "filters", chains, ways)


def chain(direction: str, interface: str) -> str:
    """The chain for what an interface takes in or sends."""
    return f"{CHAINS[direction]}-{word(interface)}"


NEIGHBOURS_LINE = "neighbour discovery"
THE_REST = "*"


def lines(one: RemoteAccessIpFilter) -> list[str]:
    """What each of the rules of a filter stands for: a line of its list, or one of the words above."""
    if one.action == "Allow":
        return list(one.list)
    return [*([NEIGHBOURS_LINE] if one.address_family == "IPv6" else []), *one.list, THE_REST]


def rules(one: RemoteAccessIpFilter) -> list[str]:
    """The rules of one filter in order: one per line of its list, and for ``Deny`` a last one that drops the rest."""
    family = "ip6" if one.address_family == "IPv6" else "ip"
    where = f"meta nfproto {one.address_family.lower()}"
    verdict = "accept" if one.action == "Deny" else "drop"
    found = [" ".join([where, *match(text, family), "counter", verdict]) for text in one.list]
    if one.action == "Deny":
        if family == "ip6":
            found.insert(0, f"{where} {_NEIGHBOURS}")
        found.append(f"{where} counter drop")
    return found


def match(text: str, family: str) -> list[str]:
    """The words of nft for one line. family: ``ip`` or ``ip6``."""
    line = packet_filter(text)
    words = _address(family, "saddr", line.source) + _address(family, "daddr", line.destination)
    if line.protocol in ("TCP", "UDP"):
        protocol = line.protocol.lower()
        words.append(f"meta l4proto {protocol}")
        for word, port in (("sport", line.first), ("dport", line.second)):
            if port is not None:
                words.append(f"{protocol} {word} {port}")
    elif line.protocol == "ICMP":
        protocol = "icmpv6" if family == "ip6" else "icmp"
        words.append(f"meta l4proto {'ipv6-icmp' if family == 'ip6' else 'icmp'}")
        for word, value in (("type", line.first), ("code", line.second)):
            if value is not None:
                words.append(f"{protocol} {word} {value}")
    elif line.protocol != "ANY":
        words.append(f"meta l4proto {line.protocol}")
    return words


def _address(family: str, word: str, network: AnyNetwork) -> list[str]:
    return [f"{family} {word} {network}"] if network.prefixlen else []
