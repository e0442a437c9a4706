"""What the GRE lab will measure, and how it rounds."""

import math

import pytest

from labs.gre_performance.cases import COLUMNS, PATHS, all_cases
from labs.gre_performance.measurement import row
from raslab.course.throughput import significant


def test_there_are_25_cases() -> None:
    cases = all_cases()
    assert len(cases) == len({case.label for case in cases}) == 25
    assert [path.encapsulation.overhead_bytes for path in PATHS] == [0, 24, 28, 28, 44]


def test_payload_of_a_full_segment() -> None:
    payloads = {(case.path.name, case.mtu): case.payload_bytes for case in all_cases() if case.protocol == "tcp"}
    assert [payloads[path.name, 1500] for path in PATHS] == [1448, 1424, 1420, 1400, 1404]


@pytest.mark.parametrize(("value", "rounded"), [(825_761.4, 825_800), (12.345, 12), (0.4, 0), (0, 0)])
def test_significant_digits(value: float, rounded: int) -> None:
    assert significant(value, 4) == rounded


def test_an_unshaped_link_leaves_efficiency_empty() -> None:
    measured = {
        "throughput_mbps": 1234.56,
        "packets_per_s": 106_573.2,
        "retransmits": 0,
        "loss_percent": math.nan,
        "cpu_percent": math.nan,
    }
    (case, *_) = all_cases()
    unshaped, shaped = row(case, None, measured, 2000.0), row(case, 10_000, measured, 2000.0)
    assert tuple(unshaped) == COLUMNS
    assert unshaped["efficiency_measured"] is None
    assert shaped["efficiency_measured"] == 0.1235
    assert unshaped["relative_to_routed"] == 0.6173
    assert unshaped["loss_percent"] is unshaped["cpu_percent"] is None
