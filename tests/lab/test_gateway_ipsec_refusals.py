"""What is refused is said on both sides, whoever dials, and nothing is left in which all that follows would fail."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import CustomPolicy, MachineCertificate, VpnTrafficSelector
from raslab.net import Network
from raslab.services.pki import Authority

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

KEY = {"authentication_method": "PSKOnly", "shared_secret": "secret"}
LIFE_S = 300


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Network(TwoSites()) as network:
        yield Sites(network)


def add(sites: Sites, of_gw1: dict[str, Any], of_gw2: dict[str, Any] | None) -> None:
    """An interface `branch` on each gateway, or on the first only."""
    for there, one, settings in ((2, sites.gw1, of_gw1), (1, sites.gw2, of_gw2)):
        if settings is not None:
            one.add_vpn_s2s_interface("branch", destination=WAN[there], ipv4_subnet=f"10.{there}.0.0/24", **settings)


def policy(**words: str) -> dict[str, Any]:
    """A custom policy with ciphers that the default takes too."""
    usual = {"cipher_transform_constants": "AES256", "dh_group": "Group14"}
    return KEY | {"custom_policy": CustomPolicy(**(usual | words))}


def selectors(here: str, there: str) -> dict[str, Any]:
    local, remote = (VpnTrafficSelector(ip_address_range=(f"{one}.0", f"{one}.255")) for one in (here, there))
    return KEY | {"local_vpn_traffic_selector": local, "remote_vpn_traffic_selector": remote}


def certified(authority: Authority, trusted: Authority) -> dict[str, Any]:
    shown = authority.issue("branch")
    return {
        "authentication_method": "MachineCertificates",
        "certificate": MachineCertificate(shown.certificate, shown.key, trusted.certificate),
    }


OURS, THEIRS = Authority.create("ours"), Authority.create("theirs")
MISTAKES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str, str]] = {
    "secret": (KEY, KEY | {"shared_secret": "other"}, "AUTHENTICATION_FAILED", "another pre-shared key"),
    "suite of IKE": (policy(), policy(dh_group="ECP256"), "NO_PROPOSAL_CHOSEN", "the caller offers IKE:.*MODP_2048"),
    "suite of ESP": (
        policy(),
        policy(cipher_transform_constants="AES128"),
        "NO_PROPOSAL_CHOSEN",
        "the caller offers ESP:AES_CBC_256.*wants ESP:AES_CBC_128",
    ),
    "selectors": (selectors("10.1.0", "10.2.0"), selectors("10.7.0", "10.8.0"), "TS_UNACCEPTABLE", "traffic selectors"),
    "identity": (KEY | {"peer_identity": "gw.example"}, KEY, "AUTHENTICATION_FAILED", "gw.example: nobody is expected"),
    "certificate of the caller": (
        certified(THEIRS, OURS),
        certified(OURS, OURS),
        "AUTHENTICATION_FAILED",
        "not trusted here",
    ),
    "certificate of the called": (certified(OURS, OURS), certified(THEIRS, OURS), "not trusted|no trusted", ""),
    "silence": (KEY, None, "peer not responding", ""),
}


def errors(sites: Sites) -> list[str]:
    return [next((one.last_error for one in gateway.get_vpn_s2s_interface()), "") for gateway in (sites.gw1, sites.gw2)]


def states(sites: Sites) -> list[str]:
    return [one.connection_state for gateway in (sites.gw1, sites.gw2) for one in gateway.get_vpn_s2s_interface()]


def tell(sites: Sites, of_caller: str, of_called: str) -> None:
    patterns = (of_caller, of_called)
    until(
        f"both say why: {patterns}",
        lambda: all(re.search(pattern, said) for pattern, said in zip(patterns, errors(sites), strict=True)),
        30,
    )


@pytest.mark.parametrize("dialled_by", ["verb", "packet", "persistence"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_reason_is_told_on_both_sides_whoever_dials(sites: Sites, mistake: str, dialled_by: str) -> None:
    of_gw1, of_gw2, of_caller, of_called = MISTAKES[mistake]
    add(sites, of_gw1, of_gw2)
    if dialled_by == "verb":
        with pytest.raises(TunnelRefusedError, match=of_caller):
            sites.gw1.connect_vpn_s2s_interface("branch")
    elif dialled_by == "packet":
        sites.pings()
    else:
        sites.gw1.set_vpn_s2s_interface("branch", persistent=True)
    tell(sites, of_caller, of_called)
    until("neither has a tunnel", lambda: set(states(sites)) == {"Disconnected"}, 5)


def test_the_reason_goes_when_the_tunnel_is_up(sites: Sites) -> None:
    add(sites, KEY, KEY | {"shared_secret": "other"})
    sites.pings()
    tell(sites, "AUTHENTICATION_FAILED", "another pre-shared key")
    sites.gw2.set_vpn_s2s_interface("branch", shared_secret="secret")
    until("a packet comes through", lambda: sites.pings() == 1)
    assert errors(sites) == ["", ""]


def ike_sas(sites: Sites) -> list[int]:
    return [len(sites.services.vici(name).list_sas()) for name in ("gw1", "gw2")]


@pytest.mark.parametrize("mistake", ["suite of ESP", "selectors"])
def test_no_ike_sa_stays_without_a_tunnel(sites: Sites, mistake: str) -> None:
    """The two sides have proven who they are by then, so the IKE SA itself is good."""
    of_gw1, of_gw2, *_ = MISTAKES[mistake]
    add(sites, of_gw1, of_gw2)
    sites.pings()
    until("the attempt has failed on both", lambda: all(errors(sites)))
    until("nothing is left of it", lambda: ike_sas(sites) == [0, 0], 10)
    assert of_gw2 is not None
    sites.gw1.set_vpn_s2s_interface("branch", custom_policy=None)
    sites.gw2.set_vpn_s2s_interface("branch", custom_policy=None)
    if mistake == "suite of ESP":
        assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"


def test_an_ike_sa_whose_tunnel_the_other_side_has_taken_away_ends(sites: Sites) -> None:
    add(sites, KEY, KEY)
    sites.gw1.connect_vpn_s2s_interface("branch")
    sites.services.vici("gw2").terminate(child="branch")
    until("the IKE SA follows", lambda: ike_sas(sites) == [0, 0], 10)
    assert sites.pings(count=2) >= 1


def lives(sites: Sites, lifetimes: int) -> list[int]:
    """Whether packets come through after each of some lifetimes; the first one of a new tunnel may be lost."""
    found = []
    for _ in range(lifetimes):
        time.sleep(LIFE_S)
        found.append(min(sites.pings(count=3), 1))
    return found


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("short", [0, 1], ids=["who insists asks", "who does not insist asks"])
@pytest.mark.parametrize("insisting", [0, 1], ids=["caller insists", "called insists"])
def test_who_does_not_insist_on_a_group_takes_any(sites: Sites, insisting: int, short: int, persistent: bool) -> None:
    """The two gateways of which one wants new keys with a group, and the other has the defaults."""
    settings = [KEY | {"idle_disconnect_seconds": 0, "persistent": persistent} for _ in range(2)]
    settings[insisting] |= policy(pfs_group="PFS2048")
    settings[insisting ^ short] |= {"sa_life_time_seconds": LIFE_S}
    add(sites, *settings)
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert lives(sites, 3) == [1, 1, 1]
    assert errors(sites) == ["", ""]
    assert [one.get_vpn_s2s_interface("branch")[0].esp for one in (sites.gw1, sites.gw2)] == [
        "AES_CBC_256/HMAC_SHA2_256_128/MODP_2048"
    ] * 2


@pytest.mark.parametrize("other", ["ECP384", "None"])
@pytest.mark.parametrize("persistent", [False, True])
def test_two_who_insist_on_different_groups_are_told_so_and_dial_anew(
    sites: Sites, other: str, persistent: bool
) -> None:
    common = {"idle_disconnect_seconds": 0, "persistent": persistent}
    asks = policy(pfs_group="PFS2048") | common | {"sa_life_time_seconds": LIFE_S}
    add(sites, asks, policy(pfs_group=other) | common)
    sites.gw1.connect_vpn_s2s_interface("branch")
    assert lives(sites, 4) == [1, 1, 1, 1]
    tell(sites, "pfs_group PFS2048", "MODP_2048 and this side .*pfs_group")
    assert ike_sas(sites) == [1, 1]
    assert states(sites) == ["Connected", "Connected"]
    sites.gw2.set_vpn_s2s_interface("branch", custom_policy=asks["custom_policy"])
    assert lives(sites, 2) == [1, 1]
    assert errors(sites) == ["", ""]
    assert sites.gw1.get_vpn_s2s_interface("branch")[0].esp.endswith("MODP_2048")
