"""The lab's certification authority, examined by OpenSSL's own verification."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from raslab.services.pki import Authority, Identity


def loaded(identity: Identity) -> x509.Certificate:
    """The certificate of an identity."""
    return x509.load_pem_x509_certificate(identity.certificate.encode())


def test_a_certificate_is_its_authoritys_and_proves_the_names() -> None:
    authority = Authority.create("Contoso CA")
    own = authority.issue("gw1.contoso", ["203.0.113.1", "2001:db8::1"], ["gw1"], crl_uri="http://ca.contoso/crl")
    certificate = loaded(own)
    certificate.verify_directly_issued_by(loaded(authority.identity))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gw1.contoso", "gw1"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("203.0.113.1"), ip_address("2001:db8::1")]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert "http://ca.contoso/crl" in str(certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints))
    key = load_pem_private_key(own.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == certificate.public_key()


def test_another_authority_did_not_sign_it() -> None:
    one, two = Authority.create("CA"), Authority.create("CA")
    with pytest.raises(InvalidSignature):
        loaded(one.issue("gw1")).verify_directly_issued_by(loaded(two.identity))


def test_an_expired_certificate_has_expired_and_is_in_order_otherwise() -> None:
    authority = Authority.create("CA")
    fresh, old = loaded(authority.issue("gw1")), loaded(authority.issue("gw1", valid=-timedelta(hours=1)))
    assert old.not_valid_before_utc < old.not_valid_after_utc < fresh.not_valid_after_utc
    assert old.not_valid_after_utc > fresh.not_valid_before_utc


def test_a_list_names_the_revoked_and_only_them() -> None:
    authority = Authority.create("CA")
    good, bad = authority.issue("good"), authority.issue("bad")
    crl = x509.load_pem_x509_crl(authority.crl([bad], number=7).encode())
    assert crl.get_revoked_certificate_by_serial_number(loaded(bad).serial_number) is not None
    assert crl.get_revoked_certificate_by_serial_number(loaded(good).serial_number) is None
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    key = loaded(authority.identity).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert crl.is_signature_valid(key)
