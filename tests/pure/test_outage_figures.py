"""Gaps in series of probes, and charts of round trips: the arithmetic, without a network."""

from __future__ import annotations

import pytest

from raslab.measure.outage import Gap, Probe, gaps
from raslab.notebook.round_trips import Level, read, to_svg


def series(answers: str, interval_s: float = 0.1, rtt_ms: float = 40.0) -> list[Probe]:
    """A probe for each character: ``.`` is answered, ``x`` is not, ``s`` is answered late."""
    times = {".": rtt_ms, "s": rtt_ms + 20, "x": None}
    return [Probe(round(number * interval_s, 3), times[one]) for number, one in enumerate(answers)]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ("", []),
        ("....", []),
        ("..x.", [(0.2, 0.3, 1, True)]),
        (".xx.x.", [(0.1, 0.3, 2, True), (0.4, 0.5, 1, True)]),
        ("xx..", [(0.0, 0.2, 2, True)]),
        ("..xx", [(0.2, 0.4, 2, False)]),
        ("xxx", [(0.0, 0.3, 3, False)]),
    ],
)
def test_gaps_last_from_the_first_lost_probe_to_the_next_answered_one(
    answers: str, found: list[tuple[float, float, int, bool]]
) -> None:
    end_s = round(len(answers) * 0.1, 3)
    assert [(gap.begin_s, gap.end_s, gap.lost, gap.ended) for gap in gaps(series(answers), end_s)] == found


def test_an_outage_is_told_in_milliseconds_without_dust() -> None:
    assert Gap(0.1, 0.3, 2, True).outage_ms == 200.0


def test_probes_with_equal_round_trips_are_one_level_until_a_gap_or_another_path() -> None:
    probes = series("..xx..ss")
    drawn = read(probes, gaps(probes, 0.8), begin_s=0.0, end_s=0.8)
    assert drawn.levels == (Level(0.0, 0.2, 40.0), Level(0.4, 0.6, 40.0), Level(0.6, 0.8, 60.0))
    assert str(drawn) == "1 gap"


def test_a_part_of_the_series_shows_only_what_is_in_it() -> None:
    probes = series(".x..s...")
    drawn = read(probes, gaps(probes, 0.8), begin_s=0.5, end_s=0.8)
    assert drawn.gaps == ()
    assert drawn.levels == (Level(0.5, 0.8, 40.0),)


@pytest.mark.parametrize(
    ("answers", "words"), [("..xx..", "200 ms"), ("..xx", "200 ms and more"), ("......", None), ("x" * 20 + ".", "2 s")]
)
def test_a_chart_names_each_gap_and_nothing_else(answers: str, words: str | None) -> None:
    probes = series(answers)
    end_s = len(answers) * 0.1
    svg = to_svg("Round trips", read(probes, gaps(probes, end_s), begin_s=0.0, end_s=end_s))
    assert svg.count('class="gap"') == (words is not None)
    if words is not None:
        assert f">{words}</text>" in svg
