"""From one plan to another: what waits for the rules, and what goes before them."""

from __future__ import annotations

from dataclasses import replace

from test_tenant_plans import HERE, nat, tenants

from raslab.gateway.plan import NOTHING, plan
from raslab.gateway.state import NetRoute
from raslab.gateway.transition import Transition
from raslab.model.topology import Route

STATIC = NetRoute(destination_prefix="10.9.0.0/16", next_hop="10.0.0.1")
WAY_OUT = Route("csp", "default", "203.0.113.254", "wan0", 1000, "vrf-Contoso")


def test_a_way_out_comes_after_the_services_and_all_else_before() -> None:
    wanted = plan(tenants(replace(nat(1), net_routes=(STATIC,))), HERE)
    change = Transition(NOTHING, wanted)
    assert WAY_OUT in wanted.routes
    assert set(wanted.routes) - set(change.first.new.routes) == {WAY_OUT}
    assert change.first.new == replace(wanted, routes=change.first.new.routes)
    assert change.last.is_needed
    assert change.last.new == wanted


def test_a_way_out_goes_before_the_services() -> None:
    change = Transition(plan(tenants(nat(1)), HERE), plan(tenants(replace(nat(1), net_nats=())), HERE))
    assert WAY_OUT in change.first.old.routes
    assert WAY_OUT not in change.first.new.routes
    assert not change.last.is_needed


def test_a_way_out_that_stays_is_left_alone() -> None:
    change = Transition(plan(tenants(nat(1)), HERE), plan(tenants(nat(1), nat(2)), HERE))
    assert WAY_OUT in change.first.new.routes
    assert set(change.last.new.routes) - set(change.last.old.routes) == {replace(WAY_OUT, vrf="vrf-Woodgrove")}
