"""A peer may send as many prefixes as it is allowed, and not one more; what is told of an ended session is true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bgp_wire import messages
from star import Routers, Star, lans
from two_sites import until

from raslab.errors import GatewayRefusedError
from raslab.gateway.records import BgpPeerStatus, BgpStatistics
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

NOTIFICATION = 3  # RFC 4271, 4.1
SHORT = {"hold_time_sec": 3}


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers that know each other."""
    with Network(Star()) as network:
        found = Routers(network)
        found.configure(**SHORT)
        until("all is up", found.converged)
        until("gw1 knows all", lambda: found.networks("gw1") == lans(1, 2, 3, 4))
        yield found


def peer(routers: Routers, name: str = "gw1", other: str = "gw2") -> BgpPeerStatus:
    """What one side says of the session."""
    return routers.all[name].get_bgp_peer(other)[0]


def numbers(routers: Routers, name: str = "gw1", other: str = "gw2") -> BgpStatistics:
    """What one side has counted."""
    return routers.all[name].get_bgp_statistics(other)[0]


def announce(routers: Routers, number: int) -> None:
    """gw2 has one more network, and says so."""
    routers.network.addRoute("gw2", f"172.{16 + number}.0.0/16", dev="lan0")
    routers.gw2.add_bgp_custom_route(network=f"172.{16 + number}.0.0/16")


def test_one_prefix_more_than_allowed_ends_the_session_and_a_higher_limit_brings_it_back(routers: Routers) -> None:
    routers.gw1.set_bgp_peer("gw2", max_allowed_prefix=3)
    until("the session is back", lambda: peer(routers).connectivity_status == "Connected")
    for number in (1, 2):
        announce(routers, number)
    until("three of three are there", lambda: "172.18.0.0/16" in routers.networks("gw1"))
    assert peer(routers).connectivity_status == "Connected"
    announce(routers, 3)
    until("the session is down", lambda: peer(routers).connectivity_status == "Stopped")
    assert peer(routers).reason.startswith("it sent more than max_allowed_prefix, 3")
    assert numbers(routers).last_reset == "sent Cease/Maximum Number of Prefixes Reached"
    assert numbers(routers, "gw2", "gw1").last_reset == "received Cease/Maximum Number of Prefixes Reached"
    assert peer(routers, other="gw3").connectivity_status == "Connected"
    until("its networks are gone", lambda: "10.2.0.0/24" not in routers.networks("gw1"))
    routers.gw1.set_bgp_peer("gw2", max_allowed_prefix=4)
    until("all four are there", lambda: "172.19.0.0/16" in routers.networks("gw1"))
    assert (peer(routers).connectivity_status, peer(routers).reason) == ("Connected", "")


def test_a_limit_that_is_just_enough_changes_nothing(routers: Routers) -> None:
    announce(routers, 1)
    until("two are there", lambda: "172.17.0.0/16" in routers.networks("gw1"))
    before = numbers(routers, "gw2", "gw1")
    routers.gw1.set_bgp_peer("gw2", max_allowed_prefix=2)
    until("the session is back", lambda: (numbers(routers).up_s or 99) < 5)
    until("two are there again", lambda: {"10.2.0.0/24", "172.17.0.0/16"} <= routers.networks("gw1"))
    assert "Maximum" not in numbers(routers).last_reset
    after = numbers(routers, "gw2", "gw1")
    # The second one, if any, settles which of two calls at once stays (RFC 4271, 6.8).
    assert after.notification_received - before.notification_received in (1, 2)
    with pytest.raises(GatewayRefusedError, match="choose 2 to"):
        routers.gw1.set_bgp_peer("gw2", max_allowed_prefix=1)


def test_a_peer_over_its_limit_may_be_started_anew(routers: Routers) -> None:
    announce(routers, 1)
    announce(routers, 2)
    until("three are there", lambda: "172.18.0.0/16" in routers.networks("gw1"))
    routers.gw1.set_bgp_peer("gw2", max_allowed_prefix=2)
    until("the session is down", lambda: peer(routers).connectivity_status == "Stopped")
    routers.gw2.remove_bgp_custom_route(network="172.18.0.0/16")
    routers.gw1.start_bgp_peer("gw2")
    until("two of two are there", lambda: {"10.2.0.0/24", "172.17.0.0/16"} <= routers.networks("gw1"))


def test_each_notification_is_counted_once_and_named(routers: Routers) -> None:
    before = numbers(routers, "gw2", "gw1")
    with capture(routers.network["gw1"].intf("west"), "tcp port 179") as seen:
        routers.gw1.stop_bgp_peer("gw2")
        until("gw2 has heard", lambda: "Shutdown" in numbers(routers, "gw2", "gw1").last_reset)
    sent = [body for source, kind, body in messages(seen.packets) if (source, kind) == ("10.12.0.1", NOTIFICATION)]
    after = numbers(routers, "gw2", "gw1")
    assert after.notification_received - before.notification_received == len(sent) == 1
    assert after.last_reset == "received Cease/Administrative Shutdown"
    assert peer(routers, "gw2", "gw1").reason == after.last_reset
    assert (peer(routers).connectivity_status, peer(routers).reason) == ("Stopped", "it was stopped")


def test_another_as_number_than_expected_is_named(routers: Routers) -> None:
    routers.gw2.set_bgp_peer("gw1", peer_asn=64999)
    until("gw1 is told", lambda: peer(routers).reason == "received OPEN Message Error/Bad Peer AS")
    assert peer(routers, "gw2", "gw1").reason == "sent OPEN Message Error/Bad Peer AS"


def test_a_silent_peer_is_named(routers: Routers) -> None:
    routers.network["gw2"].intf("west").set_impairment(loss_percent=100)
    until("gw1 gives up", lambda: peer(routers).connectivity_status == "Connecting")
    assert numbers(routers).last_reset == "sent Hold Timer Expired"


def test_the_next_hop_of_an_own_route_is_of_its_family(routers: Routers) -> None:
    for name, gateway in routers.all.items():
        gateway.set_bgp_router(ipv6_routing=True, local_ipv6_address=f"2001:db8:{name[-1].replace('e', '4')}::fe")
    routers.gw1.add_bgp_custom_route(network="2001:db8:1::/64")
    routers.gw1.add_bgp_route_aggregate("2001:db8::/32")
    routers.gw1.add_bgp_route_aggregate("10.0.0.0/8")
    hops = {route.destination_network: route.next_hop for route in routers.gw1.get_bgp_route_information()}
    until("both are there", lambda: {"2001:db8::/32", "10.0.0.0/8"} <= set(routers.networks("gw1")))
    hops = {
        route.destination_network: route.next_hop
        for route in routers.gw1.get_bgp_route_information()
        if not route.learnt_from
    }
    assert (hops["2001:db8::/32"], hops["10.0.0.0/8"], hops["2001:db8:1::/64"]) == ("::", "0.0.0.0", "::")


def test_a_preferred_route_of_a_peer_does_not_displace_the_own_network(routers: Routers) -> None:
    routers.network.addRoute("gw2", "10.1.0.0/24", dev="lan0")
    routers.gw1.add_bgp_routing_policy("prefer", "ModifyAttribute", force=True, new_local_pref=400)
    routers.gw1.add_bgp_routing_policy_for_peer("gw2", "prefer", "Ingress")
    routers.gw2.add_bgp_custom_route(network="10.1.0.0/24")

    def states() -> dict[str, str]:
        return {one.learnt_from: one.state for one in routers.gw1.get_bgp_route_information("10.1.0.0/24")}

    until("gw2's is known", lambda: "gw2" in states())
    assert states() == {"": "Best", "gw2": "Valid"}
    routers.gw1.remove_bgp_custom_route(network="10.1.0.0/24")
    until("nobody else's is left", lambda: states() == {"gw2": "Best"})


def test_networks_that_nobody_can_have_are_not_taken(routers: Routers) -> None:
    for prefix in ("127.5.0.0/16", "225.0.0.0/8", "0.1.0.0/16", "126.0.0.0/8"):
        routers.network["gw2"].run(["ip", "route", "add", prefix, "dev", "lan0"])
        routers.gw2.add_bgp_custom_route(network=prefix)
    until("the last one is there", lambda: "126.0.0.0/8" in routers.networks("gw1"))
    assert {"127.5.0.0/16", "225.0.0.0/8"} <= routers.networks("gw2")
    assert not {"127.5.0.0/16", "225.0.0.0/8", "0.1.0.0/16"} & routers.networks("gw1")
