"""Which tunnel stays if both sides have dialled at once: on both sides the same, and never none."""

from __future__ import annotations

from typing import Any

import pytest

from raslab.gateway.dialler.surplus import surplus


def sa(number: int, spi: str, **changes: Any) -> dict[str, Any]:
    """An IKE SA that carries packets of the interface."""
    tunnel = {"branch-1": {"name": "branch", "state": "INSTALLED"}}
    known = {"name": "branch", "uniqueid": str(number), "initiator-spi": spi, "state": "ESTABLISHED"}
    return known | {"child-sas": tunnel} | changes


def test_the_lowest_spi_stays_in_whatever_order_they_came() -> None:
    low, middle, high = sa(7, "0a00000000000000"), sa(1, "9000000000000000"), sa(3, "ff00000000000000")
    for order in ([low, middle, high], [high, low, middle]):
        assert surplus("branch", order) == ("1", "3")


@pytest.mark.parametrize(
    "other",
    [
        sa(2, "01", name="other", **{"child-sas": {"o": {"name": "other", "state": "INSTALLED"}}}),
        sa(2, "01", state="CONNECTING"),
        sa(2, "01", **{"child-sas": {}}),
    ],
    ids=["of another interface", "not yet there", "without a tunnel"],
)
def test_what_carries_nothing_of_it_does_not_count(other: dict[str, Any]) -> None:
    assert surplus("branch", [sa(1, "ff"), other]) == ()
