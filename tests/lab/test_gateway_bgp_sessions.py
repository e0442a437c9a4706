"""Sessions of BGP on the wire and in the kernel: who calls, how far, what is agreed upon, what outlives a crash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bgp_wire import calls, hops_left, opens
from star import WIRES, Routers, Star, ipv6_prefix
from two_sites import until

from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("veth")]

BGP = "tcp port 179"


@pytest.fixture
def routers() -> Iterator[Routers]:
    """Four routers that run and know nothing; a daemon that dies is started again."""
    with Network(Star()) as network:
        yield Routers(network, restart=True)


def status(routers: Routers, name: str, peer: str) -> str:
    """Connected, Connecting or Stopped."""
    (one,) = routers.all[name].get_bgp_peer(peer)
    return str(one.connectivity_status)


def hold_time_ms(routers: Routers, name: str, peer: str) -> int | None:
    """What a router has agreed upon with a peer, None without a session."""
    asked = routers.services.vty(name, "bgpd").show(f"show bgp neighbors {peer} json")[peer]
    return asked["bgpTimerHoldTimeMsecs"] if asked["bgpState"] == "Established" else None


def both_ends(routers: Routers, verb: str, **settings: object) -> None:
    """Change the session between gw1 and gw2 on both sides."""
    for gateway, peer in ((routers.gw1, "gw2"), (routers.gw2, "gw1")):
        getattr(gateway, verb)(peer, **settings)


def counter(routers: Routers, name: str, counter: str) -> int:
    """A counter of a router's kernel, by its name in nstat."""
    return int(routers.network[name].run(f"nstat -asz {counter}").stdout.split()[-2])


def test_a_new_hold_time_holds_at_once_because_the_session_begins_anew(routers: Routers) -> None:
    routers.configure()
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    with capture(routers.network["gw1"].intf("west"), BGP) as seen:
        routers.gw1.set_bgp_peer("gw2", weight=7)
        until("the weight counts", lambda: routers.gw1.get_bgp_route_information("10.2.0.0/24")[0].weight == 7)
    assert opens(seen.packets) == []  # the twin: what needs no agreement needs no new session
    with capture(routers.network["gw1"].intf("west"), BGP) as seen:
        told = routers.gw1.set_bgp_peer("gw2", hold_time_sec=9)
        until("gw2 has agreed to 9 s", lambda: hold_time_ms(routers, "gw2", "10.12.0.1") == 9000)
    assert told.hold_time_sec == 9
    assert "vtysh -c 'clear bgp 10.12.0.2'" in routers.gw1.explain().lines
    assert {one.hold_time_s for one in opens(seen.packets) if one.source == "10.12.0.1"} == {9}
    routers.gw1.set_bgp_peer("gw2", hold_time_sec=9)
    assert routers.gw1.explain().lines == ()


def test_as_numbers_of_four_bytes_and_of_one_peer_on_the_wire(routers: Routers) -> None:
    routers.configure(asns={"gw1": 64512, "gw2": 65546, "gw3": 64514, "core": 64512})
    with capture(routers.network["gw1"].intf("west"), BGP) as seen:
        both_ends(routers, "stop_bgp_peer")
        both_ends(routers, "start_bgp_peer")
        until("the session is up", lambda: status(routers, "gw1", "gw2") == "Connected")
    said = {(one.source, one.asn, one.four_octet_asn) for one in opens(seen.packets)}
    assert said == {("10.12.0.1", 64512, 64512), ("10.12.0.2", 23456, 65546)}  # AS_TRANS (RFC 6793, section 9)
    until("gw1 knows gw2", lambda: "10.2.0.0/24" in routers.networks("gw1"))
    assert routers.gw1.get_bgp_route_information("10.2.0.0/24")[0].as_path == "65546"
    with capture(routers.network["gw1"].intf("west"), BGP) as seen:
        routers.gw2.set_bgp_peer("gw1", local_asn=64999)
        routers.gw1.set_bgp_peer("gw2", peer_asn=64999)
        paths = routers.gw1.get_bgp_route_information
        until("the path is the other", lambda: [one.as_path for one in paths("10.2.0.0/24")] == ["64999"], 40)
    assert ("10.12.0.2", 64999) in {(one.source, one.asn) for one in opens(seen.packets)}


def test_a_session_crosses_as_many_routers_as_its_hops_allow(routers: Routers) -> None:
    routers.configure()
    until("all is up", routers.converged)
    routers.network.addRoute("gw2", "10.13.0.0/24", via="10.12.0.1")
    routers.network.addRoute("gw3", "10.12.0.0/24", via="10.13.0.1")
    ends = (
        (routers.gw2, "gw3", "10.12.0.2", "10.13.0.2", 64514),
        (routers.gw3, "gw2", "10.13.0.2", "10.12.0.2", 64513),
    )
    called = counter(routers, "gw2", "TcpActiveOpens")
    far = f"{BGP} and host 10.12.0.2 and host 10.13.0.2"
    with (
        capture(routers.network["gw1"].intf("west"), far) as west,
        capture(routers.network["gw1"].intf("east"), far) as east,
    ):
        for gateway, peer, here, there, asn in ends:
            gateway.add_bgp_peer(peer, local_ip_address=here, peer_ip_address=there, peer_asn=asn, ebgp_multihop=1)
        until("gw2 has called", lambda: counter(routers, "gw2", "TcpActiveOpens") > called + 1)
    assert hops_left(west.packets, "10.12.0.2") == {1}
    assert hops_left(east.packets, "10.12.0.2") == set()  # the twin: its one hop is used up at gw1
    assert status(routers, "gw2", "gw3") == "Connecting"
    with capture(routers.network["gw1"].intf("east"), far) as east:
        for gateway, peer, *_ in ends:
            gateway.set_bgp_peer(peer, ebgp_multihop=2)
        until("gw2 and gw3 have a session", lambda: status(routers, "gw2", "gw3") == "Connected")
    assert hops_left(east.packets, "10.12.0.2") == {1}  # it left gw2 with 2
    until("gw2 learns of gw3", lambda: "proto bgp" in routers.kernel("gw2", "10.3.0.0/24"))


def test_routes_of_a_far_peer_stay_usable_when_both_sides_call_at_once(routers: Routers) -> None:
    """A connection of the two is dropped (RFC 4271, 6.8), which must not make the next hop unreachable."""
    routers.configure(ebgp_multihop=2, asns={"gw1": 64512, "gw2": 64513, "gw3": 64514, "core": 64515})
    for _ in range(4):
        until("gw1 uses the route", lambda: "proto bgp" in routers.kernel("gw1", "10.2.0.0/24"))
        until("gw2 uses the route", lambda: "proto bgp" in routers.kernel("gw2", "10.1.0.0/24"))
        both_ends(routers, "stop_bgp_peer")
        until("the route is gone", lambda: not routers.kernel("gw1", "10.2.0.0/24"))
        both_ends(routers, "start_bgp_peer")
    until("gw1 uses the route again", lambda: "proto bgp" in routers.kernel("gw1", "10.2.0.0/24"))
    until("gw2 uses the route again", lambda: "proto bgp" in routers.kernel("gw2", "10.1.0.0/24"))


def test_ttl_security_takes_segments_from_the_wire_only(routers: Routers) -> None:
    routers.configure()
    until("all is up", routers.converged)
    dropped = counter(routers, "gw1", "TcpExtTCPMinTTLDrop")
    routers.gw1.set_bgp_peer("gw2", ttl_security=1)
    until(  # the twin: gw2 sends with a TTL of 1, as external sessions do, and an attacker could
        "gw1's kernel drops what has not the full TTL",
        lambda: counter(routers, "gw1", "TcpExtTCPMinTTLDrop") > dropped,
    )
    assert status(routers, "gw1", "gw2") == "Connecting"
    with capture(routers.network["gw1"].intf("west"), BGP) as seen:
        routers.gw2.set_bgp_peer("gw1", ttl_security=1)
        until("the session is up", lambda: status(routers, "gw1", "gw2") == "Connected")
        until("gw1 uses the route", lambda: "proto bgp" in routers.kernel("gw1", "10.2.0.0/24"))
    assert 255 in hops_left(seen.packets, "10.12.0.2")
    assert status(routers, "gw1", "gw3") == "Connected"


def test_who_calls_and_when(routers: Routers) -> None:
    routers.configure(operation_mode="Server")
    wire = routers.network["gw1"].intf("west")
    with capture(wire, BGP) as seen:
        routers.gw1.set_bgp_peer("gw3", operation_mode="Mixed")
        until("gw1 and gw3 have a session", lambda: status(routers, "gw1", "gw3") == "Connected")
    assert calls(seen.packets) == set()  # the twin: two servers wait for each other for ever
    assert status(routers, "gw1", "gw2") == "Connecting"
    with capture(wire, BGP) as seen:
        routers.gw2.set_bgp_peer("gw1", operation_mode="Mixed")
        until("gw1 and gw2 have a session", lambda: status(routers, "gw1", "gw2") == "Connected")
    assert calls(seen.packets) == {"10.12.0.2"}


def test_a_manual_peer_takes_no_call_until_it_is_started(routers: Routers) -> None:
    routers.configure()
    routers.gw1.remove_bgp_peer("gw2")
    wire = routers.network["gw1"].intf("west")
    with capture(wire, BGP) as seen:
        ends = {"local_ip_address": "10.12.0.1", "peer_ip_address": "10.12.0.2"}
        routers.gw1.add_bgp_peer("gw2", **ends, peer_asn=64513, peering_mode="Manual")
        called = counter(routers, "gw2", "TcpActiveOpens")
        until("gw2 has called", lambda: counter(routers, "gw2", "TcpActiveOpens") > called + 1)
    assert calls(seen.packets) == {"10.12.0.2"}
    assert not [one for one in opens(seen.packets) if one.source == "10.12.0.1"]
    assert status(routers, "gw1", "gw2") == "Stopped"
    routers.gw1.start_bgp_peer("gw2")
    until("gw1 and gw2 have a session", lambda: status(routers, "gw1", "gw2") == "Connected")


@pytest.mark.parametrize("graceful", [True, False])
def test_forwarding_outlives_a_crash_of_bgpd_if_restart_is_graceful(routers: Routers, graceful: bool) -> None:
    routers.configure(graceful_restart=graceful)
    until("gw1 uses the route", lambda: "proto bgp" in routers.kernel("gw1", "10.2.0.0/24"))
    until("gw2 uses the route", lambda: "proto bgp" in routers.kernel("gw2", "10.1.0.0/24"))
    until("all is up", routers.converged)
    routers.services.kill("gw1", "bgpd")
    until("the supervisor has noticed", lambda: len(routers.services.deaths()) == 1)
    kept: set[bool] = set()

    def is_back() -> bool:
        gw1, gw2 = ("proto bgp" in routers.kernel(*one) for one in (("gw1", "10.2.0.0/24"), ("gw2", "10.1.0.0/24")))
        kept.add(gw2)
        if not any(peer.connectivity_status == "Connected" for peer in routers.gw1.get_bgp_peer()):
            kept.add(gw1)  # with its sessions back, FRR 8.4 takes the route out of the kernel and puts it in again
        return routers.converged()

    until("bgpd is back with all sessions", is_back, 30)
    assert (False in kept) is not graceful
    until("gw2 uses the route", lambda: "proto bgp" in routers.kernel("gw2", "10.1.0.0/24"))


def test_sessions_over_ipv6_carry_ipv6_routes(routers: Routers) -> None:
    routers.configure(ipv6=True)
    west = ipv6_prefix(WIRES["west"][2])
    routers.gw1.remove_bgp_peer("gw2")
    routers.gw2.remove_bgp_peer("gw1")
    with capture(routers.network["gw1"].intf("west"), f"ip6 and {BGP}") as seen:
        routers.gw1.add_bgp_peer("gw2", local_ip_address=f"{west}1", peer_ip_address=f"{west}2", peer_asn=64513)
        routers.gw2.add_bgp_peer("gw1", local_ip_address=f"{west}2", peer_ip_address=f"{west}1", peer_asn=64512)
        ask = ["ip", "-6", "route", "show", "2001:db8:2::/64"]
        until("gw1 uses gw2's prefix", lambda: "proto bgp" in routers.network["gw1"].run(ask).stdout)
    assert {one.source for one in opens(seen.packets)} == {f"{west}1", f"{west}2"}
    assert routers.kernel("gw1", "10.2.0.0/24") == ""  # the twin: a session over IPv6 carries no IPv4 routes
    ping = ["ping", "-c", "1", "-W", "2", "2001:db8:2::1"]
    until("h1 reaches h2", lambda: routers.network["h1"].run(ping).status == 0)
