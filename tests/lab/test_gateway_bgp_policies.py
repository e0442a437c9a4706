"""Routing policies: each match and each setting, in both directions and families, as the neighbours' tables have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from star import Routers, Star, lans
from two_sites import until

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

OWN, INNER, WEST = "10.1.0.0/24", "10.4.0.0/24", "10.2.0.0/24"  # of gw1, of core and of gw2, as gw3 hears of them
MARKS = {"64512:1", "64512:2"}


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers of which gw1 passes everything on; core marks its LAN with two communities."""
    with Network(Star()) as network:
        found = Routers(network)
        found.configure(ipv6=True, router={"transit_routing": True})
        core = found.core
        core.add_bgp_routing_policy("marks", "ModifyAttribute", match_prefix=INNER, add_community=sorted(MARKS))
        core.add_bgp_routing_policy_for_peer("gw1", "marks", "Egress")
        until("gw3 knows all", lambda: {OWN, INNER, WEST, "2001:db8:2::/64"} <= found.networks("gw3"))
        until("the marks are there", lambda: communities(found, INNER) == MARKS)
        yield found


def path(routers: Routers, network: str, name: str = "gw3") -> dict[str, Any]:
    """The first path to a network that a router was told of, in bgpd's words; empty without any."""
    family = "ipv6" if ":" in network else "ipv4"
    told: dict[str, Any] = routers.services.vty(name, "bgpd").show(f"show bgp {family} unicast {network} json")
    return next(iter(told.get("paths", ())), {})


def communities(routers: Routers, network: str) -> set[str]:
    """The communities with which gw3 was told of a network."""
    return set(path(routers, network).get("community", {}).get("list", ()))


def deny(routers: Routers, direction: str = "Egress", peer: str = "gw3", **matches: object) -> None:
    """Deny what fits to one peer of gw1, in the place of all other policies for it."""
    routers.gw1.add_bgp_routing_policy("deny", "Deny", **matches)
    routers.gw1.add_bgp_routing_policy_for_peer(peer, "deny", direction)


def modify(routers: Routers, **settings: object) -> None:
    """Change what is told to gw3 of core's LAN."""
    routers.gw1.add_bgp_routing_policy("change", "ModifyAttribute", match_prefix=INNER, **settings)
    routers.gw1.add_bgp_routing_policy_for_peer("gw3", "change", "Egress")


@pytest.mark.parametrize(
    ("matches", "gone"),
    [
        ({"match_prefix": [OWN, "2001:db8:2::/64"]}, {OWN, "2001:db8:2::/64"}),
        ({"match_prefix": "10.0.0.0/8"}, set()),  # a prefix is met by itself, not by those inside it
        ({"match_asn_range": (64513, 64600)}, {WEST, "2001:db8:2::/64"}),
        ({"match_asn_range": (64514, 64600)}, set()),  # gw3's own: never on the way to it
        ({"match_community": ["64512:2", "64512:9"]}, {INNER}),
        ({"match_community": "64512:9"}, set()),
        ({"match_next_hop": "10.14.0.2"}, {INNER}),
        ({"match_next_hop": "2001:db8:2::fe"}, {"2001:db8:2::/64"}),
        ({"force": True, "ignore_prefix": [OWN, WEST]}, {INNER, *(f"2001:db8:{n}::/64" for n in (1, 2, 4))}),
        ({"match_prefix": [OWN, WEST], "match_asn_range": (64513, 64513)}, {WEST}),  # both have to fit
    ],
    ids=str,
)
def test_what_a_policy_matches(routers: Routers, matches: dict[str, object], gone: set[str]) -> None:
    before = routers.networks("gw3")
    deny(routers, **matches)
    # A second policy is put to use together with the first; what it does is seen even where the first denies nothing.
    routers.gw1.add_bgp_routing_policy("seen", "ModifyAttribute", force=True, new_med=9)
    routers.gw1.add_bgp_routing_policy_for_peer("gw3", "seen", "Egress")
    left = min(before - gone - {"10.3.0.0/24"})
    until("policies are in use", lambda: path(routers, left).get("metric") == 9)
    until("gw3 knows just the others", lambda: routers.networks("gw3") == before - gone)
    routers.gw1.remove_bgp_routing_policy_for_peer("gw3", ["deny", "seen"], "Egress")
    until("gw3 knows all again", lambda: routers.networks("gw3") == before)


def test_a_policy_for_what_comes_in(routers: Routers) -> None:
    deny(routers, "Ingress", "gw2", match_prefix=WEST)
    until("gw1 does not take it", lambda: WEST not in routers.networks("gw1"))
    until("nor does the kernel", lambda: "proto bgp" not in routers.kernel("gw1", WEST))
    assert "2001:db8:2::/64" in routers.networks("gw1")
    until("nobody else hears of it", lambda: WEST not in routers.networks("gw3"))
    assert lans(1, 4) <= routers.networks("gw3")


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"add_community": "64512:3"}, MARKS | {"64512:3"}),
        ({"remove_community": "64512:2"}, {"64512:1"}),
        ({"remove_community": "64512:7"}, MARKS),
        ({"remove_all_communities": True}, set()),
    ],
    ids=str,
)
def test_communities_that_a_policy_leaves(routers: Routers, settings: dict[str, object], left: set[str]) -> None:
    modify(routers, **settings, new_med=9)
    until("the policy is in use", lambda: path(routers, INNER).get("metric") == 9)
    assert communities(routers, INNER) == left
    assert communities(routers, OWN) == set()


def test_attributes_that_a_policy_sets(routers: Routers) -> None:
    modify(routers, new_med=70, new_next_hop="10.13.0.99")
    until("MED and next hop are set", lambda: path(routers, INNER).get("metric") == 70)
    assert routers.gw3.get_bgp_route_information(INNER)[0].next_hop == "10.13.0.99"
    until("the kernel has the next hop", lambda: "via 10.13.0.99" in routers.kernel("gw3", INNER))
    assert routers.gw3.get_bgp_route_information(WEST)[0].next_hop == "10.13.0.1"
    routers.gw1.set_bgp_routing_policy("change", new_med=None, clear_med=True, new_next_hop=None)
    until("the MED counts as none", lambda: path(routers, INNER).get("metric") == 0)
    until("the next hop is gw1", lambda: "via 10.13.0.1" in routers.kernel("gw3", INNER))


def test_local_preference_is_told_inside_the_as_only(routers: Routers) -> None:
    routers.gw1.add_bgp_routing_policy("prefer", "ModifyAttribute", match_prefix=WEST, new_local_pref=400)
    routers.gw1.add_bgp_routing_policy_for_peer("gw2", "prefer", "Ingress")
    until("core is told", lambda: path(routers, WEST, "core").get("locPrf") == 400)
    until("others are as before", lambda: path(routers, "10.3.0.0/24", "core").get("locPrf") == 100)
    told = path(routers, WEST)
    assert told
    assert "locPrf" not in told
