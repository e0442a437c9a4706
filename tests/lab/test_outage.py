"""Outages of a real network: as long as the cable was cut, and none if it was not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import raslab
from raslab.errors import BadMeasurementError, LabNotRunningError, UnreachableError
from raslab.notebook.lab import Lab

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre"), pytest.mark.virtual]

SLACK_MS = 1.0


@pytest.fixture
def lab() -> Iterator[Lab]:
    with raslab.lab("gre-performance") as running:
        yield running


def test_an_outage_lasts_as_long_as_the_cable_is_cut(lab: Lab) -> None:
    with lab.outage("host2", "host1", interval_s=0.005) as seen:
        lab.run_for(0.1)
        lab.cut("gw1-transport")
        lab.run_for(0.5)
        lab.restore("gw1-transport")
        lab.run_for(0.2)
    assert seen.outage_ms == pytest.approx(500, abs=5 + SLACK_MS)
    (gap,) = seen.frame.to_dict("records")
    assert (gap["lost"], gap["ended"]) == (seen.lost, True)
    assert gap["begin_s"] == pytest.approx(0.1, abs=0.005 + SLACK_MS / 1000)
    assert len(seen.probes) == seen.sent
    assert seen.probes["rtt_ms"].isna().sum() == seen.lost
    assert "1 gap" in repr(seen.chart())


def test_where_nothing_is_cut_there_is_no_outage(lab: Lab) -> None:
    with lab.outage("host2", "2001:db8:1::1", interval_s=0.005) as seen:
        lab.run_for(0.2)
    assert (seen.outage_ms, seen.lost, len(seen.frame)) == (0.0, 0, 0)
    assert seen.sent == pytest.approx(41, abs=1)


def test_an_outage_that_has_not_ended_says_so(lab: Lab) -> None:
    with lab.outage("host2", "host1", interval_s=0.01, timeout_s=0.1) as seen:
        lab.cut("host2-intranet2")  # then the sender itself has no route
        lab.run_for(0.2)
    (gap,) = seen.frame.to_dict("records")
    assert not gap["ended"]
    assert seen.lost == gap["lost"] >= seen.sent - 1


def test_two_outages_at_once_do_not_take_each_others_answers(lab: Lab) -> None:
    with lab.outage("host2", "host1", interval_s=0.01) as near, lab.outage("host2", "host1", interval_s=0.01) as other:
        lab.run_for(0.1)
    assert (near.lost, other.lost) == (0, 0)


def test_what_cannot_be_measured_is_refused(lab: Lab) -> None:
    with pytest.raises(BadMeasurementError, match=r"a probe every 0 s"):
        lab.outage("host2", "host1", interval_s=0)
    lab["host2"].run("ip route flush table main")
    with pytest.raises(UnreachableError), lab.outage("host2", "host1"):
        pass
    lab.stop()
    with pytest.raises(LabNotRunningError):
        lab.outage("host2", "host1")
