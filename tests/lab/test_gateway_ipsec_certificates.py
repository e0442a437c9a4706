"""Certificates of IKEv2 interfaces: every identity that one can prove, chains of authorities, signatures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from transport import nothing_in_clear
from two_sites import WAN, Sites, TwoSites

from raslab.errors import GatewayRefusedError, TunnelRefusedError
from raslab.gateway import MachineCertificate, RasGateway
from raslab.net import Network
from raslab.services.pki import Authority, Identity

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface")]

SUBJECT = "CN=gateway,OU=Paris,O=Contoso,C=FR"
PROVEN = {
    "subject as Windows writes it": "CN=gateway, OU=Paris, O=Contoso, C=FR",
    "subject as OpenSSL writes it": "C=FR, O=Contoso, OU=Paris, CN=gateway",
    "DNS name": "Paris.contoso.example",
    "mail address": "gateway@contoso.example",
    "address": WAN[2],
}


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two gateways without any interface between them, and an Internet in which nobody reads inner addresses."""
    with Network(TwoSites()) as network, nothing_in_clear(network):
        yield Sites(network)


@pytest.fixture
def authority() -> Authority:
    """The certification authority of both sites."""
    return Authority.create("Contoso Lab CA")


def machine(identity: Identity, root: Authority) -> MachineCertificate:
    """A certificate as gateways take it."""
    return MachineCertificate(identity.certificate, identity.key, root.root)


def add(gateway: RasGateway, there: int, certificate: MachineCertificate, **settings: object) -> None:
    """An IKEv2 interface with the name of the other site."""
    values = {"authentication_method": "MachineCertificates", "ipv4_subnet": f"10.{there}.0.0/24:100"} | settings
    gateway.add_vpn_s2s_interface(f"site{there}", destination=WAN[there], certificate=certificate, **values)


def paris(authority: Authority, subject: str = SUBJECT) -> Identity:
    """The certificate of the second site, which can prove a lot."""
    return authority.issue("paris.contoso.example", [WAN[2]], mails=["gateway@contoso.example"], subject=subject)


@pytest.mark.parametrize("kind", PROVEN)
def test_a_certificate_proves_what_is_asked_for(sites: Sites, authority: Authority, kind: str) -> None:
    add(sites.gw1, 2, machine(authority.issue("site1"), authority), peer_identity=PROVEN[kind])
    add(sites.gw2, 1, machine(paris(authority), authority), local_identity=PROVEN[kind])
    assert sites.gw1.connect_vpn_s2s_interface("site2").connection_state == "Connected"
    sites.gw1.disconnect_vpn_s2s_interface("site2")
    assert sites.gw2.connect_vpn_s2s_interface("site1").connection_state == "Connected"
    assert sites.pings() == 1


@pytest.mark.parametrize(
    "asked",
    [
        "CN=gateway, OU=Lyon, O=Contoso, C=FR",
        "CN=gateway, O=Contoso, C=FR",
        "CN=gateway",
        "lyon.contoso.example",
        "other@contoso.example",
        "198.51.100.3",
    ],
)
def test_what_a_certificate_does_not_prove_opens_nothing(sites: Sites, authority: Authority, asked: str) -> None:
    add(sites.gw1, 2, machine(authority.issue("site1"), authority), peer_identity=asked)
    add(sites.gw2, 1, machine(paris(authority), authority))
    for gateway, name in ((sites.gw1, "site2"), (sites.gw2, "site1")):
        with pytest.raises(TunnelRefusedError):
            gateway.connect_vpn_s2s_interface(name)
    assert sites.pings() == 0


def test_who_claims_an_identity_has_to_prove_it(sites: Sites, authority: Authority) -> None:
    """gw2's own rules would keep it from lying, so it shows a certificate for what it is let claim."""
    liar = Authority.create("Contoso Lab CA").issue("paris.contoso.example")
    add(sites.gw1, 2, machine(authority.issue("site1"), authority), peer_identity="paris.contoso.example")
    add(sites.gw2, 1, machine(liar, authority), local_identity="paris.contoso.example")
    with pytest.raises(TunnelRefusedError):
        sites.gw2.connect_vpn_s2s_interface("site1")
    assert sites.pings() == 0


def test_intermediate_authorities_are_sent_and_accepted(sites: Sites, authority: Authority) -> None:
    """Each site has its own intermediate authority, and the other knows the root only."""
    offices = authority.subordinate("Offices"), authority.subordinate("Branches").subordinate("French branches")
    add(sites.gw1, 2, machine(offices[0].issue("site1"), authority))
    add(sites.gw2, 1, machine(offices[1].issue("site2"), authority))
    assert sites.gw1.connect_vpn_s2s_interface("site2").connection_state == "Connected"
    assert sites.pings() == 1
    sites.gw1.disconnect_vpn_s2s_interface("site2")
    assert sites.gw2.connect_vpn_s2s_interface("site1").connection_state == "Connected"


@pytest.mark.parametrize("is_known", [True, False])
def test_who_sends_no_intermediate_authority_needs_somebody_who_knows_it(
    sites: Sites, authority: Authority, is_known: bool
) -> None:
    branches = authority.subordinate("Branches")
    issued = branches.issue("site2")
    alone = issued.certificate.removesuffix(branches.certificate)
    assert alone != issued.certificate
    own = authority.issue("site1")
    trusted = authority.root + (branches.certificate if is_known else "")
    add(sites.gw1, 2, MachineCertificate(own.certificate, own.key, trusted))
    add(sites.gw2, 1, MachineCertificate(alone, issued.key, authority.root))
    if is_known:
        assert sites.gw1.connect_vpn_s2s_interface("site2").connection_state == "Connected"
    else:
        with pytest.raises(TunnelRefusedError):
            sites.gw1.connect_vpn_s2s_interface("site2")


@pytest.mark.parametrize("whose", ["the gateway's", "its authority's", "somebody's"])
def test_lists_of_all_authorities_of_a_chain_count(sites: Sites, authority: Authority, whose: str) -> None:
    """gw1 has a list of the root and one of the intermediate authority, in one text."""
    branches = authority.subordinate("Branches")
    issued, other = branches.issue("site2"), branches.issue("site3")
    of_root = authority.crl([branches.identity] if whose == "its authority's" else [])
    of_branches = branches.crl([issued] if whose == "the gateway's" else [other])
    own = authority.issue("site1")
    add(sites.gw1, 2, MachineCertificate(own.certificate, own.key, authority.root, of_root + of_branches))
    add(sites.gw2, 1, machine(issued, authority))
    if whose == "somebody's":
        assert sites.gw2.connect_vpn_s2s_interface("site1").connection_state == "Connected"
        assert sites.pings() == 1
    else:
        with pytest.raises(TunnelRefusedError):
            sites.gw2.connect_vpn_s2s_interface("site1")
        assert sites.pings() == 0


def test_an_intermediate_authority_alone_is_no_root(sites: Sites, authority: Authority) -> None:
    own = authority.issue("site1")
    given = MachineCertificate(own.certificate, own.key, authority.subordinate("Branches").certificate)
    with pytest.raises(GatewayRefusedError, match="is no root certificate"):
        add(sites.gw1, 2, given)


def test_an_intermediate_authority_of_others_vouches_for_nobody_here(sites: Sites, authority: Authority) -> None:
    """gw1 knows another root by another interface, and is not to take its people for this one."""
    other = Authority.create("Woodgrove CA")
    branches = other.subordinate("Branches")
    add(sites.gw1, 2, machine(authority.issue("site1"), authority))
    mine = machine(branches.issue("elsewhere"), other)
    method = {"authentication_method": "MachineCertificates", "certificate": mine}
    sites.gw1.add_vpn_s2s_interface("site9", destination="198.51.100.9", **method)
    issued = branches.issue("site2")
    add(sites.gw2, 1, MachineCertificate(issued.certificate, issued.key, authority.root))
    with pytest.raises(TunnelRefusedError):
        sites.gw2.connect_vpn_s2s_interface("site1")
    assert sites.pings() == 0


def test_a_root_that_comes_with_a_chain_is_not_trusted_for_it(sites: Sites, authority: Authority) -> None:
    """gw1 was given the whole chain of another authority with its own certificate, root included."""
    other = Authority.create("Woodgrove CA")
    own = authority.issue("site1")
    given = MachineCertificate(own.certificate + other.root, own.key, authority.root)
    add(sites.gw1, 2, given)
    stranger = other.issue("site2")
    add(sites.gw2, 1, MachineCertificate(stranger.certificate, stranger.key, authority.root))
    with pytest.raises(TunnelRefusedError):
        sites.gw2.connect_vpn_s2s_interface("site1")
    assert sites.pings() == 0


@pytest.mark.parametrize(
    ("key_type", "signature"),
    [("RSA", "RSA_EMSA_PSS_SHA2"), ("ECDSA", "ECDSA_WITH_SHA256_DER"), ("Ed25519", "ED25519")],
)
def test_signatures_are_of_today(sites: Sites, authority: Authority, key_type: str, signature: str) -> None:
    """RSASSA-PSS in both directions (RFC 7427, RFC 8247), as each side says of what the other has signed."""
    for there, gateway, name in ((2, sites.gw1, "site1"), (1, sites.gw2, "site2")):
        add(gateway, there, machine(authority.issue(name, key_type=key_type), authority))
    sites.gw1.connect_vpn_s2s_interface("site2")
    assert sites.pings() == 1
    for node, name in (("gw1", "site2"), ("gw2", "site1")):
        said = sites.services.log(node, "charon", 200)
        assert f"authentication of 'CN={name}' with {signature}" in said
