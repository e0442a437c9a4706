"""How large may a packet be from one end to the other? Found by trying, not by asking the routers."""

from __future__ import annotations

from raslab.errors import UnreachableError
from raslab.measure.addresses import target_of
from raslab.measure.reachability import reaches
from raslab.model.encapsulation import IP_HEADER_BYTES, IpVersion
from raslab.net import Node

_ICMP_HEADER_BYTES = 8
_SMALLEST_MTU: dict[IpVersion, int] = {4: 68, 6: 1280}
"""What every link carries: RFC 791, RFC 8200 section 5."""
_LARGEST_MTU = 65535


def path_mtu(source: Node, address: str | Node) -> int:
    """Bytes of the largest IP packet that an address, or a node, answers with one of that size, neither cut on the way.

    Echo requests that nobody may cut are sent, of sizes that halve what is in question. So it is found even where no
    router says anything (as in RFC 4821), unless the sender has learnt less before (RFC 1191, RFC 8201).

    Raises UnreachableError if not even the smallest packet is answered, BadMeasurementError.
    """
    target, version = target_of(source, address)
    headers = IP_HEADER_BYTES[version] + _ICMP_HEADER_BYTES

    def passes(mtu: int) -> bool:
        return bool(reaches(source, target, size_bytes=mtu - headers, dont_fragment=True, count=1))

    known, excluded = _SMALLEST_MTU[version], _LARGEST_MTU + 1
    if not passes(known):
        raise UnreachableError(source.name, target, f"not even a packet of {known} bytes is answered")
    while excluded - known > 1:
        middle = (known + excluded) // 2
        known, excluded = (middle, excluded) if passes(middle) else (known, middle)
    return known
