"""What is in PEM texts (RFC 7468) of certificates, keys and revocation lists. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from raslab.gateway.state.identity import Identity, identity, identity_of_subject

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)
_KEPT = 1024  # a gateway with hundreds of tenants is checked as a whole with each verb
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey


def pem_blocks(text: str) -> tuple[str, ...]:
    """The texts of which a text is made, one after the other."""
    return tuple(found[0] for found in _BLOCK.finditer(text))


@lru_cache(_KEPT)
def certificate_in(pem: str) -> x509.Certificate | None:
    """The certificate of a PEM text, None if it cannot be read."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        _ = found.subject, found.extensions  # what is wrong with them is found only here
        return found
    except _UNREADABLE:
        return None


@lru_cache(_KEPT)
def key_in(pem: str) -> PublicKey | None:
    """The public half of a private key, RSA or of an elliptic curve, without passphrase; None if it cannot be read."""
    try:
        found = load_pem_private_key(pem.encode(), None).public_key()
    except _UNREADABLE:
        return None
    return found if isinstance(found, PublicKey) else None


@lru_cache(_KEPT)
def list_in(pem: str) -> x509.CertificateRevocationList | None:
    """The revocation list of a PEM text, None if it cannot be read."""
    try:
        return x509.load_pem_x509_crl(pem.encode())
    except _UNREADABLE:
        return None


def is_self_signed(pem: str) -> bool:
    """Whether a certificate is its own issuer's, as a root's is."""
    found = certificate_in(pem)
    return found is not None and found.issuer == found.subject


def is_authority(pem: str) -> bool:
    """Whether a certificate may sign others (RFC 5280, section 4.2.1.9)."""
    found = certificate_in(pem)
    try:
        return found is not None and found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


@lru_cache(_KEPT)
def proven(pem: str) -> frozenset[Identity]:
    """The identities that a certificate proves: its subject and its alternative names."""
    found = certificate_in(pem)
    if found is None:
        return frozenset()
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    texts = [str(one.value) for one in names if isinstance(one, x509.DNSName | x509.RFC822Name | x509.IPAddress)]
    return frozenset((identity_of_subject(found.subject), *(one for text in texts if (one := identity(text)))))
