"""An enterprise edge as a whole: eBGP inside an IKEv2 tunnel, NAT for the Internet, a filter on the outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from two_sites import WAN, Sites, TwoSites, until

from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface", "nft nat")]

INTERNET = "203.0.113.254"  # the provider's router, as seen by site 1


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two sites that speak BGP between their LAN addresses, which only the tunnel connects."""
    with Network(TwoSites()) as network:
        found = Sites(network)
        for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
            with gateway.changing():
                gateway.add_vpn_s2s_interface(
                    "site",
                    destination=WAN[there],
                    authentication_method="PSKOnly",
                    shared_secret="secret",
                    persistent=here == 1,
                    ipv4_subnet=f"10.{there}.0.254/32:1",
                )
                gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
                gateway.add_bgp_peer(
                    "site",
                    local_ip_address=f"10.{here}.0.254",
                    peer_ip_address=f"10.{there}.0.254",
                    peer_asn=64511 + there,
                    hold_time_sec=9,
                )
                gateway.add_bgp_custom_route(network=f"10.{here}.0.0/24")
                gateway.new_net_nat("internet", internal_ip_interface_address_prefix=f"10.{here}.0.0/24")
                gateway.add_remote_access_ip_filter(
                    "wan0",
                    "Deny",
                    [
                        f"{WAN[there]}/32:{WAN[here]}/32:UDP:500:500",
                        f"{WAN[there]}/32:{WAN[here]}/32:UDP:4500:4500",
                        f"{WAN[there]}/32:{WAN[here]}/32:50",
                        "0.0.0.0/0:0.0.0.0/0:ICMP:0:0",
                    ],
                    "Inbound",
                )
        yield found


def learnt(sites: Sites) -> bool:
    """Both gateways have the other LAN in the kernel's table."""
    tables = [
        sites.network[f"gw{here}"].run(f"ip route show 10.{there}.0.0/24").stdout for here, there in ((1, 2), (2, 1))
    ]
    return all("proto bgp" in table for table in tables)


def test_sites_meet_inside_and_the_internet_outside(sites: Sites) -> None:
    until("the LANs are learnt", lambda: learnt(sites), 30)
    with capture(sites.network["isp"].intf("site1")) as seen:
        assert sites.pings("10.2.0.1") == 1
        assert sites.pings("10.1.0.1", source="h2") == 1
        assert sites.pings(INTERNET) == 1
    inside = {address for column in ("source", "destination") for address in seen.frame[column].dropna()}
    assert not {address for address in inside if address.startswith("10.")}
    assert "esp" in set(seen.frame["protocol"])
    sessions = sites.gw1.get_net_nat_session()
    assert [one.external_destination_address for one in sessions] == [INTERNET]


def test_the_filter_on_the_outside_lets_nobody_else_in(sites: Sites) -> None:
    assert sites.pings(WAN[1], source="isp") == 0
    sites.gw1.remove_remote_access_ip_filter("wan0", "Inbound")
    assert sites.pings(WAN[1], source="isp") == 1


def test_without_the_tunnel_the_session_ends_and_the_routes_go(sites: Sites) -> None:
    until("the LANs are learnt", lambda: learnt(sites), 30)
    for gateway in (sites.gw1, sites.gw2):
        gateway.set_vpn_s2s_interface("site", admin_status=False)
    until("the route is gone", lambda: not sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout, 15)
    assert sites.pings("10.2.0.1") == 0
    for gateway in (sites.gw1, sites.gw2):
        gateway.set_vpn_s2s_interface("site", admin_status=True)
    until("the LANs are learnt and reached again", lambda: learnt(sites) and sites.pings("10.2.0.1"), 40)


def test_equal_as_numbers_make_it_an_internal_session(sites: Sites) -> None:
    until("the LANs are learnt", lambda: learnt(sites), 30)
    assert sites.gw1.get_bgp_route_information("10.2.0.0/24")[0].as_path == "64513"
    sites.gw2.set_bgp_peer("site", peer_asn=64512, local_asn=None)
    with sites.gw2.changing():
        sites.gw2.set_bgp_router(local_asn=64512)
    sites.gw1.set_bgp_peer("site", peer_asn=64512)

    def path() -> list[tuple[str, int | None]]:
        return [(one.as_path, one.local_pref) for one in sites.gw1.get_bgp_route_information("10.2.0.0/24")]

    until("the path has no AS in it, but a local preference", lambda: path() == [("", 100)], 40)
