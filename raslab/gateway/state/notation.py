"""How the cmdlets write things, read: subnets with metrics, AS numbers, filters, ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

AnyNetwork = IPv4Network | IPv6Network

DEFAULT_METRIC = 100
MAX_ASN = 0xFFFFFFFF
_SUBNET = re.compile(r"(?P<prefix>[^/]+/\d+)(?::(?P<metric>\d+))?")
_ASDOT = re.compile(r"(\d{1,5})\.(\d{1,5})")
_FILTER = re.compile(
    r"(?P<source>[^/]+/\d+):(?P<destination>[^/]+/\d+):(?P<protocol>\w+)(?::(?P<first>\d+)(?::(?P<second>\d+))?)?"
)


@dataclass(frozen=True, slots=True)
class Subnet:
    """What is behind an interface, with the metric of the route there."""

    network: AnyNetwork
    metric: int


def subnet(text: str) -> Subnet:
    """``10.2.0.0/24:100`` or, with the metric 100, ``10.2.0.0/24``; raises ValueError."""
    found = _SUBNET.fullmatch(text)
    if not found:
        raise ValueError(text)
    return Subnet(ip_network(found["prefix"]), int(found["metric"] or DEFAULT_METRIC))


def asn(value: int | str) -> int:
    """An AS number from a whole number or from text, dotted (RFC 5396) or not; raises ValueError."""
    if isinstance(value, str):
        dotted = _ASDOT.fullmatch(value)
        if dotted:
            high, low = int(dotted[1]), int(dotted[2])
            if max(high, low) > 0xFFFF:
                raise ValueError(value)
            return high << 16 | low
    return int(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """One line of a packet filter. first and second: ports, or type and code of ICMP; None is any."""

    source: AnyNetwork
    destination: AnyNetwork
    protocol: str
    first: int | None
    second: int | None


def packet_filter(text: str) -> Filter:
    """``10.0.0.0/16:10.2.0.0/16:TCP:1234:4321``; raises ValueError."""
    found = _FILTER.fullmatch(text)
    if not found:
        raise ValueError(text)
    protocol = found["protocol"].upper()
    any_is_zero = protocol in ("TCP", "UDP")
    values = [None if found[name] is None else int(found[name]) for name in ("first", "second")]
    first, second = (None if any_is_zero and value == 0 else value for value in values)
    return Filter(ip_network(found["source"]), ip_network(found["destination"]), protocol, first, second)
