"""Secrets, certificates and identities of IKEv2 interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.state import MachineCertificate, VpnS2SInterface
from raslab.gateway.state.certificates import (
    certificate_in,
    is_authority,
    key_in,
    list_in,
    pem_blocks,
    proven,
)
from raslab.gateway.state.identity import identity
from raslab.model.sentences import quoted

_USER_BYTES = 255  # that strongSwan reads of a name in EAP-MSCHAPv2
_PASSWORD_CHARACTERS = 256  # RFC 2759, section 4
_NOT_LITERAL = "*%=:/{}"  # strongSwan reads these as wildcards, types, subjects and prefixes


def check(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    """What is missing, cannot be read, is too long or does not fit together."""
    yield from _missing(interface, where)
    yield from _lengths(interface, where)
    if interface.certificate is not None:
        yield from _certificate(interface.certificate, where)
    yield from _identities(interface, where)


def _missing(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    method = interface.authentication_method
    if method == "PSKOnly" and not interface.shared_secret:
        yield f"The {where} is to use a pre-shared key and has none: give shared_secret."
    needs_certificate = method == "MachineCertificates" or (method, interface.eap_method) == ("EAP", "EAP-TLS")
    if needs_certificate and interface.certificate is None:
        yield f"The {where} is to use a certificate and has none: give certificate, a MachineCertificate."
    if method == "EAP" and interface.eap_method == "EAP-MSCHAPv2" and not (interface.user_name and interface.password):
        yield f"The {where} is to use EAP and does not know as whom: give user_name and password."
    if method == "EAP" and interface.certificate is None and interface.eap_method == "EAP-MSCHAPv2":
        yield (
            f"The {where} is to use EAP and could not check the other gateway's certificate: give certificate, "
            "a MachineCertificate."
        )


def _lengths(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    """Bytes of UTF-8, or of UTF-16 where that is what is sent."""
    for name, code, most, unit in (
        ("user_name", "utf-8", _USER_BYTES, "bytes"),
        ("password", "utf-16-le", 2 * _PASSWORD_CHARACTERS, "bytes of UTF-16"),
        ("dial_in_password", "utf-16-le", 2 * _PASSWORD_CHARACTERS, "bytes of UTF-16"),
    ):
        text = getattr(interface, name)
        if text is not None and (size := len(text.encode(code))) > most:
            yield f"{name} of {where} has {size} {unit}: {most} are the most that can be used."
    user = interface.user_name
    if user is not None and (not user.isprintable() or user.startswith("@") or set(user) & set(_NOT_LITERAL)):
        yield (
            f"user_name {quoted(user)} of {where} cannot be one user's: leave out control characters, {_NOT_LITERAL} "
            "and an @ in front."
        )


def _certificate(given: MachineCertificate, where: str) -> Iterator[str]:
    """Without a certificate that can be read, no more is said of it."""
    chain = pem_blocks(given.certificate)
    if not chain or any(certificate_in(pem) is None for pem in chain):
        yield f"The certificate of {where} cannot be read: give PEM texts, its own first and then its issuers'."
        return
    own = certificate_in(given.own)
    key = key_in(given.key)
    if key is None:
        yield f"The key of {where} cannot be read: give an RSA, ECDSA or EdDSA key as PEM text without passphrase."
    elif own is not None and own.public_key() != key:
        yield f"The key of {where} is not that of its certificate: give the two that belong together."
    if not all(map(is_authority, pem_blocks(given.certificate)[1:])):
        yield (
            f"The certificate of {where} is followed by one that may not sign others: "
            "give its own first and then those of the authorities between it and the root."
        )
    if not given.authorities or not all(map(is_authority, pem_blocks(given.authority))):
        yield (
            f"The authority of {where} is no root certificate: give that of the authority at the end of the chain, "
            "as PEM text; those of intermediate authorities may come with it."
        )
    if given.revoked and (not given.revocation_lists or any(list_in(pem) is None for pem in given.revocation_lists)):
        yield f"The revocation list of {where} cannot be read: give PEM texts, or leave revoked out."


def _identities(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    for name in ("peer_identity", "local_identity"):
        text = getattr(interface, name)
        if text is not None and identity(text) is None:
            yield (
                f"{name} {quoted(text)} of {where} is no identity of one gateway: write an address, a DNS name, a mail "
                "address or the subject of a certificate like CN=paris, O=Contoso, C=FR."
            )
    mine = identity(interface.local_identity or "")
    certificate = interface.certificate
    if interface.authentication_method != "MachineCertificates" or mine is None or certificate is None:
        return
    known = proven(certificate.own)
    if known and mine not in known:
        shown = "; ".join(sorted(one.written for one in known))
        yield f"local_identity {mine} of {where} is not what its certificate proves: use one of {shown}."
