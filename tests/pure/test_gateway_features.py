"""The table of the gateway's features names tests that exist, in every row."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLES = [line for line in (ROOT / "docs" / "gateway-features.md").read_text().splitlines() if line.startswith("| ")]
FEATURES = [line for line in TABLES if not line.startswith("| feature ")]


def named(row: str) -> list[str]:
    """The files that a row names."""
    return [Path(name).name for name in re.findall(r"`([\w/]+\.py)`", row)]


def test_every_feature_has_its_tests() -> None:
    assert len(FEATURES) > 40
    assert [row for row in FEATURES if not named(row)] == []


def test_the_tests_exist() -> None:
    there = {path.name for path in (ROOT / "tests").rglob("*.py")}
    assert {name for row in FEATURES for name in named(row)} - there == set()


def test_a_file_of_the_gateways_lab_tests_is_in_the_table() -> None:
    files = {path.name for path in (ROOT / "tests" / "lab").glob("test_gateway_*.py")}
    assert files - {name for row in FEATURES for name in named(row)} == set()
