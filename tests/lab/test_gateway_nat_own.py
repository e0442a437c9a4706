"""What a gateway itself sends keeps its address beside NAT, and what it listens on stays its own."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import GatewayRefusedError
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]

POOL = "203.0.113.50"


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Network(TwoSites()) as network:
        network.addRoute("isp", "10.2.0.0/24", via=WAN[2])
        yield Sites(network)


def tunnels(sites: Sites) -> None:
    """IKEv2, GRE and WireGuard between the two gateways, and a BGP session over their addresses outside."""
    keys = {site: gateway.new_wireguard_keys() for site, gateway in ((1, sites.gw1), (2, sites.gw2))}
    for me, you, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        with gateway.changing():
            gateway.add_vpn_s2s_interface(
                "ike",
                destination=WAN[you],
                authentication_method="PSKOnly",
                shared_secret="x",
                ipv4_subnet=f"10.{you}.0.0/24:100",
            )
            gateway.add_gre_interface(
                "gre", source_ip_address=WAN[me], destination=WAN[you], ipv4_address=f"10.254.0.{me}/30"
            )
            gateway.add_wireguard_interface(
                "wg",
                destination=WAN[you],
                private_key=keys[me].private_key,
                public_key=keys[you].public_key,
                ipv4_address=f"10.255.0.{me}/30",
            )
            gateway.add_bgp_router(bgp_identifier=WAN[me], local_asn=64511 + me, default_gateway_routing=True)
            gateway.add_bgp_peer(
                "far", local_ip_address=WAN[me], peer_ip_address=WAN[you], peer_asn=64511 + you, ebgp_multihop=2
            )


def packets(sites: Sites) -> pd.DataFrame:
    """What gw1 sends while it uses all of its tunnels and calls gw2 itself, as gw2 sees it."""
    with capture(sites.network["gw2"].intf("wan0"), f"src net 203.0.113.0/24 or src host {POOL}") as seen:
        sites.gw1.disconnect_vpn_s2s_interface("ike")
        assert sites.gw1.connect_vpn_s2s_interface("ike").connection_state == "Connected"
        assert sites.pings() == 1
        for target in ("10.254.0.2", "10.255.0.2", WAN[2]):
            assert sites.pings(target, "gw1") == 1, target
        code = "import socket; s = socket.socket(2, 2); s.sendto(b'?', ('198.51.100.2', 53))"
        assert sites.network["gw1"].run(["python3", "-c", code]).status == 0
    return seen.frame


@pytest.mark.needs("esp", "xfrm interface", "gre", "wireguard")
def test_a_pool_is_for_what_is_inside_and_not_for_the_gateway(sites: Sites) -> None:
    with sites.gw1.changing():
        sites.gw1.new_net_nat("office")
        sites.gw1.add_net_nat_external_address("office", POOL)
    tunnels(sites)
    until("BGP is up", lambda: [one.connectivity_status for one in sites.gw1.get_bgp_peer()] == ["Connected"])
    seen = packets(sites)
    assert set(seen["source"]) == {WAN[1]}
    assert {"esp", "gre", "udp", "icmp"} <= set(seen["protocol"])
    assert {500, 51820, 53} <= set(seen["destination_port"])
    # The twin: what h1 sends has the address of the pool, on the same interface.
    with capture(sites.network["gw2"].intf("wan0"), "icmp[0] == 8") as seen:
        assert sites.pings(WAN[2]) == 1
    assert set(seen.frame["source"]) == {POOL}


@pytest.mark.needs("gre")
def test_a_pool_of_a_tunnel_is_not_for_the_ends_of_the_tunnel(sites: Sites) -> None:
    for me, you, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_gre_interface(
            "gre",
            source_ip_address=WAN[me],
            destination=WAN[you],
            ipv4_address=f"10.254.0.{me}/30",
            ipv4_subnet=f"10.{you}.0.0/24:100",
        )
    with sites.gw1.changing():
        sites.gw1.new_net_nat("partner", external_ip_interface_address_prefix="10.254.0.0/30")
        sites.gw1.add_net_nat_external_address("partner", "10.254.0.7")
    sites.network.addRoute("gw2", "10.254.0.7/32", dev="gre")
    with capture(sites.network["gw2"].intf("gre"), "icmp[0] == 8") as seen:
        assert sites.pings("10.254.0.2", "gw1") == 1
        assert sites.pings("10.2.0.1", "h1") == 1
    assert list(seen.frame["source"]) == ["10.254.0.1", "10.254.0.7"]


@pytest.mark.needs("gre")
def test_a_tunnel_from_a_second_address_keeps_it_beside_the_address_of_the_interface(sites: Sites) -> None:
    sites.network.addAddress("gw1", "wan0", "203.0.113.9/24")
    ends = {1: "203.0.113.9", 2: WAN[2]}
    for me, you, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_gre_interface(
            "gre", source_ip_address=ends[me], destination=ends[you], ipv4_address=f"10.254.0.{me}/30"
        )
    assert sites.pings("10.254.0.2", "gw1") == 1
    sites.gw1.new_net_nat("office")
    assert sites.pings("10.254.0.2", "gw1") == 1
    assert sites.pings("10.254.0.1", "gw2") == 1
    # What the gateway sends from an address inside is translated as ever, so that it is answered.
    node = sites.network["gw1"]
    assert "1 received" in node.run(["ping", "-c1", "-W1", "-I", "10.1.0.254", WAN[2]], timeout=10).stdout


def test_a_port_that_the_gateway_listens_on_is_not_given_away(sites: Sites) -> None:
    gateway = sites.gw1
    gateway.new_net_nat("office")
    before = sites.network["gw1"].run("nft list ruleset").stdout
    with pytest.raises(
        GatewayRefusedError, match=r"UDP 0.0.0.0:500 of gw1 would take the port on which its role VpnS2S"
    ):
        gateway.add_net_nat_static_mapping("office", "UDP", 500, "10.1.0.1")
    gateway.add_net_nat_static_mapping("office", "TCP", 179, "10.1.0.1")
    with pytest.raises(GatewayRefusedError, match=r"TCP 0.0.0.0:179 of gw1 would take .* its BGP router listens"):
        gateway.add_bgp_router(bgp_identifier=WAN[1], local_asn=64512)
    with pytest.raises(GatewayRefusedError, match="gw1 is no BGP router"):
        gateway.get_bgp_router()
    gateway.remove_net_nat_static_mapping("office", "TCP", 179)
    assert sites.network["gw1"].run("nft list ruleset").stdout == before
    # The twin: an address that is not the gateway's own may have any port.
    gateway.add_net_nat_static_mapping("office", "UDP", 500, "10.1.0.1", external_ip_address=POOL)


@pytest.mark.needs("esp", "xfrm interface")
@pytest.mark.parametrize("pool", [None, WAN[1]])
def test_hosts_inside_do_not_get_the_ports_of_the_gateway(sites: Sites, pool: str | None) -> None:
    """One that sends from the ports of IKE, where ports are open to all, would get the calls of all other gateways."""
    with sites.gw1.changing():
        sites.gw1.new_net_nat("office", udp_filtering_behavior="EndpointIndependent")
        if pool:
            sites.gw1.add_net_nat_external_address("office", pool)
    key = {"authentication_method": "PSKOnly", "shared_secret": "x"}
    for me, gateway in ((1, sites.gw1), (2, sites.gw2)):
        gateway.add_vpn_s2s_interface("ike", destination=WAN[3 - me], **key, ipv4_subnet=f"10.{3 - me}.0.0/24:100")
    with capture(sites.network["isp"].intf("site1"), "udp dst port 9") as seen:
        for port in (500, 4500, 6000):
            code = f"import socket; s = socket.socket(2, 2); s.bind(('', {port})); s.sendto(b'?', ('203.0.113.254', 9))"
            assert sites.network["h1"].run(["python3", "-c", code]).status == 0
    first, second, other = seen.frame["source_port"]
    assert min(first, second) > 4500
    assert other == 6000
    assert sites.gw2.connect_vpn_s2s_interface("ike").connection_state == "Connected"
    assert sites.pings("10.1.0.1", "h2") == 1
