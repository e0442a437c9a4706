"""What the tenants' load balancer plans: who takes which flows, and whose packets a host takes them for."""

from __future__ import annotations

import re

import pytest

from labs.tenant_load_balancing.plan import TABLE, Settings, services
from raslab.services import Bgpd, Nftables
from topologies.software_load_balancer import (
    COMPUTE_HOSTS,
    CONTOSO,
    EDGE,
    MUXES,
    TENANTS,
    WOODGROVE,
    ComputeHost,
    Tenant,
)


def rules(node: str, chain: str, **settings: object) -> tuple[str, ...]:
    """The rules of a chain on a node."""
    (nft,) = [one for one in services(Settings(**settings))[node] if isinstance(one, Nftables)]  # type: ignore[arg-type]
    (table,) = nft.tables
    assert table.name == TABLE
    return table.chains[chain].rules


def takers(tenant: Tenant, node: str = "mux1", **settings: object) -> dict[int, int]:
    """Marks by hash, of the packets for a tenant's VIP."""
    picked = [rule for rule in rules(node, "pick", **settings) if rule.startswith(f"ip daddr {tenant.vip} ")]
    assert picked[-1].endswith(" drop")
    return {int(key): int(mark) for rule in picked[:-1] for key, mark in re.findall(r"(\d+) : (\d+)", rule)}


def test_every_machine_takes_a_share_and_every_mux_chooses_alike() -> None:
    assert takers(CONTOSO) == {0: CONTOSO.mark(COMPUTE_HOSTS[0]), 1: CONTOSO.mark(COMPUTE_HOSTS[1])}
    assert rules("mux1", "pick") == rules("mux2", "pick")
    assert rules("mux1", "pick", seeds=(1, 2)) != rules("mux2", "pick", seeds=(1, 2))


def test_marks_tell_tenants_and_hosts_apart() -> None:
    marks = [tenant.mark(host) for tenant in TENANTS for host in COMPUTE_HOSTS]
    assert len(set(marks)) == len(marks)


def test_a_machine_out_of_rotation_leaves_the_flows_of_the_others_where_they_are() -> None:
    here, there = (CONTOSO.mark(host) for host in COMPUTE_HOSTS)
    out = frozenset({CONTOSO.machine(COMPUTE_HOSTS[0])})
    assert takers(CONTOSO, out=out) == {0: there, 1: there}
    assert takers(WOODGROVE, out=out) == takers(WOODGROVE)
    other = frozenset({CONTOSO.machine(COMPUTE_HOSTS[1])})
    assert takers(CONTOSO, out=other) == {0: here, 1: here}


def test_without_machines_packets_are_dropped_and_do_not_go_back_to_the_edge() -> None:
    out = frozenset(CONTOSO.machine(host) for host in COMPUTE_HOSTS)
    assert takers(CONTOSO, out=out) == {}
    assert rules("mux1", "pick", out=out)[0] == f"ip daddr {CONTOSO.vip} drop"


def test_a_stopped_mux_has_no_bgp_and_the_other_has() -> None:
    wanted = services(Settings(stopped=frozenset({"mux1"})))
    speakers = {node for node, all_ in wanted.items() if any(isinstance(one, Bgpd) for one in all_)}
    assert speakers == {EDGE, "mux2"}


@pytest.mark.parametrize("host", COMPUTE_HOSTS, ids=lambda host: host.name)
def test_a_host_goes_by_tunnels_and_knows_no_public_address(host: ComputeHost) -> None:
    translations = rules(host.name, "translate")
    assert [rule.rpartition(" ")[2] for rule in translations] == [host.dip] * len(TENANTS)
    for tenant, rule in zip(TENANTS, translations, strict=True):
        assert all(f'"{tenant.tunnel(mux)}"' in rule for mux in MUXES)
        assert tenant.vip not in rule


def test_each_tenant_has_a_zone_unless_answers_are_left_alone() -> None:
    zones = rules("host1", "zones")
    assert [rule.rpartition(" ")[2] for rule in zones] == [str(tenant.key) for tenant in TENANTS]
    assert 'iifname "c-lan" notrack accept' in rules("host1", "zones", translates_back=False)
    assert not any("notrack" in rule for rule in zones)
