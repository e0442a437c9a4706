"""Keys and ciphers of IKEv2 interfaces, seen on the transport links: renewed without loss, or not there at all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from transport import Transport, nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.measure import capture
from raslab.measure.outage import Outage, outage
from raslab.net import Network
from raslab.services import Charon, Shared

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them."""
    with Network(TwoSites()) as network:
        yield Sites(network)


def add_tunnels(sites: Sites, **both: object) -> None:
    """The same IKEv2 interface on both gateways."""
    for there, gateway in ((2, sites.gw1), (1, sites.gw2)):
        gateway.add_vpn_s2s_interface(
            "branch",
            destination=WAN[there],
            authentication_method="PSKOnly",
            shared_secret="secret",
            ipv4_subnet=f"10.{there}.0.0/24:100",
            **both,
        )


def ike_sa(sites: Sites) -> str:
    """The SPI by which gw1 knows its IKE SA."""
    (sa,) = sites.services.vici("gw1").list_sas()
    return str(sa["initiator-spi"])


def child_sas(sites: Sites) -> set[str]:
    (sa,) = sites.services.vici("gw1").list_sas()
    return {str(one["spi-out"]) for one in sa["child-sas"].values()}


def probing(sites: Sites) -> Outage:
    """A probe each millisecond, from site to site, while the block runs."""
    return outage(sites.network["h1"], "10.2.0.1", interval_s=0.001)


def wait_for_new_keys(sites: Sites, kind: str) -> None:
    """Let time pass until a second before either side renews its keys. kind: what it renews."""
    sas = [sa for gateway in ("gw1", "gw2") for sa in sites.services.vici(gateway).list_sas()]
    children = [child for sa in sas for child in sa["child-sas"].values()]
    time.sleep(min(int(one["rekey-time"]) for one in (children if kind == "SA" else sas)) - 1)


@pytest.mark.virtual
@pytest.mark.parametrize("renewed", ["SA", "IKE SA"])
def test_keys_are_renewed_by_time_and_no_probe_is_lost(sites: Sites, renewed: str) -> None:
    lives = {"sa_life_time_seconds": 28800, "mm_sa_life_time_seconds": 28800}
    lives["sa_life_time_seconds" if renewed == "SA" else "mm_sa_life_time_seconds"] = 3600
    add_tunnels(sites, idle_disconnect_seconds=0, **lives)
    sites.gw1.connect_vpn_s2s_interface("branch")
    ike, children = ike_sa(sites), child_sas(sites)
    wait_for_new_keys(sites, renewed)
    with nothing_in_clear(sites.network) as transport, probing(sites) as seen:
        time.sleep(2.5)
    assert seen.sent > 2000
    assert seen.lost == 0
    if renewed == "SA":
        assert len(transport.spis(WAN[1])) == 2
        until("the old keys are gone", lambda: not child_sas(sites) & children)
        assert ike_sa(sites) == ike
    else:
        assert len(transport.spis(WAN[1])) == 1
        assert child_sas(sites) == children
        assert ike_sa(sites) != ike


@pytest.mark.virtual
def test_keys_that_last_longer_are_not_renewed(sites: Sites) -> None:
    add_tunnels(sites, sa_life_time_seconds=28800, idle_disconnect_seconds=0)
    sites.gw1.connect_vpn_s2s_interface("branch")
    ike, children = ike_sa(sites), child_sas(sites)
    time.sleep(3700)  # longer than the keys of the test above last
    assert sites.pings(count=3) == 3
    assert (ike_sa(sites), child_sas(sites)) == (ike, children)


@pytest.mark.virtual
def test_a_new_call_instead_of_new_keys_loses_probes(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.connect_vpn_s2s_interface("branch")
    before = child_sas(sites)
    with probing(sites) as seen:
        time.sleep(0.1)
        sites.gw1.disconnect_vpn_s2s_interface("branch")
        time.sleep(0.5)
    (gap,) = seen.gaps
    assert gap.ended
    assert gap.lost > 1
    assert not child_sas(sites) & before


@pytest.mark.virtual
@pytest.mark.parametrize(("kilobytes", "keys"), [(1024, 2), (33_553_408, 1)])
def test_keys_are_renewed_by_volume_and_no_probe_is_lost(sites: Sites, kilobytes: int, keys: int) -> None:
    """Beside the probes, 1.3 MB pass in either direction."""
    add_tunnels(sites, sa_data_size_for_renegotiation_kilobytes=kilobytes)
    sites.gw1.connect_vpn_s2s_interface("branch")
    with nothing_in_clear(sites.network) as transport, probing(sites) as seen:
        flood = ["ping", "-q", "-f", "-c", "1000", "-s", "1300", "10.2.0.1"]
        assert " 0% packet loss" in sites.network["h1"].run(flood, timeout=60).stdout
    assert seen.sent > 1000
    assert seen.lost == 0
    assert len(transport.spis(WAN[1])) == keys


@pytest.mark.parametrize(
    ("kind", "ike", "esp", "readable"),
    [
        ("NoEncryption", "AES_CBC_256", "NULL/HMAC_SHA2_256_128", True),
        ("OptionalEncryption", "AES_CBC_256", "AES_GCM_16_256", False),
        ("RequireEncryption", "AES_CBC_256", "AES_GCM_16_256", False),
        ("MaximumEncryption", "AES_CBC_256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384", "AES_GCM_16_256", False),
    ],
)
def test_encryption_types_are_what_the_wire_shows(sites: Sites, kind: str, ike: str, esp: str, readable: bool) -> None:
    add_tunnels(sites, encryption_type=kind)
    with Transport(sites.network) as transport:
        status = sites.gw1.connect_vpn_s2s_interface("branch")
        assert sites.pings(count=3) == 3
    assert status.ike.startswith(ike)
    assert status.esp.startswith(esp)
    assert "esp" in transport.protocols
    assert bool(transport.in_clear()) == readable


def test_one_side_insists_on_encryption(sites: Sites) -> None:
    add_tunnels(sites, encryption_type="MaximumEncryption")
    sites.gw2.set_vpn_s2s_interface("branch", encryption_type="NoEncryption")
    with pytest.raises(TunnelRefusedError, match="NO_PROPOSAL_CHOSEN"):
        sites.gw1.connect_vpn_s2s_interface("branch")
    sites.gw2.set_vpn_s2s_interface("branch", encryption_type="OptionalEncryption")
    assert sites.gw1.connect_vpn_s2s_interface("branch").esp.startswith("AES_GCM_16_256")


ASSIGNED = "10.99.0.0/24"


ASSIGNED6 = "2001:db8:99::/64"


def assigning(sites: Sites, *ours: str) -> None:
    """Make gw2 a plain strongSwan that has addresses to assign. ours: what else it takes from gw1."""
    psk = {"auth": "psk"}
    child = {"local_ts": ["10.2.0.0/24", "2001:db8:2::/64"], "remote_ts": ["dynamic", *ours]}
    connection = {
        "version": "2",
        "local_addrs": [WAN[2]],
        "remote_addrs": [WAN[1]],
        "pools": ["office", "office6"],
        "local": {**psk, "id": WAN[2]},
        "remote": {**psk, "id": WAN[1]},
        "children": {"office": child},
    }
    plain = Charon(
        connections={"office": connection},
        secrets={"office": Shared("IKE", "secret", (WAN[1], WAN[2]))},
        pools={"office": {"addrs": ASSIGNED}, "office6": {"addrs": ASSIGNED6}},
    )
    sites.services.apply({"gw2": [plain]})


def add_asking(sites: Sites, **settings: object) -> None:
    """gw1's interface to it."""
    psk = {"destination": WAN[2], "authentication_method": "PSKOnly", "shared_secret": "secret"}
    subnets = {"ipv4_subnet": "10.2.0.0/24", "ipv6_subnet": "2001:db8:2::/64"}
    sites.gw1.add_vpn_s2s_interface("branch", **psk, **subnets, **settings)


def addresses_of_gw1(sites: Sites, interface: str) -> str:
    """The addresses of one of its interfaces."""
    return str(sites.network["gw1"].run(f"ip -o address show dev {interface} scope global").stdout)


def test_the_other_side_assigns_an_address_if_asked(sites: Sites) -> None:
    assigning(sites, "10.1.0.0/24")
    add_asking(sites, internal_ipv6=False)
    with pytest.raises(TunnelRefusedError, match="FAILED_CP_REQUIRED"):
        sites.gw1.connect_vpn_s2s_interface("branch")
    assert addresses_of_gw1(sites, "branch") == ""
    sites.gw1.set_vpn_s2s_interface("branch", initiate_config_payload=True)
    sites.gw1.connect_vpn_s2s_interface("branch")
    until("gw1 has the address", lambda: "10.99.0." in addresses_of_gw1(sites, "branch"))


def test_an_assigned_address_is_the_tunnels_own_and_what_the_gateway_speaks_with(sites: Sites) -> None:
    """gw2 takes nothing else out of the tunnel, so what had another source would get no answer."""
    assigning(sites)
    add_asking(sites, initiate_config_payload=True)
    sites.gw1.connect_vpn_s2s_interface("branch")
    known = "inet 10.99.0.1/32", "inet6 2001:db8:99::1/128"
    until("gw1 has both", lambda: all(one in addresses_of_gw1(sites, "branch") for one in known))
    assert not [one for one in known if one in addresses_of_gw1(sites, "wan0")]
    for target, source, length, hop in (
        ("10.2.0.1", "10.99.0.1", 32, "10.2.0.254"),
        ("2001:db8:2::1", "2001:db8:99::1", 128, "2001:db8:2::fe"),
    ):
        sites.network.addRoute("h2", f"{source}/{length}", via=hop)
        with capture(sites.network["h2"].intf("eth0"), f"src host {source}") as seen:
            assert sites.pings(target, source="gw1") == 1
        assert len(seen.packets) == 1
    sites.gw1.disconnect_vpn_s2s_interface("branch")
    until("the addresses are gone", lambda: addresses_of_gw1(sites, "branch") == "")


def test_who_asks_for_an_address_and_gets_none_has_no_tunnel(sites: Sites) -> None:
    add_tunnels(sites)
    sites.gw1.set_vpn_s2s_interface("branch", initiate_config_payload=True)
    with pytest.raises(TunnelRefusedError, match="INTERNAL_ADDRESS_FAILURE"):
        sites.gw1.connect_vpn_s2s_interface("branch")
