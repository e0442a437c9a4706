"""IKEv2 interfaces with certificates and users: who comes in by which interface, and who does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import TunnelRefusedError
from raslab.gateway import MachineCertificate, RasGateway
from raslab.net import Network
from raslab.services import Charon, Shared
from raslab.services.pki import Authority, Identity

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


@pytest.fixture
def authority() -> Authority:
    """The certification authority of both sites."""
    return Authority.create("Contoso Lab CA")


def machine(identity: Identity, authority: Authority, revoked: str = "") -> MachineCertificate:
    """A certificate as gateways take it."""
    return MachineCertificate(identity.certificate, identity.key, authority.certificate, revoked)


def add(gateway: RasGateway, name: str, there: int, certificate: MachineCertificate, **settings: object) -> None:
    """An IKEv2 interface to the other site."""
    values = {"authentication_method": "MachineCertificates", "ipv4_subnet": f"10.{there}.0.0/24:100"} | settings
    gateway.add_vpn_s2s_interface(name, destination=WAN[there], certificate=certificate, **values)


def test_certificates_find_the_interface_with_their_name(sites: Sites, authority: Authority) -> None:
    hq, branch = authority.issue("headquarters"), authority.issue("branch")
    add(sites.gw1, "branch", 2, machine(hq, authority))
    add(sites.gw2, "headquarters", 1, machine(branch, authority))
    assert sites.gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"
    assert sites.gw2.get_vpn_s2s_interface("headquarters")[0].connection_state == "Connected"
    assert sites.pings() == 1


def test_another_name_is_not_let_in(sites: Sites, authority: Authority) -> None:
    hq, stranger = authority.issue("headquarters"), authority.issue("somebody")
    add(sites.gw1, "branch", 2, machine(hq, authority))
    add(sites.gw2, "headquarters", 1, machine(stranger, authority))
    with pytest.raises(TunnelRefusedError):
        sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.pings() == 0


@pytest.mark.parametrize("flaw", ["other authority", "expired", "revoked"])
def test_certificates_that_prove_nothing(sites: Sites, authority: Authority, flaw: str) -> None:
    hq = authority.issue("headquarters")
    issuer = Authority.create("Another CA") if flaw == "other authority" else authority
    lasting = timedelta(days=-2) if flaw == "expired" else timedelta(days=90)
    branch = issuer.issue("branch", valid=lasting)
    revoked = authority.crl(revoked=[branch]) if flaw == "revoked" else ""
    add(sites.gw1, "branch", 2, machine(hq, authority, revoked))
    add(sites.gw2, "headquarters", 1, machine(branch, authority))
    with pytest.raises(TunnelRefusedError):
        sites.gw1.connect_vpn_s2s_interface("branch")
    assert sites.gw1.get_vpn_s2s_interface("branch")[0].connection_state == "Disconnected"
    assert sites.pings() == 0


def test_a_user_comes_in_by_the_interface_with_its_name(sites: Sites, authority: Authority) -> None:
    hq, branch = (machine(authority.issue(name), authority) for name in ("headquarters", "branch"))
    eap = {"authentication_method": "EAP"}
    add(sites.gw1, "hq-user", 2, hq, user_name="paris", password="bonjour", dial_in_password="hello", **eap)
    add(sites.gw2, "paris", 1, branch, user_name="hq-user", password="hello", dial_in_password="bonjour", **eap)
    assert sites.gw1.connect_vpn_s2s_interface("hq-user").connection_state == "Connected"
    until("the other side has it", lambda: sites.gw2.get_vpn_s2s_interface("paris")[0].connection_state == "Connected")
    assert sites.pings() == 1
    assert sites.pings("10.1.0.1", source="h2") == 1


@pytest.mark.parametrize(("user", "password"), [("paris", "bonsoir"), ("lyon", "bonjour")])
def test_users_that_are_unknown_or_wrong(sites: Sites, authority: Authority, user: str, password: str) -> None:
    hq, branch = (machine(authority.issue(name), authority) for name in ("headquarters", "branch"))
    eap = {"authentication_method": "EAP"}
    add(sites.gw1, "hq-user", 2, hq, user_name=user, password=password, **eap)
    add(sites.gw2, "paris", 1, branch, user_name="hq-user", password="hello", dial_in_password="bonjour", **eap)
    with pytest.raises(TunnelRefusedError, match=r"EAP|AUTHENTICATION_FAILED"):
        sites.gw1.connect_vpn_s2s_interface("hq-user")
    assert sites.pings() == 0


def callers(sites: Sites, authority: Authority, called: str, user: str, password: str) -> None:
    """gw2 knows two users at one address, and gw1 calls itself something that is nobody's user name."""
    hq, branch = (machine(authority.issue(name), authority) for name in ("headquarters", "branch"))
    eap = {"authentication_method": "EAP"}
    add(sites.gw1, "hq-user", 2, hq, user_name=user, password=password, local_identity=called, **eap)
    for name, secret, there in (("paris", "bonjour", "10.1.0.0/24:100"), ("rome", "buongiorno", "10.1.0.0/24:200")):
        own = {"user_name": "hq-user", "password": "hello", "dial_in_password": secret, "ipv4_subnet": there}
        add(sites.gw2, name, 1, branch, **own, **eap)


@pytest.mark.parametrize("called", [WAN[1], "192.168.1.20", "DESKTOP-4711", "anybody@contoso.example", "CN=nobody"])
@pytest.mark.parametrize(("user", "password"), [("paris", "bonjour"), ("Rome", "buongiorno")])
def test_users_are_known_by_their_name_whatever_ike_calls_them(
    sites: Sites, authority: Authority, called: str, user: str, password: str
) -> None:
    """As those of Windows, who send their computer's address or name."""
    callers(sites, authority, called, user, password)
    assert sites.gw1.connect_vpn_s2s_interface("hq-user").connection_state == "Connected"
    states = {one.name: one.connection_state for one in sites.gw2.get_vpn_s2s_interface()}
    assert states == {"paris": "Disconnected", "rome": "Disconnected"} | {user.lower(): "Connected"}


@pytest.mark.parametrize(
    "user", ["CONTOSO\\paris", "paris@contoso.com", "Zo\u00eb Fran\u00e7ois", "a'b\"c; $(x) `y` #z"]
)
def test_names_and_passwords_arrive_as_they_are(sites: Sites, authority: Authority, user: str) -> None:
    """gw2 is a plain strongSwan that knows one user, by the bytes of the name."""
    hq, server = machine(authority.issue("headquarters"), authority), authority.issue("branch")
    password = "p\u00e4$$\"w'\u20acd{}#%"
    kind = "email" if "@" in user else "fqdn"
    child = {"local_ts": ["10.2.0.0/24"], "remote_ts": ["10.1.0.0/24"]}
    connection = {
        "version": "2",
        "local_addrs": [WAN[2]],
        "remote_addrs": [WAN[1]],
        "local": {"auth": "pubkey", "certs": [server.certificate]},
        "remote": {"auth": "eap-mschapv2", "id": "%any", "eap_id": "%any"},
        "children": {"office": child},
    }
    known = {"user": Shared("EAP", password, (f"{kind}:#{user.encode().hex()}",))}
    sites.services.apply({"gw2": [Charon({"office": connection}, known, keys=(server.key,))]})
    add(sites.gw1, "to-paris", 2, hq, authentication_method="EAP", user_name=user, password=password)
    assert sites.gw1.connect_vpn_s2s_interface("to-paris").connection_state == "Connected"
    sites.gw1.set_vpn_s2s_interface("to-paris", password=password[:-1])
    with pytest.raises(TunnelRefusedError):
        sites.gw1.connect_vpn_s2s_interface("to-paris")


@pytest.mark.parametrize(("user", "password"), [("paris", "buongiorno"), ("lyon", "bonjour"), ("hq-user", "hello")])
def test_what_ike_calls_a_user_helps_nobody(sites: Sites, authority: Authority, user: str, password: str) -> None:
    """Another user's password, an unknown user, and the user as whom gw2 itself calls."""
    callers(sites, authority, "paris", user, password)
    with pytest.raises(TunnelRefusedError, match=r"EAP|AUTHENTICATION_FAILED"):
        sites.gw1.connect_vpn_s2s_interface("hq-user")
    until("nobody is in", lambda: sites.services.vici("gw2").list_sas() == [])
    assert sites.pings() == 0


@pytest.mark.parametrize(("asked", "is_met"), [("CN=branch", True), ("branch", True), ("CN=somebody", False)])
def test_a_user_may_ask_the_other_side_who_it_is(sites: Sites, authority: Authority, asked: str, is_met: bool) -> None:
    """gw2 calls itself by the name that its certificate proves, if it is asked for that."""
    hq, branch = (machine(authority.issue(name), authority) for name in ("headquarters", "branch"))
    eap = {"authentication_method": "EAP"}
    own = {"user_name": "paris", "password": "bonjour", "peer_identity": asked}
    add(sites.gw1, "hq-user", 2, hq, **own, **eap)
    shown = {"local_identity": asked} if is_met else {}
    far = {"user_name": "hq-user", "password": "hello", "dial_in_password": "bonjour"} | shown
    add(sites.gw2, "paris", 1, branch, **far, **eap)
    if is_met:
        assert sites.gw1.connect_vpn_s2s_interface("hq-user").connection_state == "Connected"
    else:
        with pytest.raises(TunnelRefusedError):
            sites.gw1.connect_vpn_s2s_interface("hq-user")
        assert sites.pings() == 0


def test_eap_tls_users_show_a_certificate(sites: Sites, authority: Authority) -> None:
    hq, branch = (machine(authority.issue(name), authority) for name in ("hq-user", "paris"))
    eap = {"authentication_method": "EAP", "eap_method": "EAP-TLS"}
    add(sites.gw1, "paris", 2, hq, user_name="hq-user", **eap)
    add(sites.gw2, "hq-user", 1, branch, user_name="paris", **eap)
    assert sites.gw1.connect_vpn_s2s_interface("paris").connection_state == "Connected"
    assert sites.pings() == 1
