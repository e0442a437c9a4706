"""Who carries a next hop: of all subnets that it is on, those with the longest prefix, as the kernel has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar

T = TypeVar("T")

AnyAddress = IPv4Address | IPv6Address
AnyNetwork = IPv4Network | IPv6Network


def carrying(hop: AnyAddress, subnets: Iterable[tuple[AnyNetwork, T]]) -> tuple[T, ...]:
    """What stands beside the longest prefix that `hop` is in; several where that is on several interfaces, in order."""
    fitting = [(network.prefixlen, owner) for network, owner in subnets if hop in network]
    longest = max((length for length, _ in fitting), default=None)
    return tuple(owner for length, owner in fitting if length == longest)
