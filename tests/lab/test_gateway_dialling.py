"""Who dials an IKEv2 interface, when and where: seen as IKE packets on the wire and SAs in the kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway.dialler import dial
from raslab.measure import Capture, capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

NOBODY = ("198.51.100.77", "198.51.100.78")
ATTEMPT_S = 3.0  # six packets, half a second apart


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


def add_tunnels(sites: Sites, **here_only: object) -> None:
    """The same IKEv2 interface on both gateways. here_only: settings of gw1's."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        both: dict[str, object] = {
            "destination": WAN[there],
            "authentication_method": "PSKOnly",
            "shared_secret": "secret",
            "ipv4_subnet": f"10.{there}.0.0/24:100",
            "network_outage_time_seconds": 6,
        }
        gateway.add_vpn_s2s_interface("branch", **(both | here_only if here == 1 else both))


def connected(sites: Sites) -> bool:
    return sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state == "Connected"


def ike_from_gw1(sites: Sites) -> object:
    return capture(sites.network["gw1"].intf("wan0"), f"udp port 500 and src host {WAN[1]}")


def attempts(seen: Capture) -> list[tuple[float, str]]:
    """When attempts began, in seconds after the first one, and at which destination."""
    found: list[tuple[float, str]] = []
    last = 0.0
    begin = float(seen.packets[0].time)
    for packet in seen.packets:
        now, target = float(packet.time) - begin, packet["IP"].dst
        if not found or target != found[-1][1] or now - last > 1:
            found.append((now, target))
        last = now
    return found


def cut(sites: Sites, loss_percent: float) -> None:
    sites.network["gw2"].intf("wan0").set_impairment(loss_percent=loss_percent)
    sites.network["isp"].intf("site2").set_impairment(loss_percent=loss_percent)


def wait(seconds: float) -> None:
    """Let time pass in which something must not happen."""
    time.sleep(seconds)


@pytest.mark.virtual
def test_a_packet_dials_all_destinations_as_often_as_wanted(sites: Sites) -> None:
    add_tunnels(sites, destination=NOBODY, number_of_tries=2, retry_interval_seconds=20)
    with ike_from_gw1(sites) as seen:
        assert sites.pings() == 0
        wait(90)
    begun = attempts(seen)
    assert [target for _, target in begun] == [*NOBODY, *NOBODY]
    second = 2 * ATTEMPT_S + 20
    assert [when for when, _ in begun] == pytest.approx([0, ATTEMPT_S, second, second + ATTEMPT_S], abs=0.05)


@pytest.mark.virtual
def test_without_auto_connect_a_packet_dials_once(sites: Sites) -> None:
    add_tunnels(sites, destination=NOBODY[0], retry_interval_seconds=20, auto_connect_enabled=False)
    with ike_from_gw1(sites) as seen:
        assert sites.pings() == 0
        wait(90)
    assert len(attempts(seen)) == 1


def test_a_packet_finds_the_alternate_which_becomes_the_first(sites: Sites) -> None:
    add_tunnels(sites, destination=(NOBODY[0], WAN[2]), promote_alternate=True)
    sites.pings()
    until("the alternate has answered", lambda: connected(sites))
    until("it is the first", lambda: sites.gw1.get_vpn_s2s_interface("branch")[0].destination[0] == WAN[2])
    assert sites.pings() == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    with ike_from_gw1(sites) as seen:
        sites.pings()
        until("a packet has dialled", lambda: connected(sites))
    assert {packet["IP"].dst for packet in seen.packets} == {WAN[2]}


def test_an_alternate_that_is_not_promoted_is_tried_second_again(sites: Sites) -> None:
    add_tunnels(sites, destination=(NOBODY[0], WAN[2]))
    for _ in range(2):
        with ike_from_gw1(sites) as seen:
            sites.pings()
            until("the alternate has answered", lambda: connected(sites))
        assert [target for _, target in attempts(seen)] == [NOBODY[0], WAN[2]]
        assert sites.pings() == 1
        sites.gw1.disconnect_vpn_s2s_interface("branch")


@pytest.mark.virtual
def test_a_persistent_interface_comes_back_after_minutes(sites: Sites) -> None:
    add_tunnels(sites, persistent=True, number_of_tries=1, retry_interval_seconds=15)
    until("it is up", lambda: connected(sites))
    cut(sites, 100)
    until("the outage is noticed", lambda: not connected(sites))
    with ike_from_gw1(sites) as seen:
        wait(600)
    spaces = [after - before for (before, _), (after, _) in zip(attempts(seen), attempts(seen)[1:], strict=False)]
    assert spaces[1:] == pytest.approx([15 + ATTEMPT_S] * len(spaces[1:]), abs=0.05)
    cut(sites, 0)
    until("it is up again", lambda: connected(sites))
    assert sites.pings() == 1


@pytest.mark.virtual
def test_a_persistent_interface_stays_down_if_somebody_wants_so(sites: Sites) -> None:
    add_tunnels(sites, persistent=True, auto_connect_enabled=False)
    until("it is up", lambda: connected(sites))
    sites.gw2.disconnect_vpn_s2s_interface("branch")
    until("it is down", lambda: not connected(sites))
    wait(120)
    assert not connected(sites)
    sites.gw1.set_vpn_s2s_interface("branch", auto_connect_enabled=True)
    until("it is up again", lambda: connected(sites))
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    wait(120)
    assert not connected(sites)
    sites.pings()
    until("a packet has dialled", lambda: connected(sites))


def test_whoever_dials_a_tunnel_that_is_up_is_content(sites: Sites) -> None:
    """As when a packet dials between somebody's look at the interface and his dialling."""
    add_tunnels(sites)
    vici = sites.services.vici("gw1") if sites.gw1.connect_vpn_s2s_interface("branch") else None
    assert vici is not None
    dial(vici, "branch", 5)
    with pytest.raises(TunnelRefusedError, match=r"last words: .*existing duplicate"):
        vici.initiate(ike="branch", child="branch", timeout_s=5)
    assert sites.pings() == 1


def test_dialling_nobody_takes_no_longer_than_it_may(sites: Sites) -> None:
    """charon would need three seconds to give up; it is asked again only within the time that is left."""
    add_tunnels(sites, destination=NOBODY[0], source_ip_address=WAN[1])
    vici = sites.services.vici("gw1")
    for timeout_s, least_s, most_s in ((10.0, ATTEMPT_S - 0.5, ATTEMPT_S + 2), (1.0, 0.9, 1.5)):
        begin_s = time.monotonic()
        with pytest.raises(TunnelRefusedError):
            dial(vici, "branch", timeout_s)
        assert least_s < time.monotonic() - begin_s < most_s


@pytest.mark.virtual  # the two have to meet
def test_dialling_while_both_sides_hang_up(sites: Sites) -> None:
    """charon takes the end of the old tunnel for that of the attempt, and names no reason."""
    add_tunnels(sites)
    here, there = sites.services.vici("gw1"), sites.services.vici("gw2")
    with ThreadPoolExecutor() as both:

        def hang_up() -> list[Future[None]]:
            ends = [both.submit(vici.terminate, child="branch") for vici in (here, there)]
            until("it is down", lambda: not connected(sites))
            return ends

        dial(here, "branch", 5)
        ends = hang_up()
        with pytest.raises(TunnelRefusedError, match="establishing CHILD_SA 'branch' failed"):
            here.initiate(ike="branch", child="branch", timeout_s=5)
        wait_for(ends)
        until("it is up all the same", lambda: connected(sites))
        ends = hang_up()
        dial(here, "branch", 5)
        assert connected(sites)
        wait_for(ends)


def test_nothing_dials_by_itself(sites: Sites) -> None:
    """The kernel sends no neighbour discovery, router solicitations or group reports into a tunnel."""
    add_tunnels(sites)
    with ike_from_gw1(sites) as seen:
        wait(5)
    assert len(seen.packets) == 0
    assert not connected(sites)
    with ike_from_gw1(sites) as seen:
        sites.pings()
        until("a packet dials", lambda: connected(sites))
    assert len(seen.packets) > 0


def test_both_sides_dial_at_the_same_moment(sites: Sites) -> None:
    add_tunnels(sites)
    other = sites.network["h2"].popen(["ping", "-c", "1", "-W", "1", "10.1.0.1"])
    assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    other.wait(timeout=10)
    assert sites.pings(count=5) == 5
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    assert not connected(sites)


def carrying(sites: Sites) -> dict[str, list[str]]:
    """The IKE SAs of both sides, each with the state of its tunnels."""
    return {
        node: sorted(
            f"{sa['initiator-spi']} {sa['state']} {' '.join(one['state'] for one in sa['child-sas'].values())}"
            for sa in sites.services.vici(node).list_sas()
        )
        for node in ("gw1", "gw2")
    }


def one_and_the_same(sites: Sites) -> bool:
    """Whether both sides have one IKE SA with one tunnel, and that the same."""
    gw1, gw2 = carrying(sites).values()
    return len(gw1) == 1 and gw1 == gw2 and gw1[0].endswith(" ESTABLISHED INSTALLED")


@pytest.mark.parametrize("persistent", [True, False])
def test_two_that_dial_each_other_at_once_end_with_one(sites: Sites, persistent: bool) -> None:
    """Both requests are under way before either has arrived."""
    add_tunnels(sites)
    if persistent:
        with sites.gw1.changing(), sites.gw2.changing():
            for gateway in (sites.gw1, sites.gw2):
                gateway.set_vpn_s2s_interface("branch", persistent=True)
    else:
        with ThreadPoolExecutor() as both:
            wait_for([both.submit(one.connect_vpn_s2s_interface, "branch") for one in (sites.gw1, sites.gw2)])
    until("one is left", lambda: one_and_the_same(sites))
    assert sites.pings(count=5) == 5
    kept = carrying(sites)
    wait(5)
    assert carrying(sites) == kept
    assert [one.get_vpn_s2s_interface("branch")[0].connection_state for one in (sites.gw1, sites.gw2)] == [
        "Connected",
        "Connected",
    ]


def test_without_a_choice_two_would_stay(sites: Sites) -> None:
    """The twin: two tunnels that are made by hand, with nobody there to choose."""
    add_tunnels(sites)
    for gateway in (sites.gw1, sites.gw2):
        gateway._end_dialler()
    here, there = sites.services.vici("gw1"), sites.services.vici("gw2")
    with ThreadPoolExecutor() as both:
        wait_for([both.submit(vici.initiate, ike="branch", child="branch", timeout_s=5) for vici in (here, there)])
    assert [len(one) for one in carrying(sites).values()] == [2, 2]
