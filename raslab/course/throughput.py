"""What labs about throughput have in common: the figures of a row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from raslab.course.events import Value


def figures(
    measured: Mapping[str, Any], link_mbps: float | None, efficiency_theory: float, routed_mbps: float
) -> dict[str, Value]:
    """The measured figures of a row, rounded, and what they are compared with.

    measured: a row of `raslab.measure.throughput`. link_mbps: None for unshaped links, which have no rate to relate
    the throughput to: `efficiency_measured` stays empty. routed_mbps: what the same traffic got without a tunnel.
    """
    mbps = measured["throughput_mbps"]
    return {
        "throughput_mbps": rounded(mbps, 1),
        "packets_per_s": significant(measured["packets_per_s"], 4),
        "retransmits": whole(measured["retransmits"]),
        "loss_percent": rounded(measured["loss_percent"], 2),
        "cpu_percent": rounded(measured["cpu_percent"], 1),
        "efficiency_measured": None if link_mbps is None else rounded(mbps / link_mbps, 4),
        "efficiency_theory": rounded(efficiency_theory, 4),
        "relative_to_routed": rounded(mbps / routed_mbps, 4),
    }


def significant(value: float, digits: int) -> int:
    """A count, rounded to so many significant digits."""
    return int(float(f"{value:.{digits - 1}e}"))


def rounded(value: float, digits: int) -> float | None:
    """A figure, rounded; None for one that there is not (NaN)."""
    return None if math.isnan(value) else round(value, digits)


def whole(value: float) -> int | None:
    """A count; None for one that there is not (NaN)."""
    return None if math.isnan(value) else int(value)
