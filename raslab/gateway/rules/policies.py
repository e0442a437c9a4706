"""Routing policies, and where they are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from raslab.gateway.rules.reading import address, choice_problem, given, name_problem, prefix_problem, range_problem
from raslab.gateway.state import BgpRoutingPolicy, GatewayState
from raslab.gateway.state.notation import MAX_ASN, asn, community
from raslab.gateway.surroundings import Surroundings

POLICY_TYPES = ("Allow", "Deny", "ModifyAttribute")
DIRECTIONS = ("Ingress", "Egress")


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Matches and settings of each policy; names that do not exist where policies are used."""
    for policy in state.bgp_routing_policies:
        where = f"BGP routing policy {policy.name} of {surroundings.title}"
        yield from given(
            name_problem(policy.name, f"a BGP routing policy of {surroundings.title}"),
            choice_problem(policy.policy_type, POLICY_TYPES, "Type", where),
        )
        yield from _matches(policy, where)
        yield from _settings(policy, where)
    yield from _uses(state, surroundings)


def _matches(policy: BgpRoutingPolicy, where: str) -> Iterator[str]:
    matches = policy.match_prefix or policy.match_asn_range or policy.match_community or policy.match_next_hop
    if not matches and not policy.force:
        yield f"The {where} matches nothing in particular and would be for all routes: give a match, or force=True."
    for text in (*policy.match_prefix, *policy.ignore_prefix):
        yield from given(prefix_problem(text, "Prefix", where))
    span = policy.match_asn_range
    if span and not _is_range(span):
        yield f"match_asn_range {', '.join(map(str, span))} of {where} is no range: give first and last AS number."
    for text in policy.match_next_hop:
        if address(text) is None:
            yield f"Next hop {text} of {where} cannot be read: write an address without prefix length."
    for text in (*policy.match_community, *policy.add_community, *policy.remove_community):
        if not _is_community(text):
            yield f"Community {text} of {where} cannot be read: write two numbers up to 65535 like 65001:100."


def _settings(policy: BgpRoutingPolicy, where: str) -> Iterator[str]:
    settings = {
        "new_local_pref": policy.new_local_pref is not None,
        "new_med": policy.new_med is not None,
        "new_next_hop": policy.new_next_hop is not None,
        "add_community": bool(policy.add_community),
        "remove_community": bool(policy.remove_community),
        "remove_all_communities": policy.remove_all_communities,
        "clear_med": policy.clear_med,
    }
    chosen = [name for name, is_set in settings.items() if is_set]
    if policy.policy_type == "ModifyAttribute" and not chosen:
        yield f"The {where} is to modify attributes and names none: give one of {', '.join(settings)}."
    if policy.policy_type in ("Allow", "Deny") and chosen:
        yield (
            f"The {where} is of type {policy.policy_type} and cannot set {' and '.join(chosen)}: "
            "make a second policy of type ModifyAttribute."
        )
    yield from given(
        range_problem(policy.new_local_pref, 0, 2**32 - 1, "new_local_pref", where),
        range_problem(policy.new_med, 0, 2**32 - 1, "new_med", where),
    )
    if policy.new_next_hop is not None and address(policy.new_next_hop) is None:
        yield f"new_next_hop {policy.new_next_hop} of {where} cannot be read: write an address without prefix length."
    if policy.new_med is not None and policy.clear_med:
        yield f"The {where} both sets and clears the MED: keep new_med or clear_med."
    if policy.remove_all_communities and (policy.add_community or policy.remove_community):
        yield f"The {where} removes all communities and adds or removes some: make two policies of it."


def _uses(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    types = {policy.name: policy.policy_type for policy in state.bgp_routing_policies}
    peers = [peer.name for peer in state.bgp_peers]
    for use in state.bgp_routing_policies_for_peers:
        yield from given(
            choice_problem(
                use.direction, DIRECTIONS, "Direction", f"the policies for peer {use.peer_name} of {surroundings.title}"
            )
        )
        if use.peer_name not in peers:
            yield (
                f"{surroundings.title} has no BGP peer {use.peer_name} to give policies to"
                f"{_meant(use.peer_name, peers)}"
            )
        for name in use.policy_name:
            if name not in types:
                yield (
                    f"BGP peer {use.peer_name} of {surroundings.title} uses the routing policy {name}, which does not "
                    f"exist{_meant(name, list(types))}"
                )
    for aggregate in state.bgp_route_aggregates:
        for name in aggregate.attribute_policy:
            if name not in types:
                yield (
                    f"Aggregate {aggregate.prefix} of {surroundings.title} uses the routing policy {name}, which does "
                    f"not exist{_meant(name, list(types))}"
                )
            elif types[name] != "ModifyAttribute":
                yield (
                    f"Aggregate {aggregate.prefix} of {surroundings.title} uses the routing policy {name} of type "
                    f"{types[name]}: it takes policies of type ModifyAttribute."
                )


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f": did you mean {close[0]}?"
    return f": choose one of {', '.join(known)}." if known else ": add it first."


def _is_community(text: str) -> bool:
    try:
        return bool(community(text))
    except ValueError:
        return False


def _is_range(span: Sequence[int | str]) -> bool:
    """Whether these are a first and a last AS number."""
    try:
        low, high = map(asn, span)
    except ValueError:
        return False
    return 0 < low <= high <= MAX_ASN
