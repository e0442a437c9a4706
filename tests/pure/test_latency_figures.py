"""Arithmetic of round-trip times, ICMP checksums and processor load."""

import math

import pytest

from raslab.measure.echo import summary
from raslab.measure.processor import ProcessorTime
from raslab.net.checksum import internet_checksum


def test_summary() -> None:
    times = [1.0, 3.0, 2.0, 10.0]
    assert summary(times) == {"min_ms": 1, "avg_ms": 4, "p50_ms": 2, "p99_ms": 10, "max_ms": 10, "jitter_ms": 11 / 3}


def test_p99_leaves_out_one_in_a_hundred() -> None:
    assert summary([float(number) for number in range(1, 101)])["p99_ms"] == 99


def test_one_answer_and_none() -> None:
    assert summary([2.5])["jitter_ms"] == 0
    assert all(math.isnan(value) for value in summary([]).values())


def test_checksum_of_rfc_1071() -> None:
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert internet_checksum(b"\x01") == internet_checksum(b"\x01\x00") == 0xFEFF


@pytest.mark.parametrize(("idle", "percent"), [(300, 100.0), (400, 50.0), (1300, 100 / 11)])
def test_load_between_two_readings(idle: int, percent: float) -> None:
    earlier = ProcessorTime.parse("cpu  100 0 50 300 0 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1\n")
    later = ProcessorTime.parse(f"cpu  150 0 80 {idle} 0 10 5 5 0 0\n")
    assert earlier.percent_until(later) == pytest.approx(percent)


def test_load_of_no_time_is_not_a_number() -> None:
    reading = ProcessorTime(5, 10)
    assert math.isnan(reading.percent_until(reading))
