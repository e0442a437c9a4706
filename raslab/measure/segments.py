"""How many packets on the wire a captured one stands for: senders leave it to their cards to cut long ones up. Pure.

Linux hands up to 64 KiB of TCP at a time to the interface, which makes segments of it (segmentation offload), and the
receiving side joins what belongs together (GRO). A capture shows what it is shown: the long packet. How long the
segments are follows from what both ends said when the connection began (MSS, RFC 9293 section 3.7.1), less the options
that each segment has (RFC 6691).
"""

from __future__ import annotations

from collections.abc import Sequence

from raslab.measure.header_fields import Dissection, Header
from raslab.measure.headers import levels

_SYN = 0x02
_FIXED = 20  # bytes of a TCP header without options
_MSS, _NOTHING, _END = 2, 1, 0
_ETHERNET_MTU = 1500

Flow = tuple[bytes, ...]


class Segments:
    """Counts packet by packet, in the order of the capture."""

    def __init__(self) -> None:
        self._said: dict[Flow, int] = {}

    def count(self, found: Dissection) -> int | None:
        """The segments that a packet stands for; None if it is too long for one and nobody said how long they are."""
        level = levels(found.headers)[-1]
        tcp = next((one for one in level if one.protocol == "TCP"), None)
        ip = next((one for one in level if one.protocol in ("IPv4", "IPv6")), None)
        if tcp is None or ip is None or tcp.cut:
            return 1
        ends = (_end(ip, tcp, "source"), _end(ip, tcp, "destination"))
        flow = tuple(part for end in sorted(ends) for part in end)
        if (tcp.number("flags") or 0) & _SYN:
            said = _mss(tcp.data("options") or b"")
            if said:
                self._said[flow] = min(said, self._said.get(flow, said))
            return 1
        payload = len(found.payload)
        if flow not in self._said:
            return 1 if ip.length + tcp.length + payload <= _ETHERNET_MTU else None
        return max(1, -(-payload // max(self._said[flow] - (tcp.length - _FIXED), 1)))


def _end(ip: Header, tcp: Header, which: str) -> Flow:
    return ip.data(which) or b"", tcp.data(f"{which} port") or b""


def _mss(options: Sequence[int]) -> int | None:
    while options and options[0] != _END:
        if options[0] == _NOTHING:
            options = options[1:]
            continue
        length = options[1] if len(options) > 1 else 0
        if length < 2 or length > len(options):
            return None
        if options[0] == _MSS and length == 4:
            return options[2] << 8 | options[3]
        options = options[length:]
    return None
