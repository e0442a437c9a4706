"""IKEv2 site-to-site interfaces: SAs, ESP on the wire, and no inner address in clear on any transport link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from transport import Transport
from two_sites import WAN, WAN6, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

UDP, ESP = 17, 50  # IANA's numbers
SECRET = "correct horse battery staple"


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them."""
    with Network(TwoSites()) as network:
        yield Sites(network)


def add_tunnels(
    sites: Sites, *, over: dict[int, str] = WAN, secrets: tuple[str, str] = (SECRET, SECRET), **settings: object
) -> None:
    """The same IKEv2 interface on both gateways."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_vpn_s2s_interface(
            "branch",
            destination=over[there],
            authentication_method="PSKOnly",
            shared_secret=secrets[here - 1],
            ipv4_subnet=f"10.{there}.0.0/24:100",
            ipv6_subnet=f"2001:db8:{there}::/64:100",
            **settings,
        )


def test_psk_tunnel_carries_both_families_and_nothing_in_clear(sites: Sites) -> None:
    add_tunnels(sites)
    with Transport(sites.network) as transport:
        status = sites.gw1.connect_vpn_s2s_interface("branch")
        assert status.connection_state == "Connected"
        assert sites.pings(count=3) == 3
        assert sites.pings("2001:db8:2::1", count=3) == 3
    assert transport.in_clear() == []
    assert transport.protocols <= {"udp", "esp", "arp", "icmpv6", "isakmp", "icmp6"}
    state = sites.network["gw1"].run("ip -s xfrm state").stdout
    assert state.count("proto esp") == 2
    assert "if_id" in state
    (counted,) = sites.gw1.get_vpn_s2s_interface_statistics()
    assert counted.packets_in == counted.packets_out == 6


def test_without_a_tunnel_inner_addresses_would_be_seen(sites: Sites) -> None:
    sites.network.addRoute("isp", "10.2.0.0/24", via=WAN[2])
    with Transport(sites.network) as transport:
        sites.pings()
    assert transport.in_clear()


def test_gre_over_ipsec_shows_no_gre(sites: Sites) -> None:
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_vpn_s2s_interface(
            "outer",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret=SECRET,
            ipv4_address=f"10.254.0.{here}/30",
        )
        gateway.add_gre_interface(
            "inner",
            source_ip_address=f"10.254.0.{here}",
            destination=f"10.254.0.{there}",
            gre_key=7,
            ipv4_subnet=f"10.{there}.0.0/24",
        )
    sites.gw1.connect_vpn_s2s_interface("outer")
    with Transport(sites.network) as transport:
        size = 1500 - 93 - 28 - 28  # IPsec at its largest, GRE with key, IP and ICMP
        ping = ["ping", "-c1", "-W1", "-Mdo", "-s", str(size), "10.2.0.1"]
        assert sites.network["h1"].run(ping, timeout=10).status == 0
        assert sites.pings() == 1
    assert transport.in_clear() == []
    assert "gre" not in transport.protocols
    assert " mtu 1379 " in sites.network["gw1"].run("ip link show inner").stdout


def test_first_packet_dials(sites: Sites) -> None:
    add_tunnels(sites)
    assert [one.connection_state for one in sites.gw1.get_vpn_s2s_interface()] == ["Disconnected"]
    sites.pings()
    until("a tunnel is up", lambda: sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state == "Connected")
    assert sites.pings() == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    assert sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state == "Disconnected"
    assert "proto esp" not in sites.network["gw1"].run("ip xfrm state").stdout


def test_wrong_secret_is_refused_with_the_reason(sites: Sites) -> None:
    add_tunnels(sites, secrets=(SECRET, "something else"))
    with pytest.raises(TunnelRefusedError, match="AUTH"):
        sites.gw1.connect_vpn_s2s_interface("branch")
    assert "AUTH" in sites.gw1.get_vpn_s2s_interface("branch")[0].last_error
    assert "AUTH" in sites.gw1.get_vpn_s2s_interface_statistics("branch")[0].last_error
    sites.gw2.set_vpn_s2s_interface("branch", shared_secret=SECRET)
    assert sites.gw1.connect_vpn_s2s_interface("branch").last_error == ""
    assert sites.gw1.get_vpn_s2s_interface_statistics("branch")[0].last_error == ""
    assert sites.pings() == 1


def test_over_ipv6(sites: Sites) -> None:
    add_tunnels(sites, over=WAN6)
    with Transport(sites.network) as transport:
        sites.gw1.connect_vpn_s2s_interface("branch")
        assert sites.pings() == 1
        assert sites.pings("2001:db8:2::1", count=3) == 3
    assert transport.in_clear() == []
    assert {"esp", "isakmp"} & transport.protocols
    outer = {p["IPv6"].nh for one in transport.seen for p in one.packets if "IPv6" in p and p["IPv6"].src == WAN6[1]}
    assert outer >= {UDP, ESP}
    assert not [p for one in transport.seen for p in one.packets if "IP" in p]


@pytest.mark.parametrize(
    ("policy", "ike", "esp"),
    [
        ("windows-default", "AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024", "3DES_CBC"),
        ("documented-best", "AES_CBC_256", "AES_GCM_16_256"),
        ("modern", "CHACHA20_POLY1305", "CHACHA20_POLY1305"),
    ],
)
def test_presets_are_what_is_negotiated(sites: Sites, policy: str, ike: str, esp: str) -> None:
    add_tunnels(sites, custom_policy=policy)
    status = sites.gw1.connect_vpn_s2s_interface("branch")
    assert status.ike.startswith(ike)
    assert status.esp.startswith(esp)
    assert sites.pings() == 1


def test_policies_that_do_not_meet(sites: Sites) -> None:
    add_tunnels(sites, custom_policy="modern")
    sites.gw2.set_vpn_s2s_interface("branch", custom_policy="windows-default")
    with pytest.raises(TunnelRefusedError, match=r"NO_PROPOSAL_CHOSEN|proposal"):
        sites.gw1.connect_vpn_s2s_interface("branch")


def test_removing_the_interface_removes_everything(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.connect_vpn_s2s_interface("branch")
    sites.gw1.remove_vpn_s2s_interface("branch")
    gw1 = sites.network["gw1"]
    assert gw1.run("ip xfrm state").stdout == ""
    assert gw1.run("ip xfrm policy").stdout.count("dir out") == 0
    assert "branch" not in gw1.run("ip link").stdout
    assert gw1.run("ip route show 10.2.0.0/24").stdout == ""


def test_persistent_interface_is_up_by_itself(sites: Sites) -> None:
    add_tunnels(sites, persistent=True)
    until("a tunnel is up", lambda: sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state == "Connected")
    assert sites.pings() == 1


def test_rekeying_loses_nothing(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.connect_vpn_s2s_interface("branch")
    before = sites.network["gw1"].run("ip xfrm state").stdout
    vici = sites.services.vici("gw1")
    ping = sites.network["h1"].popen(["ping", "-c", "40", "-i", "0.02", "-W", "1", "10.2.0.1"], text=True)
    vici.rekey(child="branch")
    output, _ = ping.communicate(timeout=30)
    assert output.count("bytes from") == 40
    assert set(spis(sites.network["gw1"].run("ip xfrm state").stdout)) - set(spis(before))


def spis(text: str) -> list[str]:
    """The SPIs in the kernel's table of SAs."""
    return [word for line in text.splitlines() if "spi" in line for word in line.split() if word.startswith("0x")]
