"""How the cmdlets write things, read: subnets with metrics, AS numbers, communities, filters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from raslab.model.addresses import AnyNetwork, network

DEFAULT_METRIC = 100
MAX_ASN = 0xFFFFFFFF
WELL_KNOWN_COMMUNITIES = {
    "no-export": 0xFFFFFF01,
    "no-advertise": 0xFFFFFF02,
    "local-AS": 0xFFFFFF03,
    "graceful-shutdown": 0xFFFF0000,
    "blackhole": 0xFFFF029A,
}
"""RFC 1997 (which calls the third NO_EXPORT_SUBCONFED), RFC 8326, RFC 7999."""
_NUMBER = r"[0-9]{1,10}"
_PREFIX = r"[^/]+/[0-9.]+"
_SUBNET = re.compile(rf"(?P<prefix>{_PREFIX})(?P<colon>:(?P<metric>{_NUMBER}))?")
_PLAIN_NUMBER = re.compile(_NUMBER)
_ASDOT = re.compile(r"([0-9]{1,5})\.([0-9]{1,5})")
_COMMUNITY = re.compile(r"([0-9]{1,5}):([0-9]{1,5})")
_FILTER = re.compile(
    rf"(?P<source>{_PREFIX}):(?P<destination>{_PREFIX}):(?P<protocol>[A-Za-z0-9]+)"
    rf"(?::(?P<first>{_NUMBER})(?::(?P<second>{_NUMBER}))?)?"
)


@dataclass(frozen=True, slots=True)
class Subnet:
    """What is behind an interface, with the metric of the route there."""

    network: AnyNetwork
    metric: int


def subnet(text: str) -> Subnet:
    """``10.2.0.0/24:100`` or, with the metric 100, ``10.2.0.0/24``; raises ValueError."""
    prefix, metric = in_front_of_metric(text)
    return Subnet(network(prefix), int(metric[1:] or DEFAULT_METRIC))


def in_front_of_metric(text: str) -> tuple[str, str]:
    """The prefix of a subnet, and its metric with the colon, empty without one; raises ValueError."""
    found = _SUBNET.fullmatch(text)
    if not found:
        raise ValueError(text)
    return found["prefix"], found["colon"] or ""


def asn(value: int | str) -> int:
    """An AS number from a whole number or from text, dotted (RFC 5396) or not; raises ValueError."""
    if not isinstance(value, str):
        return value
    if dotted := _ASDOT.fullmatch(value):
        high, low = int(dotted[1]), int(dotted[2])
        if max(high, low) > 0xFFFF:
            raise ValueError(value)
        return high << 16 | low
    if not _PLAIN_NUMBER.fullmatch(value):
        raise ValueError(value)
    return int(value)


def community(text: str) -> str:
    """A community (RFC 1997) as FRR writes it: two numbers, or a well-known name; raises ValueError.

    The whole number that it is, and a well-known name in other letters or with underscores, will do too; a number
    below 65536 is reserved (RFC 1997), and rather an AS number without its second half.
    """
    name = text.lower().replace("_", "-")
    by_name = {one.lower(): one for one in WELL_KNOWN_COMMUNITIES}
    if name in by_name:
        return by_name[name]
    if halves := _COMMUNITY.fullmatch(text):
        high, low = int(halves[1]), int(halves[2])
    elif _PLAIN_NUMBER.fullmatch(text) and int(text) > 0xFFFF:
        high, low = int(text) >> 16, int(text) & 0xFFFF
    else:
        raise ValueError(text)
    if max(high, low) > 0xFFFF:
        raise ValueError(text)
    by_number = {number: one for one, number in WELL_KNOWN_COMMUNITIES.items()}
    return by_number.get(high << 16 | low, f"{high}:{low}")


@dataclass(frozen=True, slots=True)
class Filter:
    """One line of a packet filter. first and second: ports, or type and code of ICMP; None is any.

    ports: as they were written.
    """

    source: AnyNetwork
    destination: AnyNetwork
    protocol: str
    first: int | None
    second: int | None
    ports: tuple[str, ...] = ()


def packet_filter(text: str) -> Filter:
    """``10.0.0.0/16:10.2.0.0/16:TCP:1234:4321``; raises ValueError."""
    found = _FILTER.fullmatch(text)
    if not found:
        raise ValueError(text)
    protocol = found["protocol"].upper()
    any_is_zero = protocol in ("TCP", "UDP")
    values = [None if found[name] is None else int(found[name]) for name in ("first", "second")]
    written = tuple(str(int(found[name])) for name in ("first", "second") if found[name] is not None)
    first, second = (None if any_is_zero and value == 0 else value for value in values)
    return Filter(network(found["source"]), network(found["destination"]), protocol, first, second, written)
