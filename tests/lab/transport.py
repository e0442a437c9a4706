"""What passes on the transport links between two sites, and whether an inner address can be read there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from ipaddress import ip_address

from scapy.utils import RawPcapReader

from raslab.measure import Capture, capture
from raslab.net import Network

# Two inner addresses side by side, as in the header of a packet between LANs. A single one would be met by chance in
# what is encrypted: four bytes are not many.
_V4 = rb"\x0a[\x01\x02]\x00."
_V6 = rb"\x20\x01\x0d\xb8\x00[\x01\x02]\x00\x00.{8}"
_INNER = re.compile(rb"(?s)(" + _V4 + rb"){2}|(" + _V6 + rb"){2}")
_ETHERNET = 14  # bytes
_IPV4 = b"\x08\x00"
_ESP = 50


class Transport:
    """Captures on both transport links while the block runs."""

    def __init__(self, network: Network) -> None:
        self._captures = [capture(network["isp"].intf(name)) for name in ("site1", "site2")]

    def __enter__(self) -> Transport:
        self._stack = ExitStack()
        self.seen: list[Capture] = [self._stack.enter_context(one) for one in self._captures]
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    @property
    def protocols(self) -> set[str]:
        """What has passed."""
        return {protocol for one in self.seen for protocol in one.frame["protocol"]}

    def in_clear(self) -> list[str]:
        """Packets in which the addresses of two LAN hosts can be read, on either link."""
        suspects = [one for one in self.seen if _INNER.search(one.pcap)]  # scapy is slow, and mostly there are none
        return [p.summary() for one in suspects for p in one.packets if _INNER.search(bytes(p)[_ETHERNET:])]

    def spis(self, source: str) -> set[str]:
        """The SPIs of the ESP packets that an IPv4 address has sent (RFC 4303, 2), in hexadecimal."""
        wanted = ip_address(source).packed
        frames = [frame for one in self.seen for frame, _ in RawPcapReader(BytesIO(one.pcap))]
        packets = [frame[_ETHERNET:] for frame in frames if frame[12:_ETHERNET] == _IPV4]
        return {ip[20:24].hex() for ip in packets if ip[9] == _ESP and ip[12:16] == wanted}


@contextmanager
def nothing_in_clear(network: Network) -> Iterator[Transport]:
    """Watch both transport links; after the block, what they carried must have hidden every inner address."""
    with Transport(network) as transport:
        yield transport
    assert transport.in_clear() == []
