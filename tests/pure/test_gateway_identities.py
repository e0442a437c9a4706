"""Identities of IKE in any spelling: one value, one text for strongSwan, and nobody who stands for several."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from raslab.gateway.state.certificates import proven
from raslab.gateway.state.identity import common_name, identity
from raslab.services.pki import Authority

SAME = [
    ["CN=paris, O=Contoso, C=FR", "C=FR,O=Contoso,CN=paris", "cn=paris,o=Contoso, c=FR", "CN = paris,O=Contoso ,C=FR"],
    ["CN=gw, DC=contoso, DC=com", "DC=com, DC=contoso, CN=gw"],
    ['CN=gw, O="Contoso, Ltd."', r"CN=gw,O=Contoso\, Ltd."],
    ["E=it@contoso.com, CN=gw, S=Paris", "EMAILADDRESS=it@contoso.com,CN=gw,ST=Paris"],
    ["2001:DB8:B::2", "2001:db8:b:0:0::2", "2001:0db8:000b::0002"],
    ["Paris.Contoso.com", "paris.contoso.com"],
    ["Gateway@Contoso.com", "gateway@contoso.com"],
]
NOBODY = [
    *("", "%any", "*", "0.0.0.0", "::", "10.0.0.0/8", "10.0.0.1-10.0.0.9x/", "fe80::1%wan0", "CN=*", "*.contoso.com"),
    *(
        "@contoso.com",
        "a@*",
        "CN=",
        "CN=a\nb",
        "paris\0",
        "keyid:x",
        "ipv4:#00000000",
        "CN=a,",
        "=a",
        "{5}:x",
        "CN=é\ud800",
    ),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda one: str(one[0]))
def test_spellings_of_one_identity_are_equal(spellings: list[str]) -> None:
    found = [identity(text) for text in spellings]
    assert None not in found
    assert len(set(found)) == 1
    assert len({one.text for one in found if one}) == 1 or all(
        "@" in one.text or "=" in one.text for one in found if one
    )


@pytest.mark.parametrize("text", NOBODY, ids=repr)
def test_what_stands_for_several_or_none_is_no_identity(text: str) -> None:
    assert identity(text) is None


@given(st.text(st.characters(codec=None, categories=None), max_size=300))
def test_whatever_is_read_is_read_again_and_has_no_way_out(text: str) -> None:
    """What strongSwan gets has no control characters and no wildcards, whatever the user wrote."""
    found = identity(text)
    if found is not None:
        assert identity(found.text) == found
        assert found.written.isprintable()
        assert not set(found.written) & set("*%\"'{}")


def test_what_strongswan_would_take_for_a_range_is_a_name() -> None:
    found = identity("10.0.0.1-10.0.0.9")
    assert found is not None
    assert found.written == "fqdn:10.0.0.1-10.0.0.9"


def test_a_certificate_proves_its_subject_and_its_alternative_names() -> None:
    issued = Authority.create("CA").issue(
        "gw.contoso.com", ["2001:db8::1"], mails=["It@contoso.com"], subject="CN=gw,O=Contoso"
    )
    known = proven(issued.certificate)
    for text in ("O=Contoso, CN=gw", "GW.contoso.com", "2001:DB8::1", "it@contoso.com"):
        assert identity(text) in known
    assert identity("CN=gw") not in known
    assert common_name("gw") not in known


def test_a_subject_that_is_hard_to_write_goes_as_its_bytes() -> None:
    found = identity("CN=Zürich, O=Contoso\\, Ltd")
    assert found is not None
    name = x509.Name.from_rfc4514_string("CN=Zürich,O=Contoso\\, Ltd")
    assert found.written == f"asn1dn:#{name.public_bytes().hex()}"
