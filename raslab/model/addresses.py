"""Addresses, prefixes and numbers as people write them, read strictly, and written in one form.

What has been read can be compared and handed to a daemon. An IPv6 zone (``fe80::1%eth0``, RFC 4007) is part of no
address here: what stands behind ``%`` may be any text, and what sends to an address names its interface otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import TypeVar
from uuid import UUID

from raslab.model.sentences import quoted

R = TypeVar("R")
AnyAddress = IPv4Address | IPv6Address
AnyInterface = IPv4Interface | IPv6Interface
AnyNetwork = IPv4Network | IPv6Network

LONGEST = 100
"""More characters than any address, with a netmask, or MAC address needs."""
_KEPT = 16_384
_MAC = re.compile(r"([0-9a-fA-F]{2})([:-]?)([0-9a-fA-F]{2})(?:\2([0-9a-fA-F]{2})){4}")
_MAC_OF_SWITCHES = re.compile(r"[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}")


def address(value: object) -> AnyAddress:
    """An address without prefix length and zone; raises ValueError."""
    return _address(_plain(value))


def interface(value: object) -> AnyInterface:
    """A host's address with its prefix length or netmask; raises ValueError."""
    return _interface(_with_length(value))


def network(value: object, *, strict: bool = True) -> AnyNetwork:
    """A prefix, with its length or a netmask; raises ValueError. strict: without bits beyond its length."""
    return _network(_with_length(value), strict)


def network_or_host(value: object) -> AnyNetwork:
    """A prefix, or the one of a single address; raises ValueError."""
    return network(value) if "/" in str(value) else ip_network(address(value))


def mac(value: object) -> str:
    """A MAC address as Linux writes it, from any of the usual spellings; raises ValueError."""
    text = _plain(value)
    if not (_MAC.fullmatch(text) or _MAC_OF_SWITCHES.fullmatch(text)):
        raise ValueError(text)
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def guid(value: object) -> str:
    """A GUID as RFC 9562 writes it, from any spelling, in braces too; raises ValueError."""
    return str(UUID(_plain(value)))


def normal(read: Callable[[object], object], value: object) -> str:
    """What `read` makes of a text, as text; a text that it cannot read is left for a rule to refuse."""
    try:
        return str(read(value))
    except ValueError:
        return value if isinstance(value, str) else quoted(value)


def readable(read: Callable[[object], R], value: object) -> R | None:
    """What `read` makes of a text, None of one that it cannot read."""
    try:
        return read(value)
    except ValueError:
        return None


# One text is read many times over: by each rule, and again by each plan of a gateway with hundreds of tenants. What it
# means never changes, so the last ones are kept.
_address = lru_cache(_KEPT)(ip_address)
_interface = lru_cache(_KEPT)(ip_interface)
_network = lru_cache(_KEPT)(ip_network)


def _plain(value: object) -> str:
    text = str(value)
    if "%" in text or len(text) > LONGEST or not text.isascii():
        raise ValueError(text)
    return text


def _with_length(value: object) -> str:
    text = _plain(value)
    if "/" not in text:
        raise ValueError(text)
    return text
