"""BGP beyond one session: transit, policies, aggregates, IPv6, limits, passwords, BFD; in the routers' tables."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from star import NUMBERS, Routers, Star, lans
from two_sites import until

from raslab.machine.here import here
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers that run and know nothing."""
    with Network(Star()) as network:
        yield Routers(network)


def test_transit_is_off_until_it_is_switched_on(routers: Routers) -> None:
    routers.configure()
    until("gw1 knows all", lambda: routers.networks("gw1") == lans(1, 2, 3, 4))
    until("others know gw1", lambda: routers.networks("gw2") >= lans(1, 2))
    until(  # inside an AS the next hop stays as it is, and core has no route there
        "core cannot use what it is told",
        lambda: {r.state for r in routers.core.get_bgp_route_information("10.2.0.0/24")} == {"Unresolved"},
    )
    routers.gw1.add_bgp_routing_policy("myself", "ModifyAttribute", force=True, new_next_hop="10.14.0.1")
    routers.gw1.add_bgp_routing_policy_for_peer("core", "myself", "Egress")
    until("inside knows the outside", lambda: routers.networks("core") == lans(1, 2, 3, 4))
    until("the outside knows gw1", lambda: "10.1.0.0/24" in routers.networks("gw2") & routers.networks("gw3"))
    assert routers.networks("gw2") == lans(1, 2)
    assert routers.networks("gw3") == lans(1, 3)
    up_before = routers.gw1.get_bgp_statistics("gw2")[0].up_s
    routers.gw1.set_bgp_router(transit_routing=True)
    until("others know all", lambda: routers.networks("gw2") == routers.networks("gw3") == lans(1, 2, 3, 4))
    assert (routers.gw1.get_bgp_statistics("gw2")[0].up_s or 0) >= (up_before or 0)
    routers.gw1.set_bgp_router(transit_routing=False)
    until("transit is off again", lambda: routers.networks("gw2") == lans(1, 2))


def test_policies_change_attributes_and_filter_without_a_flap(routers: Routers) -> None:
    routers.configure(router={"transit_routing": True})
    until("all know all", lambda: routers.networks("gw3") == lans(1, 2, 3, 4))

    def path(name: str, network: str) -> object:
        return routers.all[name].get_bgp_route_information(network)[0]

    assert path("gw1", "10.2.0.0/24").local_pref is None
    gw1 = routers.gw1
    notified = [one.notification_received for one in gw1.get_bgp_statistics()]  # some if both sides called at once
    gw1.add_bgp_routing_policy("prefer", "ModifyAttribute", match_asn_range=(64513, 64513), new_local_pref=400)
    gw1.add_bgp_routing_policy_for_peer("gw2", "prefer", "Ingress")
    until("local preference is set", lambda: path("gw1", "10.2.0.0/24").local_pref == 400)
    gw1.add_bgp_routing_policy("costly", "ModifyAttribute", match_prefix="10.1.0.0/24", new_med=77)
    gw1.add_bgp_routing_policy_for_peer("gw3", "costly", "Egress")
    until("MED arrives", lambda: path("gw3", "10.1.0.0/24").med == 77)
    assert path("gw3", "10.2.0.0/24").med is None
    gw1.add_bgp_routing_policy("not-2", "Deny", match_prefix="10.2.0.0/24")
    gw1.add_bgp_routing_policy_for_peer("gw3", "not-2", "Egress")
    until("the denied route is gone", lambda: routers.networks("gw3") == lans(1, 3, 4))
    gw1.set_bgp_routing_policy_for_peer("gw3", "costly", "Egress")
    until("it is back", lambda: routers.networks("gw3") == lans(1, 2, 3, 4))
    gw1.add_bgp_routing_policy("only-4", "Allow", match_prefix="10.4.0.0/24")
    gw1.set_bgp_routing_policy_for_peer("gw3", "only-4", "Egress")
    until("only the allowed route is left", lambda: routers.networks("gw3") == lans(3, 4))
    assert [one.notification_received for one in gw1.get_bgp_statistics()] == notified


def test_communities_travel_and_match(routers: Routers) -> None:
    routers.configure(router={"transit_routing": True})
    routers.gw2.add_bgp_routing_policy("mark", "ModifyAttribute", force=True, add_community="64513:7")
    routers.gw2.add_bgp_routing_policy_for_peer("gw1", "mark", "Egress")
    routers.gw1.add_bgp_routing_policy("marked", "Deny", match_community="64513:7")
    until("gw3 knows it and more", lambda: routers.networks("gw3") == lans(1, 2, 3, 4))
    routers.gw1.add_bgp_routing_policy_for_peer("gw3", "marked", "Egress")
    until("gw3 no longer knows it", lambda: "10.2.0.0/24" not in routers.networks("gw3"))
    assert "10.4.0.0/24" in routers.networks("gw3")


def test_aggregate_takes_the_place_of_its_parts(routers: Routers) -> None:
    routers.configure(router={"transit_routing": True})
    until("gw3 knows the parts", lambda: routers.networks("gw3") == lans(1, 2, 3, 4))
    routers.gw1.add_bgp_route_aggregate("10.0.0.0/13", summary_only=True)
    until("gw3 knows the whole", lambda: routers.networks("gw3") == {"10.0.0.0/13", "10.3.0.0/24"})
    routers.gw1.remove_bgp_route_aggregate("10.0.0.0/13")
    until("gw3 knows the parts again", lambda: routers.networks("gw3") == lans(1, 2, 3, 4))


def test_ipv6_routes_over_an_ipv4_session(routers: Routers) -> None:
    routers.configure()
    until("all is up", routers.converged)
    assert "bgp" not in routers.network["gw2"].run("ip -6 route").stdout
    for name, gateway in routers.all.items():
        number = NUMBERS[name]
        gateway.set_bgp_router(ipv6_routing=True, local_ipv6_address=f"2001:db8:{number}::fe")
        gateway.add_bgp_custom_route(network=f"2001:db8:{number}::/64")
    until(
        "gw1 has the prefix",
        lambda: "2001:db8:2::/64" in {r.destination_network for r in routers.gw1.get_bgp_route_information()},
    )
    (route,) = routers.gw1.get_bgp_route_information("2001:db8:2::/64")
    assert route.next_hop == "2001:db8:2::fe"


def test_interface_routes_are_incomplete(routers: Routers) -> None:
    routers.configure()
    routers.gw2.add_bgp_custom_route(interface="west")
    until("the wire's subnet is announced", lambda: "10.12.0.0/24" in routers.networks("gw1"))
    until("gw2's LAN is announced", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    origins = {route.origin for route in routers.gw1.get_bgp_route_information("10.12.0.0/24")}
    assert origins == {"Incomplete"}
    assert {route.origin for route in routers.gw1.get_bgp_route_information("10.2.0.0/24")} == {"IGP"}
    routers.gw2.remove_bgp_custom_route(interface="west")
    until("it is gone", lambda: "10.12.0.0/24" not in routers.networks("gw1"))


def test_only_routes_that_the_node_has_are_announced(routers: Routers) -> None:
    routers.configure()
    routers.gw2.add_bgp_custom_route(network="172.16.0.0/16")
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    assert "172.16.0.0/16" not in routers.networks("gw1")
    routers.network.addRoute("gw2", "172.16.0.0/16", dev="lan0")
    until("the route is announced", lambda: "172.16.0.0/16" in routers.networks("gw1"))


def test_four_byte_and_local_as_numbers(routers: Routers) -> None:
    routers.configure()
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    routers.gw2.set_bgp_router(local_asn="1.10")
    routers.gw2.set_bgp_peer("gw1", local_asn=64513)
    until("gw1 knows it again", lambda: "10.2.0.0/24" in routers.networks("gw1"), 40)
    assert routers.gw1.get_bgp_route_information("10.2.0.0/24")[0].as_path == "64513"
    routers.gw2.set_bgp_peer("gw1", local_asn=None)
    routers.gw1.set_bgp_peer("gw2", peer_asn=65546)
    until(
        "the path is the four byte number",
        lambda: [r.as_path for r in routers.gw1.get_bgp_route_information("10.2.0.0/24")] == ["65546"],
        40,
    )


@pytest.mark.parametrize("bfd", [True, False])
def test_a_dead_wire_is_noticed_by_bfd_or_by_the_hold_timer(routers: Routers, bfd: bool) -> None:
    routers.configure(bfd=bfd, bfd_interval_ms=100, hold_time_sec=6)
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    if bfd:
        vty = routers.services.vty("gw1", "bfdd")
        until("BFD is up", lambda: all(one["status"] == "up" for one in vty.show("show bfd peers json")), 20)
    routers.network["gw2"].intf("west").set_impairment(loss_percent=100)
    routers.network["gw1"].intf("west").set_impairment(loss_percent=100)
    begin = time.monotonic()
    until("the route is gone", lambda: "10.2.0.0/24" not in routers.networks("gw1"), 15)
    outage = time.monotonic() - begin
    longest = 8 if here().clock == "virtual" else 14
    assert outage < 2 if bfd else 3 < outage < longest


def test_reflector_passes_routes_among_its_clients(routers: Routers) -> None:
    # What an interior routing protocol would tell: next hops stay as they are inside an AS.
    for client, hop, subnets in (
        ("gw2", "10.12.0.1", ("10.13.0.0/24", "10.14.0.0/24")),
        ("gw3", "10.13.0.1", ("10.12.0.0/24", "10.14.0.0/24")),
    ):
        for subnet in subnets:
            routers.network.addRoute(client, subnet, via=hop)
    routers.configure(asns=dict.fromkeys(NUMBERS, 64512))
    until("gw1 knows all", lambda: routers.networks("gw1") == lans(1, 2, 3, 4))
    until("gw2 knows gw1 and no other", lambda: routers.networks("gw2") == lans(1, 2))
    with routers.gw1.changing():
        routers.gw1.set_bgp_router(route_reflector=True, cluster_id=7)
        for peer in ("gw2", "gw3"):
            routers.gw1.set_bgp_peer(peer, route_reflector_client=True)
    until("clients know all", lambda: routers.networks("gw2") == routers.networks("gw3") == lans(1, 2, 3, 4))
    vty = routers.services.vty("gw2", "bgpd")
    (path,) = vty.show("show bgp ipv4 unicast 10.3.0.0/24 json")["paths"]
    assert path["clusterList"]["list"] == ["0.0.0.7"]
    assert path["originatorId"] == "10.3.0.254"
    with routers.gw1.changing():
        for peer in ("gw2", "gw3"):
            routers.gw1.set_bgp_peer(peer, route_reflector_client=False)
        routers.gw1.set_bgp_router(route_reflector=False, cluster_id=None)
    until("clients know their neighbour only", lambda: routers.networks("gw2") == lans(1, 2))


def test_dampening_holds_back_what_comes_and_goes(routers: Routers) -> None:
    routers.configure()
    routers.gw1.enable_bgp_route_flap_dampening(suppress_threshold=1500)
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    for _ in range(2):
        routers.gw2.remove_bgp_custom_route(network="10.2.0.0/24")
        until("it is gone", lambda: "10.2.0.0/24" not in routers.networks("gw1"))
        routers.gw2.add_bgp_custom_route(network="10.2.0.0/24")
        until(
            "it is told of",
            lambda: any(r.state in ("Best", "Damped") for r in routers.gw1.get_bgp_route_information("10.2.0.0/24")),
        )
    until(
        "it is held back", lambda: [r.state for r in routers.gw1.get_bgp_route_information("10.2.0.0/24")] == ["Damped"]
    )
    until("others are not", lambda: "10.3.0.0/24" in routers.networks("gw1"))
    routers.gw1.clear_bgp_route_flap_dampening()
    until("it is let pass", lambda: "10.2.0.0/24" in routers.networks("gw1"))
