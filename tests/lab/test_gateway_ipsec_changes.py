"""What was agreed on under old credentials, lists or policies ends with them, idle or not; nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import CustomPolicy, MachineCertificate
from raslab.net import Network
from raslab.services.pki import Authority, Identity

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

SITES = ("gw1", "gw2")


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


@pytest.fixture
def authority() -> Authority:
    """The certification authority of both sites."""
    return Authority.create("Contoso Lab CA")


def keyed(sites: Sites, **both: object) -> None:
    """An interface with a pre-shared key on both gateways, connected."""
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        psk = {"authentication_method": "PSKOnly", "shared_secret": "old"}
        values = {"destination": WAN[there], "ipv4_subnet": f"10.{there}.0.0/24:100"} | psk | both
        gateway.add_vpn_s2s_interface(f"from{here}", **values)
    sites.gw1.connect_vpn_s2s_interface("from1")


def machine(identity: Identity, root: Authority, revoked: str = "") -> MachineCertificate:
    """A certificate as gateways take it."""
    return MachineCertificate(identity.certificate, identity.key, root.root, revoked)


def certified(sites: Sites, authority: Authority, **both: object) -> dict[int, Identity]:
    """The same with certificates; those of the two sites."""
    issued = {site: authority.issue(f"site{site}") for site in (1, 2)}
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        method = {"authentication_method": "MachineCertificates", "peer_identity": f"CN=site{there}"}
        values = {"destination": WAN[there], "ipv4_subnet": f"10.{there}.0.0/24:100"} | method | both
        gateway.add_vpn_s2s_interface(f"from{here}", certificate=machine(issued[here], authority), **values)
    sites.gw1.connect_vpn_s2s_interface("from1")
    return issued


def sas(sites: Sites) -> dict[str, list[str]]:
    """The IKE SAs of both sides, by the numbers that both know them by."""
    return {node: [str(sa["initiator-spi"]) for sa in sites.services.vici(node).list_sas()] for node in SITES}


def is_up(sites: Sites) -> bool:
    """Whether both sides say so."""
    states = {gateway.get_vpn_s2s_interface()[0].connection_state for gateway in (sites.gw1, sites.gw2)}
    return states == {"Connected"}


def nothing(sites: Sites) -> None:
    """Wait until neither side has anything in charon or in the kernel."""
    until("nothing is left", lambda: sas(sites) == {node: [] for node in SITES})
    for node in SITES:
        assert sites.network[node].run("ip xfrm state").stdout == ""
    states = {gateway.get_vpn_s2s_interface()[0].connection_state for gateway in (sites.gw1, sites.gw2)}
    assert states == {"Disconnected"}


@pytest.mark.parametrize("changed", [False, True])
def test_an_idle_tunnel_leaves_nothing_to_come_back_by(sites: Sites, changed: bool) -> None:
    keyed(sites, idle_disconnect_seconds=2)
    until("the idle tunnel has ended", lambda: not is_up(sites), 10)
    nothing(sites)
    if changed:
        sites.gw2.set_vpn_s2s_interface("from2", shared_secret="new")
    assert sites.pings() == 0  # it dials
    if changed:
        until("it has failed", lambda: sas(sites) == {node: [] for node in SITES})
        assert not is_up(sites)
        assert sites.pings() == 0
    else:
        until("it is back", lambda: is_up(sites))
        assert sites.pings() == 1


def test_a_revoked_peer_does_not_come_back_after_an_idle_time(sites: Sites, authority: Authority) -> None:
    issued = certified(sites, authority, idle_disconnect_seconds=2)
    until("the idle tunnel has ended", lambda: not is_up(sites), 10)
    nothing(sites)
    sites.gw2.set_vpn_s2s_interface("from2", certificate=machine(issued[2], authority, authority.crl([issued[1]])))
    assert sites.pings() == 0
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        sites.gw1.connect_vpn_s2s_interface("from1")


def test_a_changed_key_ends_the_tunnel_and_says_so(sites: Sites) -> None:
    keyed(sites)
    assert sites.pings() == 1
    sites.gw2.set_vpn_s2s_interface("from2", shared_secret="new")
    nothing(sites)
    assert "swanctl --terminate --ike from2 --force  # its credentials changed" in str(sites.gw2.explain())
    assert "its credentials changed" in sites.gw2.get_vpn_s2s_interface("from2")[0].last_error
    with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
        sites.gw1.connect_vpn_s2s_interface("from1")
    sites.gw1.set_vpn_s2s_interface("from1", shared_secret="new")
    assert sites.gw1.connect_vpn_s2s_interface("from1").last_error == ""
    assert sites.pings() == 1


@pytest.mark.parametrize("whose", [1, 3])
def test_a_new_revocation_list_lets_back_whom_it_does_not_name(sites: Sites, authority: Authority, whose: int) -> None:
    issued = certified(sites, authority) | {3: authority.issue("site3")}
    before = sas(sites)
    revoked = authority.crl([issued[whose]])
    sites.gw2.set_vpn_s2s_interface("from2", certificate=machine(issued[2], authority, revoked))
    until("the old one has ended", lambda: sas(sites) == {node: [] for node in SITES})
    assert "its revocation list changed" in str(sites.gw2.explain())
    if whose == 1:
        with pytest.raises(TunnelRefusedError, match="AUTHENTICATION_FAILED"):
            sites.gw1.connect_vpn_s2s_interface("from1")
        assert sites.pings() == 0
    else:
        sites.gw1.connect_vpn_s2s_interface("from1")
        assert sas(sites) != before
        assert sites.pings() == 1


def test_the_list_of_another_authority_ends_nothing(sites: Sites, authority: Authority) -> None:
    certified(sites, authority)
    before = sas(sites)
    other = Authority.create("Woodgrove CA")
    mine = machine(other.issue("csp"), other, other.crl([other.issue("site9")]))
    method = {"authentication_method": "MachineCertificates", "certificate": mine}
    sites.gw2.add_vpn_s2s_interface("site9", destination="203.0.113.9", **method)
    assert sas(sites) == before
    assert sites.pings() == 1


def test_a_new_certificate_of_ones_own_ends_the_tunnel(sites: Sites, authority: Authority) -> None:
    certified(sites, authority, persistent=True)
    before = sas(sites)
    renewed = authority.issue("site2")
    sites.gw2.set_vpn_s2s_interface("from2", certificate=machine(renewed, authority))
    until("it is up again, with the new one", lambda: is_up(sites) and not set(sas(sites)["gw1"]) & set(before["gw1"]))
    assert sites.pings() == 1


def test_a_changed_policy_ends_the_tunnel_and_the_next_has_it(sites: Sites) -> None:
    keyed(sites)
    policy = CustomPolicy(cipher_transform_constants="AES128", pfs_group="None")
    for gateway, name in ((sites.gw1, "from1"), (sites.gw2, "from2")):
        gateway.set_vpn_s2s_interface(name, custom_policy=policy)
        nothing(sites)
    assert "its policy changed" in str(sites.gw1.explain(everything=True))
    assert sites.gw1.connect_vpn_s2s_interface("from1").esp.startswith("AES_CBC_128")


def test_a_destination_that_is_no_more_ends_the_tunnel_and_another_order_does_not(sites: Sites) -> None:
    keyed(sites)
    before = sas(sites)
    sites.gw1.set_vpn_s2s_interface("from1", destination=(WAN[2], "198.51.100.77"))
    sites.gw1.set_vpn_s2s_interface("from1", destination=("198.51.100.77", WAN[2]))
    assert sas(sites) == before
    assert sites.pings() == 1
    sites.gw1.set_vpn_s2s_interface("from1", destination="198.51.100.77")
    nothing(sites)


@pytest.mark.parametrize(
    "settings",
    [
        {"sa_life_time_seconds": 7200, "mm_sa_life_time_seconds": 7200},
        {"idle_disconnect_seconds": 17, "network_outage_time_seconds": 30},
        {"ipv4_subnet": ("10.2.0.0/24:50", "10.9.0.0/24:50")},
        {"post_connection_ipv4_subnet": "10.8.0.0/24"},
        {"persistent": True},
        {"number_of_tries": 9, "retry_interval_seconds": 9},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_proves_nothing_ends_nothing(sites: Sites, settings: dict[str, object]) -> None:
    keyed(sites)
    before = sas(sites)
    sites.gw1.set_vpn_s2s_interface("from1", **settings)
    assert sas(sites) == before
    assert sites.pings() == 1


def test_another_interface_ends_nothing(sites: Sites) -> None:
    keyed(sites)
    before = sas(sites)
    psk = {"authentication_method": "PSKOnly", "destination": "198.51.100.77"}
    sites.gw1.add_vpn_s2s_interface("other", shared_secret="a", **psk)
    sites.gw1.set_vpn_s2s_interface("other", shared_secret="b")
    sites.gw1.remove_vpn_s2s_interface("other")
    assert sas(sites) == before
    assert sites.pings() == 1
