"""WireGuard interfaces on the wire and in the kernel, with BGP over them, and what happens with the wrong keys."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from two_sites import WAN, WAN6, Sites, TwoSites, until

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.measure import capture, throughput
from raslab.measure.headers import dissect
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("wireguard")]

PORT = 51820


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways with a WireGuard interface between them and the LANs behind it."""
    with Network(TwoSites()) as network:
        found = Sites(network)
        keys = {1: found.gw1.new_wireguard_keys(), 2: found.gw2.new_wireguard_keys()}
        for here, there, gateway in ((1, 2, found.gw1), (2, 1, found.gw2)):
            gateway.add_wireguard_interface(
                "branch",
                destination=WAN[there],
                private_key=keys[here].private_key,
                public_key=keys[there].public_key,
                ipv4_address=f"10.255.0.{here}/30",
                ipv4_subnet=f"10.{there}.0.0/24:100",
                ipv6_subnet=f"2001:db8:{there}::/64:100",
            )
        yield found


def test_keys_are_there_again_when_the_network_is(sites: Sites) -> None:
    sites.network.stop()
    with sites.network:
        sites.start()
        assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
        assert sites.pings() == 1


def states(sites: Sites) -> list[str]:
    """How the interface is at each site."""
    return [gateway.get_vpn_s2s_interface("branch")[0].connection_state for gateway in (sites.gw1, sites.gw2)]


def addresses(frame: pd.DataFrame) -> set[str]:
    """Every source and destination of captured packets."""
    return {address for column in ("source", "destination") for address in frame[column].dropna()}


def test_both_families_go_through_and_nothing_of_the_inside_is_seen(sites: Sites) -> None:
    assert states(sites) == ["Disconnected", "Disconnected"]
    with capture(sites.network["isp"].intf("site1")) as seen:
        assert sites.pings() == 1
        assert sites.pings("2001:db8:2::1") == 1
    assert states(sites) == ["Connected", "Connected"]
    frame = seen.frame
    assert not {"10.1.0.1", "10.2.0.1", "2001:db8:1::1", "2001:db8:2::1"} & addresses(frame)
    frame = frame[~frame["protocol"].isin(["arp", "icmpv6"])]  # neighbours that look for each other
    assert set(frame["protocol"]) == {"udp"}
    assert addresses(frame) == set(WAN.values())
    headers = [header for packet in seen.packets for header in dissect(bytes(packet)).headers]
    messages = {header.fields[0].meaning for header in headers if header.protocol == "WireGuard"}
    assert messages == {"handshake initiation", "handshake response", "data"}
    assert set(frame["source_port"].dropna()) | set(frame["destination_port"].dropna()) == {PORT}
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics("branch")
    # Four of them are echo requests and replies; handshakes and keepalives are counted too, 1 or 2 in each direction.
    assert counted.bytes_in > 2 * 64
    assert counted.bytes_out > 2 * 64
    assert (counted.errors_in, counted.errors_out) == (0, 0)


def test_with_the_wrong_public_key_nothing_passes(sites: Sites) -> None:
    """Negative twin: of a key that is not the other gateway's, and then of the right one again."""
    right = sites.gw2.state.wireguard_interfaces[0].public_key
    sites.gw2.set_vpn_s2s_interface("branch", public_key=sites.gw1.new_wireguard_keys().public_key)
    with capture(sites.network["isp"].intf("site2")) as seen:
        assert sites.pings() == 0
        assert sites.pings(source="h2", target="10.1.0.1") == 0
        with pytest.raises(TunnelRefusedError, match=r"no handshake with 198\.51\.100\.2 port 51820 within 2 s"):
            sites.gw1.connect_vpn_s2s_interface("branch", timeout_s=2)
    assert len(seen.frame)
    assert "no handshake" in sites.gw1.get_vpn_s2s_interface()[0].last_error
    assert states(sites) == ["Disconnected", "Disconnected"]
    sites.gw2.set_vpn_s2s_interface("branch", public_key=right)
    assert sites.gw2.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert sites.pings() == 1


def test_it_is_dialled_and_hung_up(sites: Sites) -> None:
    assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert sites.gw1.get_vpn_s2s_interface("branch")[0].last_error == ""
    assert sites.gw1.disconnect_vpn_s2s_interface("branch").connection_state == "Disconnected"
    assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    sites.gw1.set_vpn_s2s_interface("branch", admin_status=False)
    assert states(sites)[0] == "Disabled"
    assert sites.pings() == 0
    sites.gw1.set_vpn_s2s_interface("branch", admin_status=True)
    assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert sites.pings() == 1


def test_only_allowed_prefixes_go_in_and_come_out(sites: Sites) -> None:
    sites.gw2.set_vpn_s2s_interface("branch", allowed_ips=["10.255.0.0/30"])
    assert sites.pings() == 0
    assert sites.pings("10.255.0.2", source="gw1") == 1
    sites.gw2.set_vpn_s2s_interface("branch", allowed_ips=["10.255.0.0/30", "10.1.0.0/24"])
    assert sites.pings() == 1
    assert sites.pings("2001:db8:2::1") == 0


def test_a_preshared_key_has_to_fit_too(sites: Sites) -> None:
    secret, other = (sites.gw1.new_wireguard_keys().private_key for _ in range(2))
    sites.gw1.set_vpn_s2s_interface("branch", preshared_key=secret)
    sites.gw2.set_vpn_s2s_interface("branch", preshared_key=other)
    assert sites.pings() == 0
    sites.gw2.set_vpn_s2s_interface("branch", preshared_key=secret)
    assert sites.gw2.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert sites.pings() == 1


def test_over_ipv6_with_other_ports_and_keepalives(sites: Sites) -> None:
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.set_vpn_s2s_interface(
            "branch",
            destination=WAN6[there],
            listen_port=50000 + here,
            destination_port=50000 + there,
            keepalive_seconds=25 * (here == 1),
        )
    # Site 1 has dialled by itself, to send its keepalive, at the same moment as site 2 does.
    assert sites.gw2.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    with capture(sites.network["isp"].intf("site1")) as seen:
        assert sites.pings() == 1
        assert sites.pings("2001:db8:2::1") == 1
    frame = seen.frame[seen.frame["protocol"] == "udp"]
    assert set(frame["source"]) == set(WAN6.values())
    assert set(frame["source_port"]) == {50001, 50002}
    assert "mtu 1420" in sites.network["gw1"].run("ip link show branch").stdout


def test_bgp_over_it_carries_the_lans(sites: Sites) -> None:
    sites.gw1.connect_vpn_s2s_interface("branch")  # else both would dial at the same moment, and again 5 s later
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        with gateway.changing():
            gateway.set_vpn_s2s_interface("branch", ipv4_subnet=(), ipv6_subnet=())
            gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
            gateway.add_bgp_peer(
                f"site{there}",
                local_ip_address=f"10.255.0.{here}",
                peer_ip_address=f"10.255.0.{there}",
                peer_asn=64511 + there,
            )
            gateway.add_bgp_custom_route(network=f"10.{here}.0.0/24")
    until("the LAN is learnt", lambda: "bgp" in sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout, 40)
    until("the way back is learnt", lambda: "bgp" in sites.network["gw2"].run("ip route show 10.1.0.0/24").stdout)
    assert sites.pings() == 1
    sites.gw1.set_vpn_s2s_interface("branch", admin_status=False)
    until("the route is gone", lambda: not sites.network["gw1"].run("ip route show 10.2.0.0/24").stdout)


@pytest.mark.virtual
@pytest.mark.needs("tbf")
def test_limits_are_kept_within_two_percent(sites: Sites) -> None:
    def mbps(sender: str, receiver: str) -> float:
        frame = throughput(sites.network[sender], sites.network[receiver], duration_s=2.0, warmup_s=1.0)
        return float(frame["throughput_mbps"].iloc[0])

    assert mbps("h1", "h2") > 60
    sites.gw1.set_vpn_s2s_interface("branch", tx_bandwidth_kbps=20_000, rx_bandwidth_kbps=8_000)
    share = 1388 / 1440  # TCP payload of an inner packet of 1440 bytes: what is limited are inner IP packets
    assert mbps("h1", "h2") == pytest.approx(20 * share, rel=0.02)
    assert mbps("h2", "h1") == pytest.approx(8 * share, rel=0.02)


def test_what_it_became_and_what_is_refused(sites: Sites) -> None:
    (added,) = (deed for deed in sites.gw1.explain(everything=True).deeds if "add_wireguard" in deed.verb)
    one = sites.gw1.state.wireguard_interfaces[0]
    assert added.lines[0] == "ip -n gw1 link add branch mtu 1440 type wireguard"
    assert added.lines[-1] == (
        f"wg set branch private-key branch.key listen-port 51820 peer {one.public_key} "
        "endpoint 198.51.100.2:51820 allowed-ips 0.0.0.0/0,::/0"
    )
    assert one.private_key is not None
    assert one.private_key not in str(sites.gw1.explain(everything=True))
    before = sites.gw1.state
    with pytest.raises(GatewayRefusedError, match="both listen on port 51820"):
        sites.gw1.add_wireguard_interface(
            "other", destination=WAN[2], private_key=one.private_key, public_key=one.public_key
        )
    with pytest.raises(GatewayRefusedError, match="gw1 already has a WireGuard interface branch"):
        sites.gw1.add_gre_interface("branch", source_ip_address=WAN[1], destination=WAN[2])
    assert sites.gw1.state is before
    sites.gw1.remove_vpn_s2s_interface("branch")
    assert "branch" not in sites.network["gw1"].run("ip link").stdout
    assert sites.services.declared("gw1") == ()
