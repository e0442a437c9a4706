"""Plans: the command lines of a network's start, and of every kind of change to a running one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import DataObject, data, permutations, sampled_from

from raslab.model.topology import (
    EMPTY,
    Impairment,
    Interface,
    Link,
    MplsRoute,
    Node,
    NodeKind,
    Route,
    Topology,
    Tunnel,
    Vlan,
    Vrf,
)
from raslab.model.validation import problems_of
from raslab.net.plan import difference
from raslab.net.quantities import queue_limit

GOLDEN = Path(__file__).parent / "golden" / "plans.txt"

H1 = Interface("h1", "h1-eth0", ("10.0.1.1/24", "2001:db8:1::1/64"), mac="02:00:00:01:00:00")
S1 = Interface("s1", "s1-eth1", mac="02:00:00:04:00:01")
LAN = Interface("gw1", "lan0", ("10.0.1.254/24", "2001:db8:1::254/64"), mac="02:00:00:02:00:00")
S2 = Interface("s1", "s1-eth2", mac="02:00:00:04:00:02")
WAN = Interface("gw1", "interface-to-the-provider", ("192.0.2.1/24", "2001:db8:99::1/64"), mtu=9000)
FAR = Interface("gw2", "wan0", ("192.0.2.2/24", "2001:db8:99::2/64"), mtu=9000)
SLOW = replace(WAN, impairment=Impairment(rate_mbps=1000, delay_ms=10, jitter_ms=1, loss_percent=0.5))
GRE = Tunnel("gw1", "gre1", "gre", "192.0.2.1", "192.0.2.2", 1001, addresses=("10.255.0.1/30",))
TAP = Tunnel("gw1", "tap1", "gretap", "2001:db8:99::1", "2001:db8:99::2", mac="02:00:00:02:80:00")
DEFAULTS = (Route("h1", "default", "10.0.1.254"), Route("h1", "default", "2001:db8:1::254"))
IPSEC = Tunnel("gw1", "ipsec1", "xfrm", "192.0.2.1", "192.0.2.2", 1, addresses=("10.255.2.1/30",))
WIREGUARD = Tunnel("gw1", "wg1", "wireguard", "192.0.2.1", "192.0.2.2", addresses=("10.255.3.1/30",))
BEHIND = Route("gw1", "10.0.2.0/24", "10.255.0.2")
FULL = Topology(
    nodes=(Node("h1"), Node("gw1", NodeKind.ROUTER), Node("gw2", NodeKind.ROUTER), Node("s1", NodeKind.BRIDGE)),
    links=(Link(H1, S1), Link(LAN, S2), Link(SLOW, FAR)),
    tunnels=(GRE, TAP),
    routes=(*DEFAULTS, BEHIND),
)
DIRECT = replace(BEHIND, via="192.0.2.2")
TWO_WAYS = replace(FULL, routes=(*FULL.routes, DIRECT))
RED, BLUE = Vrf("gw1", "red", 1001, ("10.9.9.9/32",)), Vrf("gw1", "blue", 1002)
TAGGED = Vlan("gw1", "wan.20", "interface-to-the-provider", 20, ("10.20.0.1/24",), master="red")
IN_RED = Route("gw1", "10.0.2.0/24", "10.255.0.2", vrf="red")
TENANTS = replace(
    FULL,
    tunnels=(replace(GRE, master="red"), replace(GRE, name="gre-blue", key=1002, master="blue"), TAP),
    routes=(
        *DEFAULTS,
        IN_RED,
        replace(IN_RED, vrf="blue"),
        replace(IN_RED, destination="10.0.3.0/24", via="10.20.0.9"),
    ),
    devices=(RED, BLUE, TAGGED),
)
SWAPPED = MplsRoute("gw1", 101, "192.0.2.2", out_labels=(102,))
LABELLED = replace(
    FULL,
    routes=(*FULL.routes, Route("gw1", "192.0.2.2/32", "192.0.2.2", labels=(200, 300))),
    mpls_routes=(SWAPPED, MplsRoute("gw1", 1024, "2001:db8:99::2"), MplsRoute("gw2", 102, dev="lo")),
)
NEW_HOST = Interface("h9", "h9-eth0", ("10.0.1.9/24",))


def with_h1(**changes: object) -> Topology:
    """FULL with another first interface."""
    return replace(FULL, links=(Link(replace(H1, **changes), S1), *FULL.links[1:]))  # type: ignore[arg-type]


def with_lan(master: str) -> Topology:
    """FULL with the gateway's LAN in a VRF."""
    return replace(FULL, links=(FULL.links[0], Link(replace(LAN, master=master), S2), FULL.links[2]))


def with_wan(**changes: object) -> Topology:
    """FULL with another WAN interface."""
    return replace(FULL, links=(*FULL.links[:2], Link(replace(SLOW, **changes), FAR)))  # type: ignore[arg-type]


def tenants(*, red: Vrf = RED, gre: str = "red", vlan: Vlan = TAGGED) -> Topology:
    """TENANTS with changes; what is left of the routes is that of the VLAN."""
    tunnel, *others = TENANTS.tunnels
    return replace(
        TENANTS,
        tunnels=(replace(tunnel, master=gre), *others),
        devices=(red, BLUE, vlan),
        routes=(*DEFAULTS, TENANTS.routes[-1]) if vlan.addresses else DEFAULTS,
    )


def over_gre(topology: Topology, **changes: object) -> Topology:
    """A topology whose first tunnel is another one."""
    first, *rest = topology.tunnels
    return replace(topology, tunnels=(replace(first, **changes), *rest))


CASES = {
    "start": (EMPTY, FULL),
    "stop": (FULL, EMPTY),
    "nothing to do": (FULL, FULL),
    "WireGuard to another place": (
        replace(FULL, tunnels=(GRE, TAP, WIREGUARD)),
        replace(FULL, tunnels=(GRE, TAP, replace(WIREGUARD, local="2001:db8:99::1", remote="2001:db8:99::2"))),
    ),
    "WireGuard added": (FULL, replace(FULL, tunnels=(GRE, TAP, WIREGUARD))),
    "host added": (
        FULL,
        replace(
            FULL,
            nodes=(*FULL.nodes, Node("h9")),
            links=(*FULL.links, Link(NEW_HOST, Interface("s1", "s1-eth3"))),
        ),
    ),
    "host removed": (FULL, replace(FULL, nodes=FULL.nodes[1:], links=FULL.links[1:], routes=(BEHIND,))),
    "link removed, and its route": (FULL, replace(FULL, links=FULL.links[1:], routes=(BEHIND,))),
    "link added again": (replace(FULL, links=FULL.links[1:], routes=(BEHIND,)), FULL),
    "link down": (FULL, with_h1(up=False)),
    "link up: its routes come back": (with_h1(up=False), FULL),
    "address added and removed": (FULL, with_h1(addresses=("10.0.1.7/24", "2001:db8:1::1/64"))),
    "MTU and MAC changed": (FULL, with_h1(mtu=1400, mac="02:00:00:01:00:99")),
    "MTU below a tunnel changed": (FULL, with_wan(mtu=1500)),
    "impairment changed": (FULL, with_wan(impairment=Impairment(rate_mbps=50_000))),
    "impairment removed": (FULL, with_wan(impairment=Impairment())),
    "tunnel removed": (FULL, replace(FULL, tunnels=(TAP,), routes=DEFAULTS)),
    "tunnel key changed: the tunnel is made anew": (FULL, replace(FULL, tunnels=(replace(GRE, key=7), TAP))),
    "tunnel address changed": (
        FULL,
        replace(FULL, tunnels=(replace(GRE, addresses=("10.255.1.1/30",)), TAP), routes=DEFAULTS),
    ),
    "route moved": (FULL, replace(FULL, routes=(*DEFAULTS, Route("gw1", "10.0.2.0/24", "192.0.2.2", metric=5)))),
    "route gets a second next hop": (FULL, TWO_WAYS),
    "route loses one of its next hops": (TWO_WAYS, FULL),
    "route with two next hops removed": (TWO_WAYS, replace(FULL, routes=DEFAULTS)),
    "one of two next hops is off": (TWO_WAYS, over_gre(TWO_WAYS, up=False)),
    "one of two next hops is on again": (over_gre(TWO_WAYS, up=False), TWO_WAYS),
    "one next hop told twice": (FULL, replace(FULL, routes=(*FULL.routes, BEHIND))),
    "backup of a route": (FULL, replace(FULL, routes=(*FULL.routes, replace(DIRECT, metric=50)))),
    "several next hops with labels and interfaces": (
        FULL,
        replace(
            FULL,
            routes=(
                *DEFAULTS,
                Route("gw1", "10.4.0.0/16", "192.0.2.2", labels=(100,), metric=7),
                Route("gw1", "10.4.0.0/16", dev="gre1", metric=7),
                Route("gw1", "2001:db8:4::/48", "2001:db8:99::2"),
                Route("gw1", "2001:db8:4::/48", "2001:db8:99::3", metric=1024),
            ),
        ),
    ),
    "route by interface": (FULL, replace(FULL, routes=(*FULL.routes, Route("gw1", "10.3.0.0/16", dev="gre1")))),
    "XFRM interface added": (FULL, replace(FULL, tunnels=(*FULL.tunnels, IPSEC))),
    "tunnel in a tunnel": (
        FULL,
        replace(FULL, tunnels=(*FULL.tunnels, IPSEC, Tunnel("gw1", "gre2", "gre", "10.255.2.1", "10.255.2.2", 7))),
    ),
    "other end of an XFRM interface: nothing to do": (
        replace(FULL, tunnels=(IPSEC,), routes=DEFAULTS),
        replace(FULL, tunnels=(replace(IPSEC, remote="192.0.2.9"),), routes=DEFAULTS),
    ),
    "Open vSwitch": (EMPTY, Topology((Node("s1", NodeKind.OVS), Node("h1")), (Link(H1, S1),))),
    "port of Open vSwitch removed": (
        Topology((Node("s1", NodeKind.OVS), Node("h1")), (Link(H1, S1),)),
        Topology((Node("s1", NodeKind.OVS), Node("h1"))),
    ),
    "tenants added": (FULL, TENANTS),
    "tenants removed": (TENANTS, FULL),
    "tunnel moved to another tenant": (tenants(), tenants(gre="blue")),
    "mark of a VRF given": (tenants(), tenants(red=replace(RED, mark=1))),
    "mark of a VRF changed": (tenants(red=replace(RED, mark=1)), tenants(red=replace(RED, mark=2))),
    "VRFs with a mark removed": (tenants(red=replace(RED, mark=1)), FULL),
    "table of a VRF changed: what belongs to it is moved": (tenants(), tenants(red=replace(RED, table=2001))),
    "address of a VRF changed": (tenants(), tenants(red=replace(RED, addresses=("10.9.9.8/32",)))),
    "VLAN tag changed: the VLAN is made anew": (tenants(), tenants(vlan=replace(TAGGED, vlan_id=30))),
    "VLAN moved out of its VRF": (tenants(), tenants(vlan=replace(TAGGED, master=None, addresses=()))),
    "interface below a VLAN down": (tenants(), replace(tenants(), links=with_wan(up=False).links)),
    "interface below a VLAN up: its routes come back": (
        replace(tenants(), links=with_wan(up=False).links),
        tenants(),
    ),
    "interface below a VLAN up, the VLAN is off": (
        replace(tenants(vlan=replace(TAGGED, up=False)), links=with_wan(up=False).links),
        tenants(vlan=replace(TAGGED, up=False)),
    ),
    "MTU below a VLAN changed": (tenants(), replace(tenants(), links=with_wan(mtu=1500).links)),
    "LAN moved into a VRF": (replace(FULL, devices=(RED,)), replace(with_lan("red"), devices=(RED,))),
    "label switched paths added": (FULL, LABELLED),
    "label switched paths removed": (LABELLED, FULL),
    "label switched path changed": (
        LABELLED,
        replace(LABELLED, mpls_routes=(replace(SWAPPED, out_labels=(103, 500)), *LABELLED.mpls_routes[1:])),
    ),
    "interface below a label switched path up": (replace(LABELLED, links=with_wan(up=False).links), LABELLED),
    "host becomes a router": (FULL, replace(FULL, nodes=(Node("h1", NodeKind.ROUTER), *FULL.nodes[1:]))),
}


def rendered() -> str:
    """All plans, one section each."""
    return "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in difference(old, new).commands) + "\n"
        for name, (old, new) in CASES.items()
    )


def test_plans_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_topologies_of_the_cases_are_good(name: str) -> None:
    assert [problem for topology in CASES[name] for problem in problems_of(topology)] == []


@given(data())
def test_the_order_of_telling_does_not_matter(draw: DataObject) -> None:
    """Of addresses of one interface it does: the first of a subnet is the one that the kernel sends with."""

    def shuffled(topology: Topology) -> Topology:
        parts = ("nodes", "links", "tunnels", "devices", "routes", "mpls_routes")
        return replace(topology, **{name: tuple(draw.draw(permutations(getattr(topology, name)))) for name in parts})

    old, new = draw.draw(sampled_from(list(CASES.values())))
    told = difference(shuffled(old), shuffled(new))
    assert sorted(told.commands) == sorted(difference(old, new).commands)
    assert [sorted(map(repr, phase)) for phase in told.phases] == [
        sorted(map(repr, phase)) for phase in difference(old, new).phases
    ]


def test_start_begins_with_namespaces_and_ends_with_routes() -> None:
    lines = difference(EMPTY, FULL).commands
    kinds = ["netns add", "link add", "address add", "route replace"]
    first = [next(i for i, line in enumerate(lines) if kind in line) for kind in kinds]
    assert first == sorted(first)


def test_two_hundred_tenants_cost_a_few_messages_each() -> None:
    names = [f"tenant{number}" for number in range(200)]
    vrfs = [Vrf("gw1", name, 1001 + number) for number, name in enumerate(names)]
    gres = [replace(GRE, name=f"gre-{name}", key=number, master=name) for number, name in enumerate(names)]
    plan = difference(FULL, replace(FULL, tunnels=(*FULL.tunnels, *gres), devices=tuple(vrfs)))
    assert len(plan.phases) == 1
    assert len(plan.steps) == 4 + 200 * (4 + 4)  # rules; VRF, two last resorts, up; tunnel, master, address, up


def test_vrfs_are_there_before_what_belongs_to_them_and_go_after_it() -> None:
    lines = difference(EMPTY, TENANTS).commands
    order = [
        "type vrf table 1001",
        "set gre1 master red",
        "address add 10.255.0.1/30 dev gre1",
        "via 10.255.0.2 table 1001",
    ]
    places = [next(i for i, line in enumerate(lines) if words in line) for words in order]
    assert places == sorted(places)
    gone = difference(TENANTS, FULL).commands
    assert gone.index("ip -n gw1 link delete red") > gone.index("ip -n gw1 link delete wan.20")


@pytest.mark.parametrize(
    ("impairment", "packets"),
    [
        (Impairment(), 20_834),  # 10 Gbit/s for 25 ms of 1500 bytes
        (Impairment(rate_mbps=1), 1000),
        (Impairment(rate_mbps=1000, delay_ms=10), 2917),  # 1 Gbit/s for 35 ms
        (Impairment(rate_mbps=1000, delay_ms=10, jitter_ms=5), 3334),
        (Impairment(rate_mbps=1000, limit_packets=17), 17),
    ],
)
def test_queue_holds_the_bandwidth_delay_product(impairment: Impairment, packets: int) -> None:
    assert queue_limit(impairment) == packets
