"""The tenants of every lab with a multitenant gateway are isolated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from waiting import until

from raslab.course.bed import Bed
from raslab.course.changes import in_vlans
from raslab.course.loader import load_lab
from raslab.measure.observable import ObservableNetwork

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre", "esp", "xfrm interface", "vlan")]


LABS = ("gre-virtual-to-physical", "hnv-two-hosts", "l3-over-vlan", "shared-services", "tenant-nat", "vlan-integration")


@contextmanager
def running(name: str) -> Iterator[Bed]:
    """A lab as its checks find it."""
    scenario = load_lab(name).scenario
    assert scenario is not None
    bed = Bed(name, ObservableNetwork(scenario.topology()))
    scenario.set_up(bed)
    with bed:
        scenario.when_running(bed)
        yield bed


@pytest.mark.parametrize("name", LABS)
def test_the_tenants_of_a_lab_are_isolated(name: str) -> None:
    with running(name) as bed:
        until("each tenant reaches its own, and nobody else", lambda: bed.check_isolation(forged=200).observation)
        assert len([one for one in bed.parties().tenants if one.nodes]) >= 2


def test_a_port_in_a_vlan_too_many_is_found() -> None:
    with running("vlan-integration") as bed:
        who = bed.parties()
        with in_vlans("rack:to-b-srv", vlans=10)(bed):
            until("each tenant reaches its own", lambda: not bed.check_isolation(who).unproven)
            report = bed.check_isolation(who, forged=200)
    assert {leak.probe for leak in report.leaks} == {"ARP"}
    assert {leak.path[-1] for leak in report.leaks} == {"b-srv:lan0"}
