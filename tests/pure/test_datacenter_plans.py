"""Plans of datacenters, as text for people: the golden file is what the kernels of the compute hosts get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from datacenter_samples import GOOD, HERE, OTHER_SQL, PROVIDER_INTERFACES, SQL

from raslab.hnv.plan import NOTHING, Plan, plan
from raslab.hnv.rules import problems_of
from raslab.hnv.state import DatacenterState
from raslab.model.switching import ForwardingEntry

GOLDEN = Path(__file__).parent / "golden" / "datacenter-plans.txt"

CASES = {
    "VXLAN": GOOD,
    "NVGRE with FlowIDs": replace(GOOD, encapsulation="nvgre", flow_id="vary"),
    "VXLAN by Open vSwitch": replace(GOOD, switch="ovs"),
    "NVGRE by Open vSwitch": replace(GOOD, encapsulation="nvgre", flow_id="vary", switch="ovs"),
    "one machine only": replace(GOOD, attachments=(SQL,), networks=(replace(GOOD.networks[0], routes=()),)),
    "somebody is about to come": replace(
        GOOD, attachments=(OTHER_SQL,), prepared=(("host1", "Fabrikam"), ("host2", "Fabrikam"))
    ),
}
CASES["somebody is about to come"] = replace(CASES["somebody is about to come"], networks=GOOD.networks[1:])


def text(found: Plan) -> Iterator[str]:
    """A plan, line by line."""
    for name in ("wires", "devices", "tunnels", "routes", "ports", "forwarding", "neighbours"):
        yield from map(words, getattr(found, name))
    for node, services in (*found.services.items(), *found.switches.items()):
        yield from (f"{node}: {line}" for service in services for line in service.plan(None))


def words(one: Any) -> str:
    """A record without what has its usual value."""
    usual = {field.name: field.default for field in fields(one)}
    told = (f"{name}={getattr(one, name)}" for name in usual if getattr(one, name) != usual[name])
    return f"{type(one).__name__} {' '.join(told)}"


def rendered() -> str:
    """All plans, one section each."""
    return "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in text(plan(state, PROVIDER_INTERFACES))) + "\n"
        for name, state in CASES.items()
    )


def test_plans_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_the_samples_are_good(name: str) -> None:
    assert problems_of(CASES[name], HERE) == []


def test_nothing_is_planned_for_nobody() -> None:
    assert plan(DatacenterState(), {}) == NOTHING


def test_a_host_knows_only_the_networks_that_live_on_it() -> None:
    found = plan(GOOD, PROVIDER_INTERFACES)
    names = {(one.node, one.name) for one in found.devices}
    assert ("host1", "Fabrikam") in names
    assert ("host2", "Fabrikam") not in names


def test_each_overlay_entry_leads_to_the_host_of_its_machine() -> None:
    found = plan(GOOD, PROVIDER_INTERFACES)
    places = {one.mac: GOOD.host(one.host).provider_address for one in GOOD.attachments}
    remote = [one for one in found.forwarding if isinstance(one, ForwardingEntry) and one.remote]
    assert remote
    assert all(one.remote == places[one.mac] for one in remote)
