"""What the lab tests share: they need root, and some need more of the kernel than every computer has."""

from __future__ import annotations

import os
from functools import cache

import pytest

from raslab.machine.capabilities import capabilities
from raslab.machine.here import here


def pytest_configure(config: pytest.Config) -> None:
    """Declare our markers."""
    config.addinivalue_line("markers", "needs(*capabilities): skip where `raslab doctor` does not find these")
    config.addinivalue_line("markers", "virtual: exact figures, which only virtual time gives; skip without it")
    config.addinivalue_line("markers", "real: programs that poll, or wires without a rate; skip in virtual time")
    config.addinivalue_line("markers", "both: worth a run in either time")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the running kernel cannot do, with its own words."""
    if item.get_closest_marker("virtual") and here().clock != "virtual":
        pytest.skip("needs virtual time (raslab exec --virtual-time)")
    if item.get_closest_marker("real") and here().clock == "virtual":
        pytest.skip("would never end in virtual time (raslab exec)")
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    missing = _missing() if wanted else {}
    for name in wanted:
        if name in missing:
            pytest.skip(f"this kernel lacks {name}: {missing[name]} (run in a lab machine: raslab exec)")


@pytest.fixture
def root() -> None:
    """Skip unless the test runs as root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


@cache
def _missing() -> dict[str, str]:
    return {one.name: one.detail for one in capabilities() if one.state != "have"}
