"""Every word of a custom policy as it is negotiated, perfect forward secrecy with new keys, and traffic selectors."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import CustomPolicy, VpnTrafficSelector
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

TCP = 6  # IANA's number
SERVE = """
import socket, sys, time
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print(1, flush=True)
time.sleep(99)
"""

IKE = [
    (("DES", "MD5", "Group1"), "DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_768"),
    (("DES3", "SHA1", "Group2"), "3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"),
    (("AES128", "SHA256", "Group14"), "AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048"),
    (("AES192", "SHA384", "ECP256"), "AES_CBC_192/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_256"),
    (("AES256", "SHA256", "ECP384"), "AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_384"),
    (("AES256", "SHA256", "Group24"), "AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048_256"),
    (("GCMAES128", "SHA256", "Group15"), "AES_GCM_16_128/PRF_HMAC_SHA2_256/MODP_3072"),
    (("GCMAES192", "SHA384", "Group16"), "AES_GCM_16_192/PRF_HMAC_SHA2_384/MODP_4096"),
    (("GCMAES256", "SHA384", "ECP521"), "AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_521"),
    (("CHACHA20POLY1305", "SHA512", "X448"), "CHACHA20_POLY1305/PRF_HMAC_SHA2_512/CURVE_448"),
]
ESP = [
    (("DES", "MD596", "PFS1"), "DES_CBC/HMAC_MD5_96/MODP_768"),
    (("DES3", "SHA196", "PFS2"), "3DES_CBC/HMAC_SHA1_96/MODP_1024"),
    (("AES128", "SHA256128", "PFS2048"), "AES_CBC_128/HMAC_SHA2_256_128/MODP_2048"),
    (("AES192", "SHA256128", "PFS24"), "AES_CBC_192/HMAC_SHA2_256_128/MODP_2048_256"),
    (("AES256", "SHA196", "None"), "AES_CBC_256/HMAC_SHA1_96"),
    (("GCMAES128", "GCMAES128", "ECP256"), "AES_GCM_16_128/ECP_256"),
    (("GCMAES192", "GCMAES192", "ECP384"), "AES_GCM_16_192/ECP_384"),
    (("GCMAES256", "GCMAES256", "PFSMM"), "AES_GCM_16_256/MODP_1024"),
    (("GCMAES128", "None", "PFS3072"), "AES_GCM_16_128/MODP_3072"),
    (("AES128", "SHA256128", "PFS4096"), "AES_CBC_128/HMAC_SHA2_256_128/MODP_4096"),
    (("GCMAES256", "GCMAES256", "ECP521"), "AES_GCM_16_256/ECP_521"),
    (("CHACHA20POLY1305", "CHACHA20POLY1305", "X448"), "CHACHA20_POLY1305/CURVE_448"),
]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


def add_tunnels(sites: Sites, **settings: object) -> None:
    """The same IKEv2 interface on both gateways."""
    for there, gateway in ((2, sites.gw1), (1, sites.gw2)):
        gateway.add_vpn_s2s_interface(
            "branch",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret="secret",
            ipv4_subnet=f"10.{there}.0.0/24:100",
            ipv6_subnet=f"2001:db8:{there}::/64:100",
            **settings,
        )


def spis(sites: Sites) -> set[str]:
    """Of gw1's security associations."""
    return {line for line in str(sites.network["gw1"].run("ip xfrm state").stdout).splitlines() if "spi" in line}


@pytest.mark.parametrize(("words", "negotiated"), IKE, ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_words_for_ike(sites: Sites, words: tuple[str, str, str], negotiated: str) -> None:
    method, check, group = words
    add_tunnels(
        sites, custom_policy=CustomPolicy(encryption_method=method, integrity_check_method=check, dh_group=group)
    )
    assert sites.gw1.connect_vpn_s2s_interface("branch").ike == negotiated
    assert sites.gw2.get_vpn_s2s_interface("branch")[0].ike == negotiated
    assert sites.pings() == 1


@pytest.mark.parametrize(("words", "negotiated"), ESP, ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_words_for_esp_and_the_group_of_new_keys(sites: Sites, words: tuple[str, str, str], negotiated: str) -> None:
    """The first keys come with those of IKE, later ones have an exchange of their own (RFC 7296, 1.3)."""
    cipher, check, group = words
    policy = CustomPolicy(cipher_transform_constants=cipher, authentication_transform_constants=check, pfs_group=group)
    add_tunnels(sites, custom_policy=policy)
    first = sites.gw1.connect_vpn_s2s_interface("branch").esp
    assert negotiated.startswith(first)
    assert sites.pings() == 1
    before = spis(sites)
    sites.services.vici("gw1").rekey(child="branch")
    until("new keys take the place of the old ones", lambda: spis(sites) and not spis(sites) & before)
    assert [one.get_vpn_s2s_interface("branch")[0].esp for one in (sites.gw1, sites.gw2)] == [negotiated] * 2
    assert sites.pings() == 1


def extended(sites: Sites) -> dict[str, int]:
    """How many of each gateway's SAs count in 64 bits, as its kernel says."""
    states = {node: sites.network[node].run("ip xfrm state").stdout.splitlines() for node in ("gw1", "gw2")}
    return {node: sum("flag" in line and " esn" in line for line in lines) for node, lines in states.items()}


@pytest.mark.parametrize("is_wanted", [True, False])
def test_extended_sequence_numbers(sites: Sites, is_wanted: bool) -> None:
    policy = CustomPolicy(cipher_transform_constants="AES256", pfs_group="None", extended_sequence_numbers=is_wanted)
    add_tunnels(sites, custom_policy=policy)
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.pings(count=3) == 3
    assert extended(sites) == dict.fromkeys(("gw1", "gw2"), 2 if is_wanted else 0)
    if is_wanted:
        other = CustomPolicy(cipher_transform_constants="AES256", pfs_group="None")
        sites.gw2.set_vpn_s2s_interface("branch", custom_policy=other)
        with pytest.raises(TunnelRefusedError, match="NO_PROPOSAL_CHOSEN"):
            sites.gw1.connect_vpn_s2s_interface("branch")


@pytest.mark.parametrize("wanted", [(False, False), (True, False), (True, True)])
def test_mobike_is_off_unless_both_want_it(sites: Sites, wanted: tuple[bool, bool]) -> None:
    """Whoever wants it says so, and if the other side does too, both go on at port 4500 (RFC 4555, section 3.3)."""
    add_tunnels(sites)
    for gateway, wants in zip((sites.gw1, sites.gw2), wanted, strict=True):
        gateway.set_vpn_s2s_interface("branch", mobike=wants)
    sites.gw1.connect_vpn_s2s_interface("branch")
    (sa,) = sites.services.vici("gw2").list_sas()
    assert (sa["remote-port"] == "4500") == wanted[0]
    said = {node: "N(MOBIKE_SUP)" in sites.services.log(node, "charon", 200) for node in ("gw1", "gw2")}
    assert said == dict.fromkeys(said, wanted[0])
    assert sites.pings() == 1


def test_a_word_that_only_one_side_has(sites: Sites) -> None:
    add_tunnels(sites, custom_policy=CustomPolicy(dh_group="Group14"))
    sites.gw2.set_vpn_s2s_interface("branch", custom_policy=CustomPolicy(dh_group="ECP256"))
    with pytest.raises(TunnelRefusedError, match="NO_PROPOSAL_CHOSEN"):
        sites.gw1.connect_vpn_s2s_interface("branch")
    assert spis(sites) == set()


def answered(sites: Sites, port: int, target: str) -> bool:
    """Whether h2's server on a TCP port can be reached from h1."""
    call = f"import socket; socket.create_connection(({target!r}, {port}), 2)"
    return bool(sites.network["h1"].run(["python3", "-c", call], timeout=10).status == 0)


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_selectors_of_ports_in_both_families(sites: Sites, family: str) -> None:
    ranges = {"IPv4": ("10.{}.0.0", "10.{}.0.255"), "IPv6": ("2001:db8:{}::", "2001:db8:{}::ff")}[family]
    here, there = (
        VpnTrafficSelector(
            ip_address_range=tuple(text.format(site) for text in ranges),
            protocol_id=TCP,
            port_range=ports,
            type=family,
        )
        for site, ports in ((1, (0, 65535)), (2, (8000, 8007)))
    )
    target = {"IPv4": "10.2.0.1", "IPv6": "2001:db8:2::1"}[family]
    add_tunnels(sites)
    sites.gw1.set_vpn_s2s_interface("branch", local_vpn_traffic_selector=here, remote_vpn_traffic_selector=there)
    sites.gw2.set_vpn_s2s_interface("branch", local_vpn_traffic_selector=there, remote_vpn_traffic_selector=here)
    for port in (8007, 8008):
        server = sites.network["h2"].popen(["python3", "-c", SERVE, str(port)], stdout=subprocess.PIPE, text=True)
        assert server.stdout.readline() == "1\n"
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert answered(sites, 8007, target)
    assert not answered(sites, 8008, target)
    assert sites.pings(target) == 0
    assert "proto tcp dport 8000" in sites.network["gw1"].run("ip xfrm policy").stdout


def test_ranges_that_are_no_prefixes_are_kept_to_exactly(sites: Sites) -> None:
    """The smallest prefix and the smallest mask that hold these would let the next address and the next port pass."""
    everything = VpnTrafficSelector(ip_address_range=("10.1.0.0", "10.1.0.255"), protocol_id=TCP)
    some = VpnTrafficSelector(ip_address_range=("10.2.0.1", "10.2.0.2"), protocol_id=TCP, port_range=(8001, 8006))
    add_tunnels(sites)
    sites.gw1.set_vpn_s2s_interface("branch", local_vpn_traffic_selector=everything, remote_vpn_traffic_selector=some)
    sites.gw2.set_vpn_s2s_interface("branch", local_vpn_traffic_selector=some, remote_vpn_traffic_selector=everything)
    for last in (2, 3):
        assert sites.network["h2"].run(f"ip addr add 10.2.0.{last}/24 dev eth0").status == 0
    for port in (8001, 8006, 8007):
        server = sites.network["h2"].popen(["python3", "-c", SERVE, str(port)], stdout=subprocess.PIPE, text=True)
        assert server.stdout.readline() == "1\n"
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert [answered(sites, port, "10.2.0.1") for port in (8001, 8006, 8007)] == [True, True, False]
    assert [answered(sites, 8001, f"10.2.0.{last}") for last in (2, 3)] == [True, False]
