"""The life of IKEv2 tunnels: idle ones end, dead ones are noticed, keys are renewed; NAT and selectors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import VpnTrafficSelector
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


def add_tunnels(sites: Sites, one: dict[str, object] | None = None, **both: object) -> None:
    """The same IKEv2 interface on both gateways. one: settings of gw1's only."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_vpn_s2s_interface(
            "branch",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret="secret",
            ipv4_subnet=f"10.{there}.0.0/24:100",
            **both,
            **((one or {}) if here == 1 else {}),
        )


def state(sites: Sites) -> str:
    """Of gw1's interface."""
    return sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state


def test_an_idle_tunnel_ends_and_traffic_brings_it_back(sites: Sites) -> None:
    add_tunnels(sites, idle_disconnect_seconds=2)
    sites.gw1.connect_vpn_s2s_interface("branch")
    sites.pings()
    until("the idle tunnel is gone", lambda: state(sites) == "Disconnected", 10)
    sites.pings()
    until("traffic has brought it back", lambda: state(sites) == "Connected")
    assert sites.pings() == 1


def test_a_persistent_tunnel_stays_idle(sites: Sites) -> None:
    add_tunnels(sites, idle_disconnect_seconds=1, one={"persistent": True})
    until("it is up", lambda: state(sites) == "Connected")
    sites.gw2.set_vpn_s2s_interface("branch", idle_disconnect_seconds=0)
    sites.gw2.disconnect_vpn_s2s_interface("branch")
    until("it is up again", lambda: state(sites) == "Connected")
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert state(sites) == "Connected"
        time.sleep(0.2)  # samples of a state that must not change


def test_a_silent_peer_is_given_up_after_the_outage_time(sites: Sites) -> None:
    add_tunnels(sites, network_outage_time_seconds=6, persistent=False)
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.pings() == 1
    sites.network["gw2"].intf("wan0").set_impairment(loss_percent=100)
    sites.network["isp"].intf("site2").set_impairment(loss_percent=100)
    begin = time.monotonic()
    until("the tunnel is given up", lambda: state(sites) == "Disconnected", 15)
    assert 4.5 <= time.monotonic() - begin <= 8


def test_keys_are_renewed_by_volume_without_loss(sites: Sites) -> None:
    add_tunnels(sites, sa_data_size_for_renegotiation_kilobytes=1024)
    sites.gw1.connect_vpn_s2s_interface("branch")
    before = spis(sites)
    ping = ["ping", "-c", "1500", "-i", "0.002", "-s", "1300", "-W", "1", "-q", "10.2.0.1"]
    result = sites.network["h1"].run(ping, timeout=60)
    assert "1500 received" in result.stdout
    assert spis(sites) - before


def test_selectors_limit_what_is_protected(sites: Sites) -> None:
    here = VpnTrafficSelector(ip_address_range=("10.1.0.0", "10.1.0.255"))
    there = VpnTrafficSelector(ip_address_range=("10.2.0.1", "10.2.0.1"), protocol_id=1)
    selectors = {"local_vpn_traffic_selector": here, "remote_vpn_traffic_selector": there}
    add_tunnels(sites, one=selectors)
    sites.gw2.set_vpn_s2s_interface("branch", local_vpn_traffic_selector=there, remote_vpn_traffic_selector=here)
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.pings() == 1
    sites.network.addAddress("h2", "eth0", "10.2.0.2/24")
    assert sites.pings("10.2.0.2") == 0
    policies = sites.network["gw1"].run("ip xfrm policy").stdout
    assert "dst 10.2.0.1/32 proto icmp" in policies


def test_nat_on_the_way_puts_esp_into_udp(sites: Sites) -> None:
    """The Internet's router hides gw1, as a provider's NAT would."""
    isp = sites.network["isp"]
    rules = "add table ip n; add chain ip n p { type nat hook postrouting priority 100; }; "
    rules += 'add rule ip n p oifname "site2" masquerade'
    assert isp.run(["nft", rules]).status == 0
    hidden_as = "198.51.100.254"
    secret = {"authentication_method": "PSKOnly", "shared_secret": "secret"}
    sites.gw1.add_vpn_s2s_interface("branch", destination=WAN[2], ipv4_subnet="10.2.0.0/24", **secret)
    hidden = {"destination": hidden_as, "peer_identity": WAN[1], "ipv4_subnet": "10.1.0.0/24"}
    sites.gw2.add_vpn_s2s_interface("hidden", **hidden, **secret)
    sites.gw1.connect_vpn_s2s_interface("branch")
    with capture(isp.intf("site2"), "udp port 4500 or esp") as seen:
        assert sites.pings() == 1
    assert {row["protocol"] for _, row in seen.frame.iterrows()} == {"udp"}


def dials(sites: Sites, target: str, *, expected: bool) -> bool:
    """Whether a ping from site 1 makes gw1 send IKE packets. If it is expected not to, it gets half a second for it."""
    with capture(sites.network["gw1"].intf("wan0"), f"udp port 500 and src host {WAN[1]}") as seen:
        sites.pings(target)  # it ends at once, as there is no way yet
        if expected:
            until("gw1 dials", lambda: sites.services.vici("gw1").list_sas())
        else:
            time.sleep(0.5)
    return len(seen.packets) > 0


def test_only_triggers_dial_but_all_may_use_what_is_up(sites: Sites) -> None:
    add_tunnels(sites)
    sites.network.addAddress("h2", "eth0", "10.2.0.2/24")
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_trigger_filter="10.1.0.0/24:10.2.0.2/32:ICMP")
    assert not dials(sites, "10.2.0.1", expected=False)
    assert state(sites) == "Disconnected"
    assert dials(sites, "10.2.0.2", expected=True)
    until("the trigger has dialled", lambda: state(sites) == "Connected")
    assert sites.pings("10.2.0.1") == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    assert not dials(sites, "10.2.0.1", expected=False)
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_trigger_filter_action="Deny")
    assert not dials(sites, "10.2.0.2", expected=False)
    assert dials(sites, "10.2.0.1", expected=True)


def test_a_trigger_filter_does_not_cut_a_tunnel_that_is_up(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.connect_vpn_s2s_interface("branch")
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_trigger_filter="10.1.0.0/24:10.9.0.0/16:ICMP")
    assert sites.pings() == 1


def test_routes_of_a_connection_come_and_go_with_it(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.set_vpn_s2s_interface("branch", ipv4_subnet=(), post_connection_ipv4_subnet="10.2.0.0/24:50")

    def routes() -> str:
        return str(sites.network["gw1"].run("ip route show dev branch").stdout)

    assert routes() == ""
    sites.gw1.connect_vpn_s2s_interface("branch")
    until("the route is there", lambda: "10.2.0.0/24 scope link metric 50" in routes())
    assert sites.pings() == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    until("the route is gone", lambda: routes() == "")


def test_the_second_destination_is_dialled_and_promoted(sites: Sites) -> None:
    """The first one is an address at which nobody answers."""
    add_tunnels(sites, one={"number_of_tries": 1})
    sites.gw1.set_vpn_s2s_interface("branch", destination=["198.51.100.77", WAN[2]])
    assert sites.gw1.connect_vpn_s2s_interface("branch", timeout_s=4).destination == ("198.51.100.77", WAN[2])
    assert sites.pings() == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    sites.gw1.set_vpn_s2s_interface("branch", promote_alternate=True)
    assert sites.gw1.connect_vpn_s2s_interface("branch", timeout_s=4).destination == (WAN[2], "198.51.100.77")
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    begin = time.monotonic()
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert time.monotonic() - begin < 2


def test_no_destination_answers(sites: Sites) -> None:
    add_tunnels(sites, one={"number_of_tries": 1})
    sites.gw1.set_vpn_s2s_interface("branch", destination=["198.51.100.77", "198.51.100.78"], promote_alternate=True)
    with pytest.raises(TunnelRefusedError):
        sites.gw1.connect_vpn_s2s_interface("branch", timeout_s=2)
    assert sites.gw1.get_vpn_s2s_interface("branch")[0].destination == ("198.51.100.77", "198.51.100.78")


def spis(sites: Sites) -> set[str]:
    """The SPIs in gw1's table of SAs."""
    words = sites.network["gw1"].run("ip xfrm state").stdout.split()
    return {word for before, word in pairwise(words) if before == "spi"}
