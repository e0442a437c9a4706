"""Rates in the words of iperf."""

from __future__ import annotations

import pytest

from raslab.errors import BadMeasurementError
from raslab.net import Network
from raslab.net.bandwidth import rate_text


@pytest.mark.parametrize(
    ("rate", "unit", "text"),
    [
        (9.53e6, None, "9.53 Mbits/sec"),
        (95.3e6, None, "95.3 Mbits/sec"),
        (953e6, None, "953 Mbits/sec"),
        (25.4e9, None, "25.4 Gbits/sec"),
        (10, None, "0.01 Kbits/sec"),
        (8e6, "M", "1.00 MBytes/sec"),
        (8e6, "k", "8000 Kbits/sec"),
    ],
)
def test_rates(rate: float, unit: str | None, text: str) -> None:
    assert rate_text(rate, unit) == text


def test_unknown_unit_is_refused() -> None:
    network = Network()
    for name in ("h1", "h2"):
        network.addHost(name)
    with pytest.raises(BadMeasurementError, match="Unit x of iperf is unknown"):
        network.iperf(fmt="x")
