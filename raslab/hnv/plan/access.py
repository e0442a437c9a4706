"""Access lists of ports, as a table of nftables on the compute host.

What comes from a port is looked at when it enters the bridge and what goes to it when it leaves, so traffic that the
distributed router takes or sends is covered too. The rules have no memory of connections. ARP and ND are not subject
to access lists, but nobody may use an address that is not theirs, or say that they are a router. Nothing that the
router says to all goes to other hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raslab.hnv.plan.index import Index
from raslab.hnv.state import AclRule, Attachment, ComputeHost
from raslab.model import addresses
from raslab.net.names import kernel_name
from raslab.services import Chain, Table
from raslab.services.lines import in_quotes

TABLE = "hnv_acl"
"""The table's name, of the family `bridge`."""

_RESOLUTION = "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept"
# What the distributed router sends to all, its bridge floods to all ports, whatever their settings (Linux, br_flood).
_TO_GROUPS = "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00"
_HEADER = "priority filter; policy accept"
_VERDICTS = {"Allow": "accept", "Deny": "drop"}


def tables(state: Index, host: ComputeHost, overlay: Sequence[str]) -> Iterator[Table]:
    """The table of one host; none if it knows no virtual network. overlay: its ports that lead to other hosts."""
    local = state.local(host)
    if not local and not overlay:
        return
    # A jump needs its target: chains that are jumped to come first.
    chains = {}
    for one in local:
        chains[chain(one, "out")] = Chain(rules=(*_own_addresses(one), *_rules(one, "Outbound")))
        chains[chain(one, "in")] = Chain(rules=tuple(_rules(one, "Inbound")))
    outbound = tuple(f"iifname {in_quotes(kernel_name(one.port))} jump {chain(one, 'out')}" for one in local)
    inbound = tuple(f"oifname {in_quotes(kernel_name(one.port))} jump {chain(one, 'in')}" for one in local)
    to_groups = tuple(f"oifname {in_quotes(kernel_name(name))} {_TO_GROUPS} counter drop" for name in overlay)
    chains["from"] = Chain(f"type filter hook prerouting {_HEADER}", outbound)
    chains["to"] = Chain(f"type filter hook postrouting {_HEADER}", inbound)
    chains["router"] = Chain(f"type filter hook output {_HEADER}", to_groups)
    yield Table("bridge", TABLE, chains)


def chain(one: Attachment, way: str) -> str:
    """The chain of what a port's node sends (``out``) or gets (``in``). To nft, names begin with a letter."""
    return f"{way}_{one.port}"


def _own_addresses(one: Attachment) -> Iterator[str]:
    """Nobody speaks for another: no frames, no packets, no ARP in another's name."""
    yield f"ether saddr != {one.mac} counter drop"
    if one.routes_for_others:
        return
    four = [text for text in one.customer_addresses if ":" not in text]
    six = [text for text in one.customer_addresses if ":" in text]
    if four:
        known = ", ".join(four)
        yield f"arp saddr ip != {{ {known} }} counter drop"
        yield f"ip saddr != {{ {known} }} counter drop"
    else:
        yield "meta protocol { ip, arp } counter drop"
    yield "icmpv6 type nd-router-advert counter drop"
    yield f"ip6 saddr != {{ {', '.join([*six, '::', 'fe80::/10'])} }} counter drop"


def _rules(one: Attachment, direction: str) -> Iterator[str]:
    yield "meta protocol arp accept"
    yield _RESOLUTION
    for rule in one.acl:
        if rule.direction == direction:
            yield from (f"{words}counter {_VERDICTS[rule.action]}" for words in _matches(rule))
    yield "counter drop"


def _matches(rule: AclRule) -> Iterator[str]:
    """The rule for each IP version to which it can apply, or once for all if it does not tell."""
    versions = {
        "ip6" if addresses.network_or_host(text).version == 6 else "ip"
        for text in (rule.source_prefix, rule.destination_prefix)
        if text != "*"
    }
    if not versions and rule.protocol == "All":
        yield ""
        return
    for family in sorted(versions) or ["ip", "ip6"]:
        words = [
            f"{family} {side} {_prefix(text)}"
            for side, text in (("saddr", rule.source_prefix), ("daddr", rule.destination_prefix))
            if text != "*"
        ]
        yield " ".join([*words, *_protocol(rule, family)]) + " "


def _protocol(rule: AclRule, family: str) -> Iterator[str]:
    if rule.protocol == "ICMP":
        yield "ip protocol icmp" if family == "ip" else "meta l4proto ipv6-icmp"
    elif rule.protocol != "All":
        name = rule.protocol.lower()
        yield f"ip protocol {name}" if family == "ip" else f"meta l4proto {name}"
        for side, ports in (("sport", rule.source_ports), ("dport", rule.destination_ports)):
            if ports != "*":
                yield f"{name} {side} {ports}"


def _prefix(text: str) -> str:
    network = addresses.network_or_host(text)
    return str(network.network_address) if network.num_addresses == 1 else str(network)
