"""Many tenants that all look alike: what is tried grows with their number, and one route astray is found among them."""

from __future__ import annotations

import pytest

from benchmarks.isolation import measure

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre"), pytest.mark.both]

TENANTS = 8
PROBES_EACH = 400


def test_many_tenants_are_isolated_and_a_leak_among_them_is_named() -> None:
    found = measure(TENANTS)  # ends the run if the route astray is not named
    assert found["pairs"] == TENANTS * (TENANTS - 1)
    assert 0 < found["probes"] < TENANTS * PROBES_EACH
