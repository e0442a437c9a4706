"""Rows against tshark, where that is installed: another reader of the same RFCs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks import tshark
from raslab.measure.capture_files import Packet
from raslab.measure.dissection import rows
from raslab.measure.header_fields import Header
from raslab.measure.header_meanings import GRE_VERSION
from raslab.measure.headers import dissect
from tests.pure.captured_samples import samples

pytestmark = pytest.mark.skipif(tshark.program() is None, reason="tshark is not installed")

COUNT = 2000


def is_explained(column: str, ours: Any, theirs: Any, packet: Packet) -> bool:
    """Whether docs/captures.md says why this differs, of packets that nobody should send."""
    found = dissect(packet.data, packet.link)
    if found.headers and found.headers[-1].cut:
        return ours is not None or column in ("protocol", "inner_protocol")  # we tell what is there of a cut header
    if found.carries == "GENEVE":
        return True  # of a version that is none
    if found.carries == "IPv4" and found.payload[:1] and found.payload[0] >> 4 == 6:
        return ours is None  # IPv6 under the number of IPv4
    return any(_is_odd(header, column, ours, theirs, found.payload) for header in found.headers)


def _is_odd(header: Header, column: str, ours: Any, theirs: Any, payload: bytes) -> bool:
    if header.protocol == "GRE" and (header.number("flags, version") or 0) & GRE_VERSION:
        return ours is None  # version 1 has no key but the number of a call; others are not read
    if header.protocol == "PPPoE" and header.number("code"):
        return ours is None or column == "protocol"  # no session
    if header.protocol == "IPv4":
        # Its length ends within the header: we tell the header's fields.
        return theirs is None and (header.number("total length") or 0) < header.length
    if header.protocol == "TCP":
        return column == "tcp_flags" and theirs is None and (header.number("header length") or 0) >> 4 < 5
    if header.protocol == "SCTP":
        return theirs is None and len(payload) < 4  # cut off behind the ports
    if header.protocol in ("Hop-by-Hop", "Destination Options"):
        return theirs is None or theirs == "ipv6-frag" if _overflows(header.data("content") or b"") else False
    return False


def _overflows(options: bytes) -> bool:
    """Whether an option says that it is longer than there is room."""
    while options:
        length = 1 if options[0] == 0 else 2 + (options[1] if len(options) > 1 else 256)
        if length > len(options):
            return True
        options = options[length:]
    return False


def test_generated_packets() -> None:
    packets = samples(COUNT)
    mine, others = rows(packets), tshark.rows(packets)
    assert len(others) == COUNT
    wrong = [
        (number, column, ours, theirs)
        for number, (here, there) in enumerate(zip(mine, others, strict=True))
        for column, (ours, theirs) in tshark.difference(here, there).items()
        if not is_explained(column, ours, theirs, packets[number])
    ]
    assert wrong == []


def test_they_are_of_all_kinds() -> None:
    """What is compared is worth comparing: each column has values, each kind of packet comes."""
    found = rows(samples(COUNT))
    filled = Counter(name for row in found for name, value in row.items() if value not in ("", None))
    assert all(filled[name] > 10 for name in tshark.COLUMNS), filled
    protocols = Counter(row["protocol"] for row in found) + Counter(row["inner_protocol"] for row in found)
    wanted = {
        "tcp",
        "udp",
        "icmp",
        "icmpv6",
        "gre",
        "esp",
        "ah",
        "sctp",
        "igmp",
        "vrrp",
        "ospf",
        "arp",
        "stp",
        "is-is",
        "lldp",
    }
    assert wanted <= protocols.keys()


def test_a_wrong_row_would_be_seen() -> None:
    """Negative twin: each column of each row counts."""
    packets = samples(50)
    for column in ("source", "protocol", "destination_port", "inner_source", "icmp"):
        spoilt = [row | {column: 1} for row in rows(packets)]
        assert any(tshark.difference(here, there) for here, there in zip(spoilt, tshark.rows(packets), strict=True))
