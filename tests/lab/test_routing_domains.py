"""Two tenants with equal addresses on one gateway that runs: enabled, told, moved, disabled, started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from waiting import until

from benchmarks.tenants import SIDES, add_tenant
from labs.two_tenants.lab import names, set_up
from raslab.course.bed import Bed
from raslab.errors import GatewayRefusedError
from raslab.measure.observable import ObservableNetwork
from topologies.provider_edge import PC_ADDRESS, ProviderEdge, Tenant
from topologies.two_tenants import CONTOSO, PROVIDER, VM_ADDRESS, WOODGROVE, TwoTenants

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "vrf", "esp", "xfrm interface", "netem")]


@pytest.fixture
def bed() -> Iterator[Bed]:
    """The lab of the two tenants, told and not started."""
    bed = Bed("two-tenants", ObservableNetwork(TwoTenants()))
    set_up(bed)
    yield bed
    bed.stop()


def everybody_finds_his_own(bed: Bed) -> bool:
    return [bed.who_answers(host, VM_ADDRESS) for host in ("c-pc", "w-pc", "w-sf")] == ["c-vm", "w-vm", "w-vm"]


def test_statistics_are_kept_apart_by_tenant(bed: Bed) -> None:
    bed.start()
    names(bed)
    until("everybody finds his own", lambda: everybody_finds_his_own(bed))
    csp: Any = bed.gateway(PROVIDER)  # mypy does not see the keyword that a decorator adds
    told = {(one.routing_domain, one.peer_name): one for one in csp.get_bgp_statistics()}
    assert sorted(told) == [(CONTOSO, "c-ny"), (WOODGROVE, "w-ny"), (WOODGROVE, "w-sfo")]
    assert {one.ipv4_prefixes_received for one in told.values()} == {1}
    assert [one.peer_name for one in csp.get_bgp_statistics(routing_domain=WOODGROVE)] == ["w-ny", "w-sfo"]
    assert {one.state for one in told.values()} == {"Established"}
    carried = {one.name: one for one in csp.get_vpn_s2s_interface_statistics()}
    assert {one.routing_domain for one in carried.values()} == {CONTOSO, WOODGROVE}
    before = carried["to-w-ny"].packets_in
    bed.who_answers("c-pc", VM_ADDRESS)
    bed.who_answers("w-sf", VM_ADDRESS)
    after = {one.name: one.packets_in for one in csp.get_vpn_s2s_interface_statistics()}
    assert after["to-c-ny"] > carried["to-c-ny"].packets_in
    assert after["to-w-ny"] - before <= 2  # a keepalive may come by
    known = csp.routing_domain(WOODGROVE).get_bgp_route_information("10.1.0.0/24")
    assert [one.next_hop for one in known if one.learnt_from] == ["10.255.2.2"]


def test_a_tenants_routes_that_are_held_back_are_let_pass(bed: Bed) -> None:
    bed.start()
    csp, site, prefix = bed.gateway(PROVIDER).routing_domain(CONTOSO), bed.gateway("c-ny"), "10.1.0.0/24"

    def states() -> list[str]:
        return [one.state for one in csp.get_bgp_route_information(prefix) if one.learnt_from]

    csp.enable_bgp_route_flap_dampening(suppress_threshold=1500)
    until("it is known", lambda: states() == ["Best"])
    for _ in range(2):
        site.remove_bgp_custom_route(network=prefix)
        until("it is gone", lambda: "Best" not in states())
        site.add_bgp_custom_route(network=prefix)
        until("it is told of", lambda: states() in (["Best"], ["Damped"]))
    assert states() == ["Damped"]
    with pytest.raises(GatewayRefusedError, match=f"^Prefix {prefix} of {CONTOSO} on {PROVIDER}: .* leave prefix out"):
        csp.clear_bgp_route_flap_dampening(prefix)
    assert states() == ["Damped"]
    csp.clear_bgp_route_flap_dampening()
    until("it is let pass", lambda: states() == ["Best"])


def test_one_daemon_of_each_kind_serves_all_tenants(bed: Bed) -> None:
    bed.start()
    running = bed[PROVIDER].run("ps -eo args").stdout.splitlines()
    here = [one.name for one in bed.services.declared(PROVIDER)]
    assert sorted(here) == ["bgpd", "charon", "zebra"]
    assert sum("/bgpd" in line for line in running) == len({PROVIDER, "c-ny", "w-ny", "w-sfo"})


def test_a_tenant_that_is_disabled_leaves_nothing_and_may_come_back(bed: Bed) -> None:
    bed.start()
    names(bed)
    until("everybody finds his own", lambda: everybody_finds_his_own(bed))
    csp = bed.gateway(PROVIDER)
    contoso = csp.state.routing_domains[0]
    csp.disable_remote_access_routing_domain(CONTOSO)
    assert "vrf-Contoso" not in bed[PROVIDER].run("ip -br link").stdout
    assert "10.0.0.0/24 dev contoso0" in bed[PROVIDER].run("ip route").stdout
    assert "gre" not in bed[PROVIDER].run("ip -br link show master vrf-Woodgrove type vrf").stdout
    with closing(bed.services.vty(PROVIDER, "bgpd")) as vty:
        assert "Contoso" not in vty.run("show running-config")
    assert bed.who_answers("c-pc", VM_ADDRESS).startswith("nobody")
    assert bed.who_answers("w-pc", VM_ADDRESS) == "w-vm"
    with csp.changing():
        csp.enable_remote_access_routing_domain(CONTOSO, interfaces=contoso.interfaces)
        domain = csp.routing_domain(CONTOSO)
        domain._change("as before", lambda _: contoso.state)
    until("everybody finds his own again", lambda: everybody_finds_his_own(bed))


def test_a_static_route_is_one_tenants(bed: Bed) -> None:
    bed.start()
    bed.network.addAddress("w-vm", "lan0", "10.77.0.1/32")
    bed.network.addAddress("c-vm", "lan0", "10.77.0.1/32")
    woodgrove = bed.gateway(PROVIDER).routing_domain(WOODGROVE)

    def reach(tenant: str) -> bool:
        return bed[PROVIDER].run(f"ping -c 1 -W 1 -I vrf-{tenant} 10.77.0.1").status == 0

    assert not reach(WOODGROVE)
    woodgrove.new_net_route("10.77.0.0/16", "10.0.0.1")
    assert (reach(WOODGROVE), reach(CONTOSO)) == (True, False)
    assert [one.destination_prefix for one in woodgrove.get_net_route()] == ["10.77.0.0/16"]
    woodgrove.remove_net_route("10.77.0.0/16", "10.0.0.1")
    assert not reach(WOODGROVE)
    woodgrove.new_net_route("0.0.0.0/0", "10.0.0.1", route_metric=10)
    assert (reach(WOODGROVE), reach(CONTOSO)) == (True, False)


def test_what_was_told_holds_when_the_network_starts_again(bed: Bed) -> None:
    for _ in range(2):
        bed.start()
        names(bed)
        until("everybody finds his own", lambda: everybody_finds_his_own(bed))
        bed.stop()


def test_tenants_come_and_go_beside_others() -> None:
    """Each of them comes with interfaces that FRR has to hear of while it runs."""
    bed = Bed("provider-edge", ObservableNetwork(ProviderEdge(tenants=1, room=5, rate_mbps=1000, delay_ms=1)))
    first, *others = (Tenant(number, 1) for number in range(1, 7))
    nodes = ("pe1", "gw1")
    for node in nodes:
        bed.gateway(node).install_remote_access(multi_tenancy=True)

    def tell(tenant: Tenant) -> None:
        for node in nodes:
            with bed.gateway(node).changing():
                add_tenant(bed.gateway(node), tenant, SIDES[node[:2]])

    def finds_its_own(tenant: Tenant) -> bool:
        return bed.who_answers(f"vm{tenant.number}", PC_ADDRESS) == f"pc{tenant.number}"

    tell(first)
    with bed:
        bed.greet(*(f"pc{number}" for number in range(1, 7)))
        for tenant in others:
            tell(tenant)
            until(f"{tenant.name} works", partial(finds_its_own, tenant), 30)
        assert finds_its_own(first)
        for node in nodes:
            bed.gateway(node).disable_remote_access_routing_domain(others[0].name)
        assert not finds_its_own(others[0])
        tell(others[0])
        until("it is back", lambda: finds_its_own(others[0]), 30)
        assert all(map(finds_its_own, (first, *others)))
