"""GRE site-to-site interfaces and BGP over them, on the wire and in the kernel's tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_sites import WAN, WAN6, Sites, TwoSites, until

from raslab.errors import GatewayRefusedError, KernelRefusedError
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre")]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways with a keyed GRE interface between them."""
    with Network(TwoSites()) as network:
        found = Sites(network)
        for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
            gateway.add_gre_interface(
                "branch",
                source_ip_address=WAN[here],
                destination=WAN[there],
                gre_key=1001,
                ipv4_address=f"10.255.0.{here}/30",
                ipv6_address=f"2001:db8:ff::{here}/64",
            )
        yield found


def add_bgp(sites: Sites, **peer: object) -> None:
    """A router on each site that announces its LAN, and a session through the tunnel."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        with gateway.changing():
            gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
            gateway.add_bgp_peer(
                f"site{there}",
                local_ip_address=f"10.255.0.{here}",
                peer_ip_address=f"10.255.0.{there}",
                peer_asn=64511 + there,
                **peer,
            )
            gateway.add_bgp_custom_route(network=f"10.{here}.0.0/24")


def connected(sites: Sites) -> bool:
    """Both sessions are up."""
    peers = (*sites.gw1.get_bgp_peer(), *sites.gw2.get_bgp_peer())
    return {peer.connectivity_status for peer in peers} == {"Connected"}


def test_static_subnets_go_through_the_keyed_tunnel(sites: Sites) -> None:
    for there, gateway in ((2, sites.gw1), (1, sites.gw2)):
        gateway.set_vpn_s2s_interface(
            "branch", ipv4_subnet=f"10.{there}.0.0/24:100", ipv6_subnet=f"2001:db8:{there}::/64:100"
        )
    isp = sites.network["isp"]
    with capture(isp.intf("site1")) as seen:
        assert sites.pings() == 1
        assert sites.pings("2001:db8:2::1") == 1
    assert set(seen.frame["gre_key"].dropna()) == {1001}
    metric = sites.network["gw1"].run(["ip", "route", "show", "10.2.0.0/24"]).stdout
    assert "dev branch" in metric
    assert "metric 100" in metric
    sites.gw2.set_vpn_s2s_interface("branch", gre_key=1002)
    assert sites.pings() == 0
    sites.gw2.set_vpn_s2s_interface("branch", gre_key=1001)
    assert sites.pings() == 1
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics()
    assert (counted.packets_in, counted.packets_out) == (3, 4)
    sites.gw1.clear_vpn_s2s_interface_statistics()
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics("branch")
    assert counted.packets_out == 0


def test_bgp_over_the_tunnel_carries_the_lans(sites: Sites) -> None:
    assert sites.pings() == 0
    add_bgp(sites)
    until("both sessions are up", lambda: connected(sites))
    until("the route is in the kernel", lambda: "bgp" in sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout)
    until("the way back is there", lambda: "bgp" in sites.network["gw2"].run("ip route show 10.1.0.0/24").stdout)
    assert sites.pings() == 1
    (route,) = sites.gw1.get_bgp_route_information("10.2.0.0/24")
    assert (route.next_hop, route.learnt_from, route.state, route.as_path) == ("10.255.0.2", "site2", "Best", "64513")
    assert route.weight == 32768
    (counted,) = sites.gw1.get_bgp_statistics()
    assert counted.state == "Established"
    assert counted.update_received >= 1
    sites.gw2.remove_bgp_custom_route(network="10.2.0.0/24")
    until("the route is gone", lambda: not sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout)
    assert sites.pings() == 0
    assert connected(sites)


def test_a_stopped_peer_is_silent_until_started(sites: Sites) -> None:
    add_bgp(sites)
    until("both sessions are up", lambda: connected(sites))
    sites.gw1.stop_bgp_peer("site2")
    assert sites.gw1.get_bgp_peer()[0].connectivity_status == "Stopped"
    until("the route is gone", lambda: not sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout)
    sites.gw1.start_bgp_peer("site2")
    until("both sessions are up", lambda: connected(sites))


def test_a_refused_verb_changes_nothing(sites: Sites) -> None:
    before, table = sites.gw1.state, sites.network["gw1"].run("ip route").stdout
    with pytest.raises(GatewayRefusedError, match="the same end points and key 1001"):
        sites.gw1.add_gre_interface("other", source_ip_address=WAN[1], destination=WAN[2], gre_key=1001)
    with pytest.raises(GatewayRefusedError, match="has no BGP router"):
        sites.gw1.add_bgp_custom_route(network="10.1.0.0/24")
    assert sites.gw1.state is before
    assert sites.network["gw1"].run("ip route").stdout == table


def test_over_ipv6(sites: Sites) -> None:
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.set_vpn_s2s_interface(
            "branch",
            source_ip_address=WAN6[here],
            destination=WAN6[there],
            ipv4_subnet=f"10.{there}.0.0/24",
            ipv6_subnet=f"2001:db8:{there}::/64",
        )
    assert sites.pings() == 1
    assert sites.pings("2001:db8:2::1") == 1


def test_a_change_that_the_kernel_refuses_changes_nothing(sites: Sites) -> None:
    """Somebody has made a tunnel with the same end points by hand, which no rule can know of."""
    gw1 = sites.network["gw1"]
    by_hand = f"ip link add byhand type gre local {WAN[1]} remote {WAN[2]} key 7"
    assert gw1.run(by_hand).status == 0
    before, links = sites.gw1.state, gw1.run("ip -br link").stdout

    def router_and_tunnel() -> None:
        with sites.gw1.changing():
            sites.gw1.add_bgp_router(bgp_identifier="10.1.0.254", local_asn=64512)
            sites.gw1.add_gre_interface("other", source_ip_address=WAN[1], destination=WAN[2], gre_key=7)

    with pytest.raises(KernelRefusedError, match="choose another key"):
        router_and_tunnel()
    assert sites.gw1.state == before
    assert gw1.run("ip -br link").stdout == links
    assert sites.services.declared("gw1") == ()
    sites.gw1.add_gre_interface("other", source_ip_address=WAN[1], destination=WAN[2], gre_key=8)


def test_difference_is_told_and_then_done(sites: Sites) -> None:
    with sites.gw1.changing():
        sites.gw1.set_vpn_s2s_interface("branch", ipv4_subnet="10.2.0.0/24:100")
        told = sites.gw1.diff().lines
        assert "10.2.0.0/24" not in sites.network["gw1"].run("ip route").stdout
    assert told == ("ip -n gw1 route replace 10.2.0.0/24 dev branch metric 100",)
    assert sites.gw1.explain().lines == told
    assert sites.gw1.diff().lines == ()


def test_uninstalling_leaves_nothing(sites: Sites) -> None:
    add_bgp(sites)
    sites.gw1.uninstall_remote_access()
    assert sites.services.declared("gw1") == ()
    assert "branch" not in sites.network["gw1"].run("ip link").stdout


def test_the_same_verb_again_does_nothing(sites: Sites) -> None:
    again = {
        "source_ip_address": WAN[1],
        "destination": WAN[2],
        "gre_key": 1001,
        "ipv4_address": "10.255.0.1/30",
        "ipv6_address": "2001:db8:ff::1/64",
    }
    assert len(sites.gw1.explain().lines) >= 3
    sites.gw1.add_gre_interface("branch", **again)
    assert sites.gw1.explain().lines == ()
