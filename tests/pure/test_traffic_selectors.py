"""Traffic selectors in pieces: together exactly what was wanted, and not too many."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raslab.gateway.selectors import pieces
from raslab.gateway.state import VpnTrafficSelector

PIECE = re.compile(r"([0-9a-f.:/]+)(?:\[(\d+)(?:/(\d+)(?:-(\d+))?)?\])?")


def selector(first: str, last: str, **settings: Any) -> VpnTrafficSelector:
    return VpnTrafficSelector(ip_address_range=(first, last), **settings)


@given(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted), st.booleans())
def test_addresses(ends: list[int], six: bool) -> None:
    base = int(ip_address("2001:db8::" if six else "10.2.0.0"))
    first, last = (ip_address(base + end) for end in ends)
    found = pieces(selector(str(first), str(last), type="IPv6" if six else "IPv4"))
    held = [int(one) for piece in found for one in ip_network(piece)]
    assert held == list(range(int(first), int(last) + 1))


@given(st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(sorted))
def test_ports_are_blocks_that_a_mask_can_hold(ports: list[int]) -> None:
    low, high = ports
    after = low
    for piece in pieces(selector("10.2.0.1", "10.2.0.1", port_range=(low, high), protocol_id=17)):
        found = PIECE.fullmatch(piece)
        assert found is not None
        if found[3] is None:
            assert (low, high) == (0, 65535)
            after = 65536
            continue
        first, last = int(found[3]), int(found[4] or found[3])
        size = last - first + 1
        assert first == after
        assert size & (size - 1) == 0
        assert first % size == 0
        after = last + 1
    assert after == high + 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (selector("10.2.0.0", "10.2.0.255"), ["10.2.0.0/24"]),
        (selector("10.2.0.5", "10.2.0.8"), ["10.2.0.5/32", "10.2.0.6/31", "10.2.0.8/32"]),
        (
            selector("10.2.0.1", "10.2.0.1", port_range=(21, 22), protocol_id=6),
            ["10.2.0.1/32[6/21]", "10.2.0.1/32[6/22]"],
        ),
        (
            selector("10.2.0.1", "10.2.0.1", port_range=(20, 22), protocol_id=6),
            ["10.2.0.1/32[6/20-21]", "10.2.0.1/32[6/22]"],
        ),
        (selector("::", "ffff" + ":ffff" * 7, type="IPv6"), ["::/0"]),
    ],
)
def test_words(wanted: VpnTrafficSelector, expected: list[str]) -> None:
    assert pieces(wanted) == expected
