"""What gateways call themselves in IKE (RFC 7296, section 3.5), read and compared as values. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from cryptography.x509 import Name, NameOID

_ADDRESS, _NAME, _MAIL, _SUBJECT = "address", "name", "mail", "subject"
_DNS_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_QUOTED = re.compile(r'=\s*"([^"]*)"')
_BETWEEN = re.compile(r"\s*(?<!\\),\s*")
_KEYWORD = re.compile(r"(^|(?<!\\),)\s*([A-Za-z]+)\s*=\s*")
# Beside those of RFC 4514 the words of Windows and of OpenSSL.
_OTHER_KEYWORDS = {
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "E": NameOID.EMAIL_ADDRESS,
    "EMAIL": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
}
_SHOWN_AS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.COUNTRY_NAME: "C",
}
_GENERAL = tuple(_SHOWN_AS)
"""From what is one's own to what is everybody's."""
_PLAIN = re.compile(r"[A-Za-z0-9._-](?:[A-Za-z0-9._ -]*[A-Za-z0-9._-])?")


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity. kind: address, name, mail or subject; value: what it is compared by, whatever its spelling.

    text: in one spelling; written: as strongSwan reads it, and as nothing else.
    """

    kind: str
    value: str
    text: str = field(compare=False)
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


def identity(text: str) -> Identity | None:
    """An address, a DNS name, a mail address or a distinguished name; None if it is none, or stands for many.

    A distinguished name may begin with what is its own, as RFC 4514 and Windows write it (``CN=paris, O=Contoso``), or
    with what it shares with others, as OpenSSL does.
    """
    if not text.isprintable():
        return None
    try:
        address = ip_address(text)
    except ValueError:
        pass
    else:
        is_one = not address.is_unspecified and not getattr(address, "scope_id", None)
        return Identity(_ADDRESS, str(address), str(address), str(address)) if is_one else None
    if "=" in text:
        return _subject(text)
    if _MAIL_ADDRESS.fullmatch(text):
        return Identity(_MAIL, text.lower(), text.lower(), text)
    if _DNS_NAME.fullmatch(text):
        looks_like_a_range = not any(map(str.isalpha, text))  # to strongSwan, without the prefix
        return Identity(_NAME, text.lower(), text.lower(), f"fqdn:{text}" if looks_like_a_range else text)
    return None


def common_name(name: str) -> Identity:
    """The subject of a certificate that has no more than a common name, which is the name of an interface."""
    return Identity(_SUBJECT, f"cn={name}".lower(), f"CN={name}", f"CN={name}")


def user(name: str) -> str:
    """A user's name as strongSwan reads it, which takes nothing but ASCII as it is."""
    if name.isascii():
        return name
    return f"{'email' if '@' in name else 'fqdn'}:#{name.encode().hex()}"


def identity_of_subject(name: Name) -> Identity:
    """The identity of whom a certificate is about."""
    shown = [(_SHOWN_AS.get(one.oid), str(one.value)) for one in name]
    is_plain = all(key and _PLAIN.fullmatch(value) for key, value in shown) and len(name.rdns) == len(shown)
    plain = ", ".join(f"{key}={value}" for key, value in shown)
    text = name.rfc4514_string({NameOID.EMAIL_ADDRESS: "E"})
    return Identity(_SUBJECT, text.lower(), text, plain if is_plain else f"asn1dn:#{name.public_bytes().hex()}")


def _subject(text: str) -> Identity | None:
    escaped = _QUOTED.sub(lambda found: "=" + re.sub(r'([,+;<>"\\])', r"\\\1", found[1]), text.strip())
    spaced = _BETWEEN.sub(",", escaped)
    tidy = _KEYWORD.sub(lambda found: f"{found[1]}{found[2].upper()}=", spaced)
    try:
        name = Name.from_rfc4514_string(tidy, _OTHER_KEYWORDS)
    except ValueError:
        return None
    if not name.rdns or any(not str(one.value).strip() or "*" in str(one.value) for one in name):
        return None
    first, last = (next(iter(rdn)).oid for rdn in (name.rdns[-1], name.rdns[0]))  # as they were written
    if first in _GENERAL and last in _GENERAL and _GENERAL.index(first) > _GENERAL.index(last):
        name = Name(list(reversed(name.rdns)))
    return identity_of_subject(name)
