"""Names that raslab makes of its users' names never meet, neither each other nor another name of a user's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gateway_samples import GRE, HERE, PSK, ROLE
from hypothesis import assume, given
from hypothesis.strategies import from_regex, lists, text

from raslab.errors import TopologyError
from raslab.gateway.plan import nat, plan
from raslab.gateway.plan.interfaces import if_id
from raslab.gateway.rules import problems_of
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, RemoteAccess, RoutingDomain
from raslab.model.topology import Interface
from raslab.net import Network
from raslab.net.names import kernel_name
from raslab.services import Nftables
from raslab.services.nft_script import word
from raslab.services.shaping import holding_device

NAMES = from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@given(lists(text(min_size=1), min_size=2, unique=True))
def test_words_of_nft_are_of_one_name_each(names: list[str]) -> None:
    words = [word(name) for name in names]
    assert len(set(words)) == len(names)
    again = [word(one) for one in words]  # somebody may call a thing as raslab has called another
    assert len({*words, *again}) == len({*names, *words})


def test_a_word_of_nft_given_as_a_name_gets_another_one() -> None:
    made = word("eth~1")
    assert made.startswith("eth_1-")
    assert word(made) != made
    assert word("eth1") == "eth1"


@given(lists(NAMES, min_size=2, unique=True))
def test_holding_devices_fit_and_are_of_one_interface_each(names: list[str]) -> None:
    devices = [holding_device(name) for name in names]
    assert len(set(devices)) == len(names)
    assert all(len(one) == 15 for one in devices)


def tenants(first: str, second: str, nats: tuple[str, str], *interfaces: Interface) -> tuple[GatewayState, object]:
    """Two tenants with a NAT each that is open to all, on one gateway."""
    around = replace(HERE, interfaces=(*HERE.interfaces, Interface("gw1", "t1"), Interface("gw1", "t2"), *interfaces))
    domains = []
    for number, (name, inside) in enumerate(zip((first, second), nats, strict=True), 1):
        state = GatewayState(
            net_nats=(NetNat(name=inside, udp_filtering_behavior="EndpointIndependent", udp_idle_session_timeout=60),),
            net_nat_external_addresses=(NetNatExternalAddress(nat_name=inside, ip_address=f"203.0.113.{50 + number}"),),
        )
        guid = f"00000000-0000-4000-8000-{number:012}"
        domains.append(
            RoutingDomain(name=name, routing_domain_id=guid, number=number, interfaces=(f"t{number}",), state=state)
        )
    return GatewayState(remote_access=RemoteAccess(multi_tenancy=True), routing_domains=tuple(domains)), around


@given(NAMES, NAMES, NAMES, NAMES)
def test_tenants_share_no_chain_no_map_and_no_time_out(first: str, second: str, one: str, other: str) -> None:
    assume(first != second)
    state, around = tenants(first, second, (one, other))
    assume(problems_of(state, around) == [])
    table = nat.table(list(scopes(state, around)))
    alone = [
        nat.table(list(scopes(replace(state, routing_domains=(domain,)), around))) for domain in state.routing_domains
    ]
    for kind in ("sets", "timeouts", "chains"):
        common = {"zones", "zones-outside", "outsides", "zones-of-own", "marks", "untranslated", "own"}
        common |= {"prerouting", "postrouting", "opened", "timeouts"}
        common |= (
            {f"{base}-ways" for base in ("prerouting", "postrouting", "opened", "timeouts")}
            if kind == "sets"
            else set()
        )
        apart = [set(getattr(each, kind)) - common for each in alone]
        assert not apart[0] & apart[1]
        assert apart[0] | apart[1] == set(getattr(table, kind)) - common


def test_names_that_only_a_dash_tells_apart() -> None:
    """The twin of the property: with a dash between them these would have been one map."""
    state, around = tenants("A-B", "A", ("C", "B-C"))
    assert problems_of(state, around) == []
    (tables,) = [service.tables for service in plan(state, around).services if isinstance(service, Nftables)]
    assert {"udp-ports-A-B/C", "udp-ports-A/B-C"} <= set(tables[0].sets)
    assert {"udp-A-B/C", "udp-A/B-C"} <= set(tables[0].timeouts)


@pytest.mark.parametrize(
    ("extra", "tunnel", "sentence"),
    [
        (
            Interface("gw1", "vrf-A"),
            None,
            "The interface vrf-A of gw1 and the VRF vrf-A of routing domain A would have",
        ),
        (None, "vrf-A", "GRE interface vrf-A of B on gw1 and the VRF vrf-A of routing domain A would have one name"),
    ],
)
def test_the_vrf_of_a_tenant_takes_no_interface_over(
    extra: Interface | None, tunnel: str | None, sentence: str
) -> None:
    state, around = tenants("A", "B", ("x", "y"), *([extra] if extra else []))
    if tunnel:
        b = state.routing_domains[1]
        with_tunnel = replace(b, state=replace(b.state, gre_interfaces=(replace(GRE, name=tunnel),)))
        state = replace(state, routing_domains=(state.routing_domains[0], with_tunnel))
    assert any(sentence in problem for problem in problems_of(state, around)), problems_of(state, around)


def test_long_names_that_would_be_one_in_the_kernel_are_told() -> None:
    seen: dict[str, str] = {}
    for number in range(10**6):
        name = f"a-long-name-{number:06}-x"
        other = seen.setdefault(kernel_name(name), name)
        if other != name:
            break
    state = replace(
        ROLE, gre_interfaces=tuple(replace(GRE, name=one, gre_key=i) for i, one in enumerate((other, name)))
    )
    assert any("would have one name in the kernel" in problem for problem in problems_of(state, HERE))


def test_numbers_of_tunnels_are_of_one_name_each_or_told() -> None:
    seen: dict[int, str] = {}
    for number in range(10**6):
        name = f"site{number}"
        other = seen.setdefault(if_id(name), name)
        if other != name:
            break
    far = replace(PSK, name=name, destination=("198.51.100.9",), ipv4_subnet=(), ipv6_subnet=())
    state = replace(ROLE, vpn_s2s_interfaces=(replace(PSK, name=other), far))
    assert any("give their packets one number" in problem for problem in problems_of(state, HERE))
    assert (
        problems_of(replace(state, vpn_s2s_interfaces=(replace(PSK, name=other), replace(far, name="x"))), HERE) == []
    )


def test_a_name_of_a_port_that_is_taken_is_not_given_again() -> None:
    net = Network()
    for name in ("a", "b"):
        net.addHost(name)
    net.addLink("a", "b", params1={"name": "a-eth1"})
    link = net.addLink("a", "b")
    assert (link.intf1.name, link.intf2.name) == ("a-eth2", "b-eth1")
    net.build()
    net.addLink("a", "b", params1={"name": "a-eth2"})  # the user's own doing is told
    with pytest.raises(TopologyError, match="Node a has two interfaces named a-eth2"):
        net.build()


@pytest.mark.parametrize("name", ["all", "default"])
def test_words_of_linux_are_no_names(name: str) -> None:
    net = Network()
    for host in ("a", "b"):
        net.addHost(host)
    net.addLink("a", "b", params1={"name": name})
    with pytest.raises(TopologyError, match="kept by Linux for itself"):
        net.build()
    assert any(
        "taken by Linux" in one for one in problems_of(replace(ROLE, gre_interfaces=(replace(GRE, name=name),)), HERE)
    )
