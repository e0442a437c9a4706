"""Theory, rows, chart and page of the lab about kinds of tunnels."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from labs.tunnel_kinds.cases import COLUMNS, KINDS, STREAMS, all_cases
from labs.tunnel_kinds.measurement import row
from labs.tunnel_kinds.page import render, write
from raslab.course.events import Row, Started
from raslab.course.loader import load_lab
from raslab.course.results import Results
from raslab.model.encryption import AES_CBC_SHA256, AES_GCM, WIREGUARD

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize(
    ("name", "inner", "payload", "outer"),
    [
        ("routed", 1500, 1448, 1500),
        ("gre", 1476, 1424, 1500),
        ("gre-key", 1472, 1420, 1500),
        # 1407 and 2 bytes of trailer fill 89 blocks of 16: 20 + 8 + 16 + 1424 + 16.
        ("ipsec-aes128-cbc", 1407, 1355, 1484),
        # 1407 and 2 fill 353 words of 4: 20 + 8 + 8 + 1412 + 16.
        ("ipsec-aes256-gcm", 1407, 1355, 1464),
        ("ipsec-chacha20", 1407, 1355, 1464),
        ("gre-over-ipsec", 1383, 1331, 1464),
        ("wireguard", 1440, 1388, 1500),
    ],
)
def test_a_full_segment_by_the_bytes(name: str, inner: int, payload: int, outer: int) -> None:
    segment = BY_NAME[name].segment
    assert (segment.inner_bytes, segment.payload_bytes, segment.outer_bytes) == (inner, payload, outer)
    assert segment.efficiency == payload / (outer + 14)


def test_padding_goes_to_the_next_block() -> None:
    assert [AES_CBC_SHA256.sealed_bytes(size) - 40 for size in (13, 14, 15)] == [16, 16, 32]
    assert [AES_GCM.sealed_bytes(size) - 32 for size in (1, 2, 3)] == [4, 4, 8]
    assert [WIREGUARD.sealed_bytes(size) for size in (0, 1, 16, 17)] == [32, 48, 48, 64]


def results(clock: str = "virtual") -> Results:
    """A run as it would be if everything went as theory says, or three times as slow without a rate."""
    lab = load_lab("tunnel-kinds")
    link = 1000.0 if clock == "virtual" else None
    rows = []
    for case in all_cases():
        mbps = case.kind.segment.efficiency * (link or 300)
        measured = {
            "throughput_mbps": mbps,
            "packets_per_s": mbps * 1e6 / 8 / 1500,
            "retransmits": 0,
            "loss_percent": math.nan,
            "cpu_percent": math.nan if link else 100.0,
        }
        rows.append(Row(row(case, link, measured, KINDS[0].segment.efficiency * (link or 300)), ""))
    return Results.collect(lab.name, lab.title, lab.columns, [Started("uml", clock, "7.2", 0.2), *rows])


def test_rows_hold_theory_beside_measurement() -> None:
    rows = results().rows
    assert [tuple(one) for one in rows] == [COLUMNS] * len(KINDS) * len(STREAMS)
    assert all(one["relative_to_routed"] == one["relative_theory"] for one in rows)
    assert all(one["throughput_mbps"] == one["expected_mbps"] for one in rows)
    assert {one["tunnel"]: one["relative_theory"] for one in rows}["wireguard"] == 0.9586


def test_unshaped_links_leave_the_expectation_empty() -> None:
    assert {one["expected_mbps"] for one in results("real").rows} == {None}


def test_chart_and_page(tmp_path: Path) -> None:
    page = write(results(), tmp_path)
    assert page.read_text(encoding="utf-8") == render(results(), (tmp_path / "throughput.png").read_bytes())
    text = page.read_text(encoding="utf-8")
    assert text.count("IPsec, ChaCha20-Poly1305") == 1
    assert "encryption takes no time" in text
    assert "encryption takes no time" not in render(results("real"), b"")
