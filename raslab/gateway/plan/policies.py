"""Routing policies as route-maps of FRR: a way in and a way out for each peer.

A route goes through the policies in order. What a policy of type Deny fits is dropped; what none of the policies of
type Allow fits is dropped, if there are any; what a policy of type ModifyAttribute fits is changed and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from raslab.gateway.plan.number_ranges import pattern
from raslab.gateway.state import BgpRoutingPolicy
from raslab.gateway.state.notation import asn, community
from raslab.model.addresses import AnyNetwork, address, network

LAST = 65535
"""The number of the entry that lets pass what has come so far."""


@dataclass
class RouteMap:
    """A route-map in the making. A stage is what a policy needs; to leave a stage is to go on with the next.

    The entries of a stage are ``permit``, which goes on, ``deny``, or ``accept``, which lets pass at once.
    """

    name: str
    stages: list[list[tuple[str, list[str]]]] = field(default_factory=list)

    def text(self, finally_: Sequence[str] = ()) -> Iterator[str]:
        """Its lines; `finally_`: what is set on everything that passes."""
        number = 10
        starts = []
        for stage in self.stages:
            starts.append(number)
            number += 10 * len(stage)
        for position, stage in enumerate(self.stages):
            onward = starts[position + 1] if position + 1 < len(starts) else LAST
            for offset, (verdict, lines) in enumerate(stage):
                word = "deny" if verdict == "deny" else "permit"
                yield f"route-map {self.name} {word} {starts[position] + 10 * offset}"
                yield from (f" {line}" for line in lines)
                if verdict == "permit":
                    yield f" on-match goto {onward}"
        yield f"route-map {self.name} permit {LAST}"
        yield from (f" {line}" for line in finally_)


def add_policies(route_map: RouteMap, policies: Iterable[BgpRoutingPolicy]) -> None:
    """Put the policies of one peer and direction into its route-map."""
    ordered = list(policies)
    allowing = [policy for policy in ordered if policy.policy_type == "Allow"]
    for policy in ordered:
        if policy.policy_type == "ModifyAttribute":
            route_map.stages.append([*_left_alone(policy), *_entries("permit", policy, settings(policy))])
        elif policy.policy_type == "Deny":
            route_map.stages.append([*_left_alone(policy), *_entries("deny", policy)])
        elif policy is allowing[0]:
            stage = [entry for one in allowing for entry in (*_left_alone(one), *_entries("permit", one))]
            route_map.stages.append([*stage, ("deny", [])])


def definitions(policies: Iterable[BgpRoutingPolicy]) -> Iterator[str]:
    """The lists that the route-maps of these policies refer to."""
    for policy in policies:
        yield from _prefix_lists(f"{policy.name}-match", map(network, policy.match_prefix))
        yield from _prefix_lists(f"{policy.name}-ignore", map(network, policy.ignore_prefix))
        hops = map(address, policy.match_next_hop)
        yield from _prefix_lists(f"{policy.name}-next-hop", (network(f"{hop}/{hop.max_prefixlen}") for hop in hops))
        if policy.match_asn_range:
            low, high = map(asn, policy.match_asn_range)
            yield f"bgp as-path access-list {policy.name} seq 5 permit _{pattern(low, high)}_"
        for what, texts in (("match", policy.match_community), ("remove", policy.remove_community)):
            for number, text in enumerate(map(community, texts), 1):
                yield f"bgp community-list standard {policy.name}-{what} seq {number * 5} permit {text}"


def settings(policy: BgpRoutingPolicy) -> list[str]:
    """What the policy sets."""
    found = []
    if policy.new_local_pref is not None:
        found.append(f"set local-preference {policy.new_local_pref}")
    if policy.new_med is not None or policy.clear_med:
        found.append(f"set metric {policy.new_med or 0}")  # FRR cannot take a MED away; 0 counts the same (RFC 4271)
    if policy.new_next_hop is not None:
        hop = address(policy.new_next_hop)
        found.append(f"set {'ipv6 next-hop global' if hop.version == 6 else 'ip next-hop'} {hop}")
    if policy.remove_all_communities:
        found.append("set community none")
    if policy.remove_community:
        found.append(f"set comm-list {policy.name}-remove delete")
    if policy.add_community:
        found.append(f"set community {' '.join(map(community, policy.add_community))} additive")
    return found


def _left_alone(policy: BgpRoutingPolicy) -> list[tuple[str, list[str]]]:
    return [
        ("permit", [f"match {family} address prefix-list {policy.name}-ignore"])
        for family in _families(policy.ignore_prefix)
    ]


def _entries(verdict: str, policy: BgpRoutingPolicy, sets: Sequence[str] = ()) -> Iterator[tuple[str, list[str]]]:
    """One entry per address family that the matches speak of; one for both if they speak of none."""
    lines = []
    if policy.match_asn_range:
        lines.append(f"match as-path {policy.name}")
    if policy.match_community:
        lines.append(f"match community {policy.name}-match")
    prefix_families, hop_families = _families(policy.match_prefix), _families(policy.match_next_hop)
    for family in dict.fromkeys((*prefix_families, *hop_families)) or ("",):
        own = list(lines)
        if policy.match_prefix:
            if family not in prefix_families:
                continue
            own.append(f"match {family} address prefix-list {policy.name}-match")
        if policy.match_next_hop:
            if family not in hop_families:
                continue
            own.append(f"match {family} next-hop prefix-list {policy.name}-next-hop")
        yield verdict, [*own, *sets]


def _families(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys("ipv6" if ":" in text else "ip" for text in texts))


def _prefix_lists(name: str, prefixes: Iterable[AnyNetwork]) -> Iterator[str]:
    for number, prefix in enumerate(prefixes, 1):
        family = "ipv6" if prefix.version == 6 else "ip"
        yield f"{family} prefix-list {name} seq {number * 5} permit {prefix}"
