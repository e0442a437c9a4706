"""Ladders: who spoke to whom, from rows of a capture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from raslab.notebook.ladder import SHOWN, ladder, to_svg

NAMES = {"192.0.2.1": "gw1", "192.0.2.2": "gw2", "10.1.0.1": "host1"}


def row(time_s: float, source: str, destination: str, **others: Any) -> dict[str, Any]:
    """A row as `raslab.measure.dissection` makes it."""
    return {"time_s": time_s, "length_bytes": 126, "source": source, "destination": destination} | others


GRE = row(0.5, "192.0.2.2", "192.0.2.1", protocol="gre", gre_protocol="ipv4", gre_key=1001) | {
    "inner_source": "10.2.0.1",
    "inner_destination": "10.1.0.1",
    "inner_protocol": "tcp",
    "destination_port": 5201,
    "tcp_flags": "S",
}
ARP = row(0, "192.0.2.2", "192.0.2.1", protocol="arp", gre_protocol=float("nan"))
MLD = row(0.1, "fe80::1", "ff02::16", protocol="icmpv6")
STP = {"time_s": 0.2, "length_bytes": 60, "protocol": "stp"}


def test_outer_addresses_with_names() -> None:
    found = ladder([ARP, MLD, STP, GRE], NAMES)
    assert found.who == (("192.0.2.2", "gw2"), ("192.0.2.1", "gw1"))
    assert [(step.words, step.tunnelled) for step in found.steps] == [
        ("ARP, 126 B", False),
        ("GRE key 1001: TCP to 5201 S, 126 B", True),
    ]


def test_inner_addresses() -> None:
    found = ladder([GRE], NAMES, inner=True)
    assert found.who == (("10.2.0.1", ""), ("10.1.0.1", "host1"))
    assert found.steps[0].words == "TCP to 5201 S, 126 B"


def test_housekeeping_is_shown_when_asked_for() -> None:
    assert [step.source for step in ladder([ARP, MLD], NAMES, everything=True).steps] == ["192.0.2.2", "fe80::1"]


def test_a_long_capture_is_cut_and_says_so() -> None:
    found = ladder([GRE] * (SHOWN + 7), NAMES)
    assert (len(found.steps), found.left_out) == (SHOWN, 7)
    assert "and 7 more packets" in to_svg(found, "long")
    assert "more packets" not in to_svg(ladder([GRE] * SHOWN, NAMES), "short")


def test_pauses_hold_where_programs_differ_a_little() -> None:
    def pauses(*times: float) -> list[str]:
        root = ElementTree.fromstring(to_svg(ladder([{**GRE, "time_s": time} for time in times], NAMES), "x"))
        return [one.text or "" for one in root.iter() if one.attrib.get("class") == "soft mono"]

    assert pauses(0.0, 0.0041, 0.2061, 0.2103) == ["", "+4 ms", "+0.2 s", "+4 ms"]
    assert pauses(0.0, 0.0038, 0.2012, 0.2049) == pauses(0.0, 0.0041, 0.2061, 0.2103)
    assert pauses(0.0, 0.0941) != pauses(0.0, 0.0961)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"protocol": "icmp", "icmp": "port unreachable"}, "ICMP port unreachable, 126 B"),
        ({"protocol": "icmp", "fragment_offset": 1480}, "ICMP fragment at 1480, 126 B"),
        (GRE | {"fragment_offset": 0}, "GRE key 1001 fragment at 0: TCP to 5201 S, 126 B"),
        ({"protocol": "gre", "fragment_offset": 1480}, "GRE fragment at 1480, 126 B"),
        (
            {"protocol": "gre", "gre_protocol": "ipv4", "inner_protocol": "icmp", "inner_fragment_offset": 1448},
            "GRE: ICMP fragment at 1448, 126 B",
        ),
    ],
)
def test_words(others: dict[str, Any], words: str) -> None:
    assert ladder([row(0, "192.0.2.2", "192.0.2.1") | others], NAMES).steps[0].words == words


def test_arrows_point_from_source_to_destination() -> None:
    root = ElementTree.fromstring(
        to_svg(ladder([GRE, {**GRE, "source": "192.0.2.1", "destination": "192.0.2.2"}], NAMES), "x")
    )
    arrows = [one.attrib["d"] for one in root.iter() if one.attrib.get("class") == "arrow"]
    (there_from, there_to), (back_from, back_to) = (
        [float(part) for part in d[1:].replace("H", " ").split(" ")[::2]] for d in arrows
    )
    assert (there_from, there_to) == (back_to, back_from)
    assert there_from < there_to


def test_nothing_captured_is_drawn_as_nothing() -> None:
    assert ElementTree.fromstring(to_svg(ladder([], {}), "nothing")) is not None
