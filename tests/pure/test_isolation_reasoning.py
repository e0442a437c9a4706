"""Packets go where the kernel would send them: routes, rules, nftables; and ways between tenants are named."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.flow import Flow
from raslab.measure.isolation.reasoning.headers import Headers, masked
from raslab.measure.isolation.reasoning.lookup import Lookup
from raslab.measure.isolation.reasoning.nft_terms import Situation
from raslab.measure.isolation.reasoning.nft_walk import Ruleset
from raslab.measure.isolation.reasoning.proof import Proof, Reasoning
from raslab.measure.isolation.reasoning.state import (
    Address,
    Hop,
    Link,
    NodeState,
    Process,
    Proxy,
    Route,
    Rule,
    Snapshot,
    Socket,
)
from raslab.measure.isolation.tenants import Home, Tenant

HEADERS = Headers()
SPACE = HEADERS.space
RULES = (
    Rule(4, 1000, l3mdev=True),
    Rule(4, 32765, table=255),
    Rule(4, 32766, table=254),
    Rule(4, 32767, table=253),
)


def route(prefix: str, index: int, table: int = 254, kind: str = "unicast", metric: int = 0, tos: int = 0) -> Route:
    network = IPv4Network(prefix)
    span = int(network.network_address), int(network.broadcast_address)
    return Route(4, table, span, kind, (Hop(index),) if kind in ("unicast", "local") else (), metric, tos)


def packet(source: str = "10.0.1.1", destination: str = "10.0.4.1", **fields: int) -> dict[str, int]:
    """One packet, of ICMP unless said otherwise."""
    known = {"family": 4, "src": int(IPv4Address(source)), "dst": int(IPv4Address(destination)), "proto": 1, "ttl": 64}
    return dict.fromkeys(SPACE.names, 0) | known | fields


# Routes and rules

BASE = int(IPv4Address("10.0.0.0"))
prefixes = st.builds(
    lambda address, length: str(IPv4Network((BASE + address, length), strict=False)),
    st.integers(0, 31),
    st.integers(26, 32),
)
tables = st.lists(st.tuples(prefixes, st.integers(1, 3), st.integers(0, 2)), max_size=8)


@given(tables)
def test_the_longest_prefix_and_then_the_smallest_metric_wins(found: list[tuple[str, int, int]]) -> None:
    routes = [route(prefix, index, metric=metric) for prefix, index, metric in found]
    links = tuple(Link(index, f"eth{index}") for index in (1, 2, 3))
    lookup = Lookup(HEADERS, NodeState("r", links, routes=tuple(routes)))
    for address in range(BASE, BASE + 33):
        fitting = [one for one in routes if one.prefix[0] <= address <= one.prefix[1]]
        best = min(((one.size, one.metric) for one in fitting), default=None)
        wanted = {one.hops[0].index for one in fitting if (one.size, one.metric) == best}
        one = packet(destination=str(IPv4Address(address)))
        ways = [way for packets, way in lookup.of_table(4, 254) if one in packets]
        assert {way.hops[0].index for way in ways} == wanted


def ways_of(rules: tuple[Rule, ...], one: dict[str, int], *names: str) -> set[int]:
    """The tables that a packet takes."""
    links = (Link(1, "eth0"), Link(2, "eth1"))
    routes = tuple(route("0.0.0.0/0", 1, table=table) for table in (7, 8, 254))
    lookup = Lookup(HEADERS, NodeState("r", links, rules=rules, routes=routes))
    flow = Flow(HEADERS.arriving)
    return {way.table for part, way in lookup.ways(flow, names or ("eth0",), None) if one in part.packets}


@pytest.mark.parametrize(
    ("rule", "inside", "beside"),
    [
        (Rule(4, 1, table=7, incoming="eth0"), packet(), None),
        (
            Rule(4, 1, table=7, protocol=6, destination_ports=(80, 81)),
            packet(proto=6, dport=81),
            packet(proto=6, dport=82),
        ),
        (Rule(4, 1, table=7, mark=(0x10, 0xF0)), packet(mark=0), None),
        (Rule(4, 1, table=7, tos=0x10), packet(tos=0x10), packet(tos=0x20)),
        (Rule(4, 1, table=7, inverted=True, source=(0, BASE - 1)), packet(), packet(source="9.9.9.9")),
        (Rule(4, 1, action="goto", target=5), packet(), None),
    ],
)
def test_rules_choose_tables(rule: Rule, inside: dict[str, int], beside: dict[str, int] | None) -> None:
    rules = (rule, Rule(4, 4, table=8, protocol=99), Rule(4, 6, table=7), Rule(4, 32766, table=254))
    rest = (replace(rules[2], priority=40_000),) if rule.action != "goto" else (rules[2],)
    after = (rule, rules[1], rules[3], *rest)
    wanted = 254 if rule.mark else 7
    assert ways_of(after, inside) == {wanted}
    if beside is not None:
        assert ways_of(after, beside) == {254}


def test_a_rule_for_another_interface_is_not_asked() -> None:
    rules = (Rule(4, 1, table=7, incoming="eth1"), Rule(4, 2, table=254))
    assert ways_of(rules, packet()) == {254}
    assert ways_of(rules, packet(), "eth1") == {7}


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_masks(value: int, mask: int, number: int) -> None:
    found = masked(value, mask, 8)
    assert found is not None
    assert any(low <= number <= high for low, high in found) == (number & mask == value & mask)


# nftables


def payload(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


def ruleset(*rules: list[Any], policy: str = "accept", hook: str = "forward", more: tuple[Any, ...] = ()) -> Ruleset:
    table = {"family": "inet", "table": "t"}
    chain = {"chain": {**table, "name": "c", "type": "filter", "hook": hook, "prio": 0, "policy": policy}}
    written = [{"rule": {**table, "chain": "c", "handle": n, "expr": one}} for n, one in enumerate(rules, 1)]
    return Ruleset(HEADERS, [chain, *more, *written], lambda _: [])


def passes(rules: Ruleset, one: dict[str, int], hook: str = "forward") -> bool:
    """True if a packet gets by, be it only perhaps."""
    passed = rules.passed("ip", hook, Flow(HEADERS.arriving.without("mark")), Situation("eth0", "eth1"))
    return any(one in flow.packets for flow in passed.flows)


DROP, ACCEPT = {"drop": None}, {"accept": None}
FLAGS = {"&": [payload("tcp", "flags"), ["fin", "syn"]]}


@pytest.mark.parametrize(
    ("matches", "inside", "beside"),
    [
        ([match(payload("tcp", "dport"), 80)], packet(proto=6, dport=80), packet(proto=17, dport=80)),
        ([match(payload("tcp", "dport"), 80, "!=")], packet(proto=6, dport=81), packet(proto=17, dport=81)),
        ([match(payload("udp", "dport"), {"range": [5, 9]})], packet(proto=17, dport=9), packet(proto=17, dport=10)),
        ([match(payload("udp", "dport"), 9, "<")], packet(proto=17, dport=8), packet(proto=17, dport=9)),
        ([match(payload("tcp", "sport"), {"set": [1, 3]})], packet(proto=6, sport=3), packet(proto=6, sport=2)),
        ([match(payload("ip", "saddr"), {"prefix": {"addr": "10.0.1.0", "len": 24}})], packet(), packet("10.0.2.1")),
        ([match(payload("ip", "dscp"), "ef")], packet(tos=0xB8), packet(tos=0xB0)),
        ([match(payload("ip", "ttl"), 77)], packet(ttl=77), packet()),
        ([match(meta("l4proto"), "sctp")], packet(proto=132), packet()),
        ([match(meta("iifname"), "eth*")], packet(), None),
        ([match(meta("length"), 1200, ">")], packet(length=1201), packet(length=1200)),
        ([match({"ct": {"key": "state"}}, ["established", "related"], "in")], packet(ct=1), packet(ct=0)),
        ([match({"ct": {"key": "status"}}, ["snat", "dnat"], "in")], packet(nat=2), packet(nat=0)),
        ([match({"&": [payload("ip", "frag-off"), 8191]}, 0, "!=")], packet(fragment=2), packet(fragment=1)),
        ([match(FLAGS, "syn")], packet(proto=6, flags=0x12), packet(proto=6, flags=0x03)),
        ([match(FLAGS, ["fin", "syn"])], packet(proto=6, flags=0x13), packet(proto=6, flags=0x02)),
        ([match(payload("ether", "saddr"), "02:00:00:00:00:99")], packet(smac=0x020000000099), packet()),
        ([match(payload("icmp", "type"), "time-exceeded")], packet(icmp=11), packet(icmp=8)),
        (
            [match({"concat": [payload("ip", "saddr"), payload("tcp", "sport")]}, {"concat": ["10.0.1.1", 5]})],
            packet(proto=6, sport=5),
            packet(proto=6, sport=6),
        ),
    ],
)
def test_what_is_dropped_is_what_matches(
    matches: list[Any], inside: dict[str, int], beside: dict[str, int] | None
) -> None:
    inside |= {"nat": inside["nat"]}
    rules = ruleset([*matches, DROP])
    everything = Flow(HEADERS.any_ip)
    passed = rules.passed("ip", "forward", everything, Situation("eth0", "eth1"))
    assert not any(inside in flow.packets for flow in passed.flows)
    assert beside is None or any(beside in flow.packets for flow in passed.flows)


@pytest.mark.parametrize(
    ("sometimes", "is_doubt"),
    [
        ({"limit": {"rate": 1, "per": "minute"}}, False),
        (match({"numgen": {"mode": "random", "mod": 1000, "offset": 0}}, 0), False),
        (match(meta("hour"), "03:00"), False),
        (match(meta("something new"), 1), True),
        ({"xt": None}, True),
    ],
)
def test_what_may_drop_may_let_by(sometimes: dict[str, Any], is_doubt: bool) -> None:
    assert passes(ruleset([sometimes, DROP]), packet())
    marking = [sometimes, {"mangle": {"key": meta("mark"), "value": 7}}]
    passed = ruleset(marking).passed("ip", "forward", Flow(HEADERS.arriving), Situation("eth0", "eth1"))
    marked = [flow for flow in passed.flows if packet(mark=7) in flow.packets]
    assert marked
    assert all(bool(flow.doubts) == is_doubt for flow in marked)
    assert any(packet(mark=0) in flow.packets for flow in passed.flows)


def test_a_policy_drops_what_no_rule_accepts() -> None:
    rules = ruleset([match(payload("udp", "dport"), 53), ACCEPT], policy="drop")
    assert passes(rules, packet(proto=17, dport=53))
    assert not passes(rules, packet(proto=17, dport=54))


def test_a_translation_changes_addresses_and_notes_it() -> None:
    table = {"family": "inet", "table": "t"}
    chain = {"chain": {**table, "name": "n", "type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}}
    to = [match(payload("tcp", "dport"), 80), {"dnat": {"addr": "10.0.9.9", "port": 8080}}]
    rules = Ruleset(HEADERS, [chain, {"rule": {**table, "chain": "n", "handle": 1, "expr": to}}], lambda _: [])
    passed = rules.passed("ip", "prerouting", Flow(HEADERS.arriving), Situation("eth0"))
    translated = packet(destination="10.0.9.9", proto=6, dport=8080, nat=h.DESTINATION_TRANSLATED)
    found = [flow for flow in passed.flows if translated in flow.packets]
    assert found
    assert all(packet(proto=6, dport=80) in flow.origin() for flow in found)
    assert not any(packet(proto=6, dport=80) in flow.packets for flow in passed.flows)


# Tenants


def gateway(**changes: Any) -> NodeState:
    """Two VRFs with an interface each, and one outside."""
    links = (
        Link(1, "lo"),
        Link(2, "wan0", "veth"),
        Link(3, "red", "vrf", details={"table": 1001}),
        Link(4, "blue", "vrf", details={"table": 1002}),
        Link(5, "red0", "veth", master=3),
        Link(6, "blue0", "veth", master=4),
    )
    routes = (
        route("10.0.1.0/24", 5, 1001),
        route("0.0.0.0/0", 0, 1001, kind="unreachable", metric=9),
        route("10.0.4.0/24", 6, 1002),
        route("0.0.0.0/0", 0, 1002, kind="unreachable", metric=9),
        route("0.0.0.0/0", 2),
        route("203.0.113.1/32", 2, 255, kind="local"),
    )
    state = NodeState("gw", links, (Address(2, "203.0.113.1"),), RULES, routes)
    return replace(state, **{name: (*getattr(state, name), *more) for name, more in changes.items()})


TENANTS = tuple(
    Tenant(name, (f"{name}1",), (("gw", name), ("gw", f"{name}0")), (Home(address, f"{name}1"),))
    for name, address in (("red", "10.0.1.1"), ("blue", "10.0.4.1"))
)


def prove(state: NodeState, *processes: Process) -> Reasoning:
    nodes = {name: NodeState(name, (Link(1, "lo"), Link(2, "eth0", "veth"))) for name in ("red1", "blue1", "inet")}
    ends = [(("gw", f"{name}0"), (f"{name}1", "eth0")) for name in ("red", "blue")]
    ends.append((("gw", "wan0"), ("inet", "eth0")))
    cables = dict(ends) | {b: a for a, b in ends}
    snapshot = Snapshot({"gw": state, **nodes}, cables, processes)
    return Proof(snapshot, TENANTS, ["inet"], frozenset()).run()


def test_two_vrfs_are_apart() -> None:
    found = prove(gateway())
    assert found.ways == ()
    assert found.unproven == ()
    assert found.examined["routes"] == 6


@pytest.mark.parametrize(
    ("changes", "sender", "tenant", "how", "path"),
    [
        ({"routes": [route("10.0.4.1/32", 6, 1001)]}, "red", "blue", "delivered", "gw:red0 > (table 1001) > gw:blue0"),
        ({"rules": [Rule(4, 5, table=254, incoming="red0")]}, "red", "the provider", "in clear", "gw:wan0"),
        ({"rules": [Rule(4, 5, table=1002, protocol=132)]}, "red", "blue", "delivered", "(ip rule 5 lookup 1002)"),
        ({"rules": [Rule(4, 0, table=255)]}, "red", "the provider", "taken by the node itself", "gw:red0"),
        ({"routes": [route("10.0.4.0/24", 6)]}, "a stranger", "blue", "delivered", "gw:wan0 > (table 254) > gw:blue0"),
        ({"proxies": [Proxy(5, "10.0.4.1")]}, "red", "blue", "answered for", "(ip neigh proxy 10.0.4.1)"),
    ],
)
def test_a_way_is_named(changes: dict[str, Any], sender: str, tenant: str, how: str, path: str) -> None:
    found = prove(gateway(**changes))
    ways = [one for one in found.ways if (one.sender, one.tenant, one.how) == (sender, tenant, how)]
    assert ways, found
    assert path in " > ".join(ways[0].path)


def test_the_packet_of_a_way_takes_it() -> None:
    (way, *_) = prove(gateway(rules=[Rule(4, 5, table=1002, protocol=6, source_ports=(4445, 4445))])).ways
    assert way.packet is not None
    assert (way.packet.protocol, way.packet.source_port, way.packet.destination) == (6, 4445, "10.0.4.1")


def test_what_is_not_understood_is_not_proven() -> None:
    found = prove(gateway(links=[Link(9, "odd", "brand-new")]))
    assert found.ways == ()
    assert found.unproven == ("gw:odd is of kind brand-new, which is not understood",)
    asked = prove(gateway(rules=[Rule(4, 5, table=1002, unknown=("attribute 99",))]))
    assert asked.ways == ()
    assert any("depends on a rule at priority 5 with attribute 99" in one for one in asked.unproven)


def test_a_process_between_tenants_is_a_way() -> None:
    red, blue = Socket("gw", "udp", "red", "0.0.0.0:7", ""), Socket("gw", "udp", "blue", "0.0.0.0:7", "")
    (way, back) = prove(gateway(), Process(7, "relay", (red, blue), 7)).ways
    assert {(way.sender, way.tenant), (back.sender, back.tenant)} == {("red", "blue"), ("blue", "red")}
    assert "process relay" in way.path
    together = prove(gateway(), Process(7, "one", (red,), 7), Process(8, "other", (blue,), 7))
    assert len(together.ways) == 2
    apart = prove(gateway(), Process(7, "one", (red,), 7), Process(8, "other", (blue,), 8))
    assert apart.ways == ()
    assert len(apart.unproven) == 2
    assert prove(gateway(), Process(7, "own", (Socket("red1", "tcp", "", "0.0.0.0:80", ""),), 7)).unproven == ()
