"""The labs that ask questions: every check and every twin behaves, and a wrong expectation is found and named."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

import raslab
from raslab.course.bed import Bed
from raslab.course.changes import cut, typed
from raslab.course.events import Event, Progress, Row
from raslab.course.loader import load_lab, scenario_lab_names
from raslab.course.scenario import Check, Scenario, Twin, attempt, nothing
from raslab.errors import LabFailedError
from topologies.enterprise_edge import EnterpriseEdge

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("esp", "xfrm interface", "gre", "netem", "nft nat", "vrf", "bridge vlans"),
]

SCENARIOS = {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13", "S14", "S16", "S19"}


def faults(scenario: Scenario, name: str = "a lab") -> list[str]:
    """What a run of the scenario finds fault with."""
    events: list[Event] = []
    scenario.run(name, events.append)
    rows = [event.values for event in events if isinstance(event, Row)]
    assert len(rows) == len(scenario.checks)
    return [str(row["fault"]) for row in rows if row["fault"]]


def test_every_scenario_has_its_lab() -> None:
    assert {number for name in scenario_lab_names() for number in load_lab(name).scenarios} >= SCENARIOS


@pytest.mark.parametrize("name", scenario_lab_names())
@pytest.mark.virtual
def test_every_check_and_every_twin_behaves(name: str) -> None:
    scenario = load_lab(name).scenario
    assert scenario is not None
    assert faults(scenario, name) == []


def check(target: str, change: Callable[[Bed], AbstractContextManager[object]], sees: str = "none of 2") -> Check:
    """Does the head office's gateway reach an address of the Internet?"""
    twin = Twin(what="a change", change=change, sees=sees, deadline_s=1)
    return Check(
        question=f"Does gw1 reach {target}?",
        ask=lambda bed: bed.reaches("gw1", target),
        verdict="It does.",
        twin=twin,
        deadline_s=1,
    )


BRANCH, NOBODY = "198.51.100.2", "198.51.100.77"
CUT = cut("isp1-isp2")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (check(NOBODY, CUT), f"The check 'Does gw1 reach {NOBODY}?' failed: None of 2 echoes came back"),
        (
            check(BRANCH, nothing),
            f"The twin of 'Does gw1 reach {BRANCH}?' (a change) must make it fail with 'none of 2', and it did not:"
            " 2 of 2 echoes came back.",
        ),
        (
            check(BRANCH, CUT, sees="Frag needed"),
            "must make it fail with 'Frag needed', and it did not: None of 2 echoes came back",
        ),
        (
            check(BRANCH, lambda bed: nullcontext(bed.cut("isp1-isp2"))),
            f"The twin of 'Does gw1 reach {BRANCH}?' (a change) was undone, and the check still fails: None of 2",
        ),
        (
            check(BRANCH, typed("gw1", "ip route add 192.0.2.0/24 via 10.9.9.9", undo="true")),
            f"The twin of 'Does gw1 reach {BRANCH}?' (a change) cannot be tried: The lab a lab failed: 'ip route add",
        ),
    ],
    ids=["check fails", "twin breaks nothing", "other reason", "not undone", "no change"],
)
def test_a_wrong_expectation_is_named(wrong: Check, sentence: str) -> None:
    right = check(BRANCH, CUT)
    (fault,) = faults(Scenario(EnterpriseEdge, checks=(right, wrong)))
    assert sentence in fault


def test_a_command_that_fails_on_the_way_back_is_told() -> None:
    wrong = check(BRANCH, typed("gw1", "ip route del default", undo="false"))
    (fault,) = faults(Scenario(EnterpriseEdge, checks=(wrong,)))
    assert "cannot be tried: The lab a lab failed: 'false' on gw1 says nothing" in fault


def test_a_set_up_that_fails_ends_the_lab_and_leaves_nothing() -> None:
    beds: list[Bed] = []

    def fails(bed: Bed) -> None:
        beds.append(bed)
        raise LabFailedError("a lab", "it rains")

    with pytest.raises(LabFailedError, match="it rains"):
        faults(Scenario(EnterpriseEdge, checks=(), when_running=fails))
    assert not beds[0].network.is_running


def test_results_tell_of_the_wrong_check() -> None:
    lab = load_lab("site-to-site")
    assert lab.scenario is not None
    scenario = replace(lab.scenario, checks=(replace(lab.scenario.checks[0], ask=lambda _bed: False),))
    events: list[Event] = []
    scenario.run(lab.name, events.append)
    assert isinstance(events[0], Progress)
    (row,) = [event.values for event in events if isinstance(event, Row)]
    assert (row["outcome"], row["twin_outcome"]) == ("failed", "not tried")
    assert set(row) == set(lab.columns)


def test_a_notebook_has_the_same_lab_and_its_checks() -> None:
    scenario = load_lab("site-to-site").scenario
    assert scenario is not None
    lab = raslab.lab("site-to-site")
    scenario.set_up(lab)
    with lab:
        row = attempt(lab, scenario.checks[0])
    assert (row["outcome"], row["twin_outcome"]) == ("passed", "as expected")
    assert lab.remains() == []


def test_a_lab_and_its_topology_may_share_a_name() -> None:
    with raslab.lab("enterprise-edge", branches=2) as lab:
        assert lab["host3"].name == "host3"
        assert lab.reaches("gw1", BRANCH)
    assert lab.remains() == []
