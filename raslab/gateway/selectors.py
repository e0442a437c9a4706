"""Traffic selectors as the kernel can keep to them: it knows prefixes, and ports by a mask. Pure.

IKE negotiates ranges (RFC 7296, 3.13.1). strongSwan gives the kernel the smallest prefix, and the smallest mask of
ports, that hold a range, so more would pass than was agreed on. Ranges are therefore agreed on as the prefixes and
blocks of ports that they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, summarize_address_range

from raslab.gateway.state import VpnTrafficSelector

#: Pairs of a piece here and a piece there, each of which is three policies in the kernel.
MOST_PAIRS = 64
_EVERY_PORT = (0, 65535)


def pieces(selector: VpnTrafficSelector) -> list[str]:
    """A selector in the words of strongSwan, such as ``10.2.0.8/30[17/20]``, all of which together are the selector."""
    prefixes = [str(one) for one in summarize_address_range(*map(ip_address, selector.ip_address_range))]
    if not selector.protocol_id:
        return prefixes
    low, high = selector.port_range
    if (low, high) == _EVERY_PORT:
        return [f"{prefix}[{selector.protocol_id}]" for prefix in prefixes]
    return [f"{prefix}[{selector.protocol_id}/{block}]" for prefix in prefixes for block in _blocks(low, high)]


def _blocks(low: int, high: int) -> Iterator[str]:
    """The largest blocks of ports, each of a power of two and beginning at a multiple of it, that make up a range."""
    while low <= high:
        size = low & -low or 1 << 16
        while low + size - 1 > high:
            size >>= 1
        yield str(low) if size == 1 else f"{low}-{low + size - 1}"
        low += size
