"""Which probes are sent, what they are taken for, and what is said about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import pytest

from raslab.errors import NotIsolatedError
from raslab.measure.isolation.forgeries import forgeries
from raslab.measure.isolation.judging import Findings
from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.probes import SPOOFED, Probe, controls, crossings
from raslab.measure.isolation.report import Count, IsolationReport, Leak
from raslab.measure.isolation.scene import TENANTS_EACH, Door, Scene
from raslab.measure.isolation.sights import Tokens
from raslab.measure.isolation.tenants import PROVIDER, STRANGER, Home, Tenant, TunnelEnd
from raslab.measure.isolation.wire import Datagram, Tunnelled

GATEWAY = "203.0.113.1"
SITES = {"Red": "198.51.100.1", "Blue": "198.51.100.2"}
KEYS = {"Red": 100, "Blue": 200}


def tenant(name: str, first: str, second: str) -> Tenant:
    end = TunnelEnd("gre", GATEWAY, SITES[name], KEYS[name], f"{name}-site")
    nodes = (f"{name}1", f"{name}2", f"{name}-site")
    homes = (Home(first, nodes[0]), Home(second, nodes[1]))
    return Tenant(name, nodes, (("gw", name),), homes, ((nodes[2], "wan"),), (end,))


def door(node: str, source: str, owner: str | None, outside: bool = False) -> Door:
    return Door(
        node,
        "eth0" if not outside else "wan",
        b"\2\0\0\0\0\1",
        b"\2\0\0\0\0\2",
        (source,),
        tenant=owner,
        outside=outside,
    )


RED, BLUE = tenant("Red", "10.0.1.1", "10.0.2.1"), tenant("Blue", "10.0.1.1", "10.0.3.1")
SCENE = Scene(
    (RED, BLUE),
    (
        door("Red1", "10.0.1.1", "Red"),
        replace(door("Red-site", SITES["Red"], "Red", outside=True), beside=frozenset({"10.0.2.1"})),
        door("Blue1", "10.0.1.1", "Blue"),
        door("x", "198.51.100.9", None),
    ),
    underlay=(GATEWAY,),
)
TOKENS = Tokens(b"RUN1")
LINKS = {("Red1", "eth0"): ("gw", "Red"), ("gw", "Blue"): ("Blue2", "eth0")}


def pairs_of(probes: Iterable[Probe]) -> set[tuple[str, str]]:
    """Who is tried by whom, sender first."""
    return {(probe.sender, target) for probe in probes for target in probe.targets}


def test_each_ones_own_probes_are_controls_and_all_others_cross() -> None:
    own, others = list(controls(SCENE)), list(crossings(SCENE))
    assert all(probe.is_control for probe in own)
    assert not any(probe.is_control for probe in others)
    assert pairs_of(own) == {("Red", "Red"), ("Blue", "Blue")}
    assert pairs_of(others) == {
        *(("Red", "Blue"), ("Blue", "Red"), (STRANGER, "Red"), (STRANGER, "Blue")),
        *(("Red", PROVIDER), ("Blue", PROVIDER), (STRANGER, PROVIDER)),
    }
    kinds = Counter(probe.kind for probe in others)
    assert set(kinds) == {"ICMP", "TCP", "BGP", "UDP", "ARP", SPOOFED, "GRE", "management ports"}


def crowd(number: int, alike: bool) -> Scene:
    """Tenants with a node each and a tunnel each, that all have the same two addresses, or each its own."""
    tenants, doors = [], [door("x", "198.51.100.9", None)]
    for n in range(1, number + 1):
        site = f"198.51.100.{n + 10}"
        homes = ("10.0.1.1", "10.0.2.1") if alike else (f"10.{n}.1.1", f"10.{n}.2.1")
        ends = (TunnelEnd("gre", GATEWAY, site, n),)
        nodes = (f"t{n}", f"u{n}")
        tenants.append(
            Tenant(f"T{n}", nodes, (("gw", f"T{n}"),), tuple(map(Home, homes, nodes)), tunnels=ends),
        )
        doors.append(door(f"t{n}", homes[0], f"T{n}"))
    return Scene(tuple(tenants), tuple(doors), (GATEWAY,))


def test_tenants_with_the_same_addresses_are_tried_at_once() -> None:
    few, many, most = (len(list(crossings(crowd(number, alike=True)))) for number in (20, 40, 80))
    assert many - few > 0
    assert most - many == 2 * (many - few)
    for alike in (True, False):
        tenants = {f"T{n}" for n in range(1, 21)}
        pairs = pairs_of(crossings(crowd(20, alike)))
        assert {pair for pair in product(tenants, tenants) if pair[0] != pair[1]} <= pairs
        assert {(STRANGER, name) for name in tenants} <= pairs
    assert len(list(crossings(crowd(40, alike=False)))) > 5 * many


def test_everybodys_key_is_tried_by_strangers_and_by_some_tenants() -> None:
    forged = [probe for probe in crossings(crowd(20, alike=True)) if probe.kind == "GRE"]
    by_stranger = {probe.targets for probe in forged if probe.sender == STRANGER}
    assert len(by_stranger) == 20
    senders = Counter(target for sender, target in pairs_of(forged) if sender != STRANGER)
    assert set(senders.values()) == {TENANTS_EACH}


def test_who_is_meant_to_meet_is_not_probed() -> None:
    scene = replace(SCENE, meeting=frozenset({("Red", "Blue")}))
    pairs = pairs_of(crossings(scene))
    assert ("Red", "Blue") not in pairs
    assert ("Blue", "Red") in pairs


def test_no_forged_packet_is_one_that_a_tenant_agreed_upon() -> None:
    agreed = {(SITES[name], GATEWAY, KEYS[name]) for name in SITES}
    tunnelled = [probe.packet for probe in (*crossings(SCENE), *forgeries(SCENE, 2000, 1))]
    tunnelled = [packet for packet in tunnelled if isinstance(packet, Tunnelled)]
    assert len(tunnelled) > 500
    outer = {(packet.source, packet.destination, packet.key) for packet in tunnelled}
    assert not outer & agreed
    stranger, red = "198.51.100.9", SITES["Red"]
    assert {(stranger, GATEWAY, 200), (red, GATEWAY, 200), (red, GATEWAY, None), (red, GATEWAY, 101)} <= outer


def test_forgeries_are_the_same_for_one_seed_only() -> None:
    assert list(forgeries(SCENE, 50, 1)) == list(forgeries(SCENE, 50, 1)) != list(forgeries(SCENE, 50, 2))
    assert all(probe.sender not in probe.targets for probe in forgeries(SCENE, 200, 3))


def sight(number: int, place: str, outgoing: bool, time_ns: int = 0, source: str = "10.0.1.1") -> Heard:
    node, interface = place.split(":")
    packet = Datagram("icmp", source, "10.0.3.1").encode(TOKENS.token(number), 0)
    return Heard(node, interface, outgoing, time_ns, bytes(12) + b"\x08\x00" + packet, True)


@pytest.fixture
def findings() -> Findings:
    return Findings(SCENE, TOKENS, LINKS)


def crossing(findings: Findings) -> int:
    probe = next(one for one in crossings(SCENE) if (one.kind, one.sender, one.asked) == ("ICMP", "Red", "10.0.3.1"))
    return findings.add(probe)


def test_a_token_at_anothers_place_is_a_leak_with_its_path(findings: Findings) -> None:
    number = crossing(findings)
    trail = [("gw:Red", False), ("gw:Blue", True), ("Red1:eth0", True), ("Blue2:eth0", False), ("Blue2:eth0", True)]
    findings.hear(sight(number, *one) for one in trail)
    (leak,) = findings.leaks([number])
    assert leak.path == ("Red1:eth0", "gw:Red", "gw:Blue", "Blue2:eth0")
    assert (leak.probe, leak.sender, leak.tenant, leak.how) == ("ICMP", "Red", "Blue", "delivered")
    assert "ICMP 10.0.1.1 > 10.0.3.1 echo-request" in leak.packet
    assert findings.counts([number]) == (Count("ICMP", "Red", ("Blue",), sent=1, arrived=0, leaked=1),)


@pytest.mark.parametrize("place", ["gw:Red", "isp:eth0", "gw:wan", "Red2:eth0", "Blue-site:wan"])
def test_a_token_elsewhere_is_none(findings: Findings, place: str) -> None:
    number = crossing(findings)
    findings.hear([sight(number, "Red1:eth0", True), sight(number, place, False)])
    assert findings.leaks([number]) == ()
    assert findings.unsent([number]) == ()


def test_an_answer_of_the_address_that_was_asked_is_a_leak(findings: Findings) -> None:
    number = crossing(findings)
    back = Datagram("icmp", "10.0.3.1", "10.0.1.1").encode(TOKENS.token(number), 0)
    heard = Heard("Red1", "eth0", False, 0, bytes(12) + b"\x08\x00" + back, True)
    findings.hear([sight(number, "Red1:eth0", True), heard])
    (leak,) = findings.leaks([number])
    assert leak.how == "answered"
    assert str(leak).startswith("ICMP of Red was answered by Blue by Red1:eth0 (")


def test_an_error_of_the_own_gateway_is_none(findings: Findings) -> None:
    number = crossing(findings)
    findings.hear([sight(number, "Red1:eth0", True), sight(number, "Red1:eth0", False, source="10.0.1.254")])
    assert findings.leaks([number]) == ()


def test_a_probe_that_is_sent_back_is_no_answer(findings: Findings) -> None:
    number = crossing(findings)
    findings.hear([sight(number, "Red1:eth0", True), sight(number, "Red1:eth0", False, source="10.0.3.1")])
    assert findings.leaks([number]) == ()


def test_tokens_of_another_run_are_nothing(findings: Findings) -> None:
    number = crossing(findings)
    other = Tokens(b"RUN2")
    packet = Datagram("icmp", "10.0.1.1", "10.0.3.1").encode(other.token(number), 0)
    assert not findings.hear([Heard("Blue2", "eth0", False, 0, bytes(12) + b"\x08\x00" + packet, True)])
    assert findings.leaks([number]) == ()
    assert findings.unsent([number]) == ("1 probes never left, the first of them by eth0 of Red1",)


def test_own_probes_arrive_at_the_node_that_has_the_address(findings: Findings) -> None:
    numbers = [findings.add(probe) for probe in controls(SCENE) if (probe.kind, probe.sender) == ("ICMP", "Red")]
    findings.hear([sight(numbers[0], "Red1:eth0", True), sight(numbers[0], "gw:Red", False)])
    assert findings.unproven(numbers) == ("ICMP of Red from Red1 did not get to its own 10.0.2.1 by way of a gateway",)
    findings.hear([sight(numbers[0], "Red2:eth0", False)])
    assert findings.unproven(numbers) == ()


def test_own_probes_have_to_pass_where_the_others_are(findings: Findings) -> None:
    numbers = [findings.add(probe) for probe in controls(SCENE) if (probe.kind, probe.sender) == ("ICMP", "Red")]
    findings.hear([sight(numbers[0], "Red1:eth0", True), sight(numbers[0], "Red2:eth0", False)])
    assert numbers[0] in findings.arrived
    assert findings.unproven(numbers) == ("ICMP of Red from Red1 did not get to its own 10.0.2.1 by way of a gateway",)


def test_acknowledgements_tell_their_probes() -> None:
    for number in (0, 1, 999, 70_000):
        assert TOKENS.number_acknowledged(TOKENS.sequence(number) + 1) == number
        assert TOKENS.number_acknowledged((TOKENS.sequence(number) + 13) & 0xFFFFFFFF) == number


OWN = Count("ICMP", "Red", ("Red",), sent=4, arrived=4, leaked=0)
ACROSS = Count("ICMP", "Red", ("Blue",), sent=1200, arrived=0, leaked=0)
LEAK = Leak("ICMP", "Red", "Blue", "delivered", ("Red1:eth0", "gw:Red", "Blue2:eth0"), "IP / ICMP")


def test_verdicts() -> None:
    isolated = IsolationReport((OWN, ACROSS), ())
    assert isolated.verdict == (
        "Nothing crossed: 1,200 probes of 1 kinds for 1 pairs of tenants. "
        "Of the tenants' own, 4 arrived, some of each kind from each node."
    )
    assert isolated.examined == "Nothing was worked out."
    assert isolated
    assert isolated.observation
    isolated.require()
    broken = IsolationReport((OWN, ACROSS), (LEAK,))
    sentence = "1 of 1,200 probes crossed, first this one: ICMP of Red reached Blue by Red1:eth0 > gw:Red > Blue2:eth0"
    assert broken.verdict.startswith(sentence)
    assert not broken.observation
    with pytest.raises(NotIsolatedError, match="ICMP of Red reached Blue"):
        broken.require()
    dead = IsolationReport(
        (OWN, ACROSS), (), ("ICMP of Red from Red1 did not get to its own 10.0.2.1 by way of a gateway",)
    )
    assert not dead
    assert dead.verdict == (
        "Nothing crossed, which proves nothing: "
        "ICMP of Red from Red1 did not get to its own 10.0.2.1 by way of a gateway."
    )
    assert list(isolated.frame["sent"]) == [4, 1200]
    assert isolated.summary.to_dict("records") == [
        {"probe": "ICMP", "own_sent": 4, "own_arrived": 4, "crossing_sent": 1200, "leaked": 0}
    ]
