"""Bridges and VXLAN interfaces of nodes, their ports and tables: plans, requests, and what cannot be."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from sentences import is_sentence, listed

from raslab.model.switching import Bridge, ForwardingEntry, Neighbour, PortSettings, Vxlan
from raslab.model.topology import EMPTY, Interface, Link, Node, NodeKind, Topology, Tunnel, Vrf
from raslab.model.validation import problems_of
from raslab.net.netlink import bridging, rtnetlink, wire
from raslab.net.plan import difference

GOLDEN = Path(__file__).parent / "golden" / "switching.txt"

MAC, FAR_MAC = "02:00:00:01:00:00", "02:00:00:02:00:00"
VM = Interface("vm", "eth0", ("10.1.1.11/24",), mac=MAC)
PORT = Interface("host1", "vm.5001", master="vs5001")
WAN1 = Interface("host1", "pa0", ("192.0.2.1/24",), mtu=1600)
WAN2 = Interface("host2", "pa0", ("192.0.2.2/24",), mtu=1600)
RED1, RED2 = Vrf("host1", "red", 1001), Vrf("host2", "red", 1001)
BRIDGE1 = Bridge("host1", "vs5001", ("10.1.1.1/24",), mac="02:52:00:00:00:01", master="red")
BRIDGE2 = replace(BRIDGE1, node="host2")
VXLAN = Vxlan("host1", "vx5001", 5001, "192.0.2.1", master="vs5001")
NVGRE = Tunnel("host1", "nv5001", "gretap", "192.0.2.1", "192.0.2.2", key=1280256, mtu=1500, master="vs5001")
QUIET = PortSettings(
    "host1", "vx5001", learning=False, floods_unknown=False, floods_groups=False, answers_for=True, isolated=True
)
LOCKED = PortSettings("host1", "vm.5001", learning=False, locked=True)
LOCAL = ForwardingEntry("host1", "vm.5001", MAC)
BEHIND = (ForwardingEntry("host1", "vx5001", FAR_MAC), ForwardingEntry("host1", "vx5001", FAR_MAC, "192.0.2.2"))
KNOWN = Neighbour("host1", "vs5001", "10.1.1.12", FAR_MAC)
GOOD = Topology(
    nodes=(Node("vm"), Node("host1", NodeKind.ROUTER), Node("host2", NodeKind.ROUTER)),
    links=(Link(VM, PORT), Link(WAN1, WAN2)),
    devices=(RED1, BRIDGE1, VXLAN, RED2, BRIDGE2),
    ports=(QUIET, LOCKED),
    forwarding=(LOCAL, *BEHIND),
    neighbours=(KNOWN,),
)
MOVED = replace(
    GOOD,
    links=(Link(VM, replace(PORT, node="host2")), Link(WAN1, WAN2)),
    ports=(QUIET, replace(LOCKED, node="host2")),
    forwarding=(replace(LOCAL, node="host2"), *BEHIND),
)
PLANS = {
    "start": (EMPTY, GOOD),
    "nothing to do": (GOOD, GOOD),
    "stop": (GOOD, EMPTY),
    "end plugged into another node": (GOOD, MOVED),
    "and back": (MOVED, GOOD),
    "port behaves otherwise": (GOOD, replace(GOOD, ports=(QUIET, replace(LOCKED, locked=False)))),
    "port behaves as any other again": (GOOD, replace(GOOD, ports=(QUIET,))),
    "station behind another end": (
        GOOD,
        replace(GOOD, forwarding=(LOCAL, BEHIND[0], replace(BEHIND[1], remote="192.0.2.9"))),
    ),
    "station not known any more": (GOOD, replace(GOOD, forwarding=(LOCAL,), neighbours=())),
    "neighbour with another MAC address": (GOOD, replace(GOOD, neighbours=(replace(KNOWN, mac=MAC),))),
    "bridge off": (GOOD, replace(GOOD, devices=(RED1, replace(BRIDGE1, up=False), VXLAN, RED2, BRIDGE2))),
    "bridge on: its neighbours come back": (
        replace(GOOD, devices=(RED1, replace(BRIDGE1, up=False), VXLAN, RED2, BRIDGE2)),
        GOOD,
    ),
    "VXLAN made anew with what is behind it": (
        GOOD,
        replace(GOOD, devices=(RED1, BRIDGE1, replace(VXLAN, vni=5002), RED2, BRIDGE2)),
    ),
    "port taken out of its bridge": (
        GOOD,
        replace(
            GOOD, links=(Link(VM, replace(PORT, master=None)), Link(WAN1, WAN2)), ports=(QUIET,), forwarding=BEHIND
        ),
    ),
    "NVGRE added": (
        replace(GOOD, devices=(RED1, BRIDGE1), ports=(), forwarding=(), neighbours=()),
        replace(GOOD, devices=(RED1, BRIDGE1), tunnels=(NVGRE,), ports=(), forwarding=(), neighbours=()),
    ),
}
PROBLEMS: dict[str, Topology] = {
    "bridge on no node": replace(GOOD, devices=(*GOOD.devices, replace(BRIDGE1, node="host9", master=None))),
    "bridge of a bridge": replace(GOOD, devices=(*GOOD.devices, Bridge("host1", "b2", master="vs5001"))),
    "GRE as a port": replace(GOOD, tunnels=(replace(NVGRE, kind="gre"),)),
    "port with an address": replace(GOOD, links=(Link(VM, replace(PORT, addresses=("10.1.1.2/24",))), GOOD.links[1])),
    "VNI too large": replace(GOOD, devices=(RED1, BRIDGE1, replace(VXLAN, vni=2**24), RED2, BRIDGE2)),
    "VNI twice": replace(GOOD, devices=(*GOOD.devices, replace(VXLAN, name="vx"))),
    "UDP port that is none": replace(GOOD, devices=(RED1, BRIDGE1, replace(VXLAN, port=0), RED2, BRIDGE2)),
    "local address that is not there": replace(
        GOOD, devices=(RED1, BRIDGE1, replace(VXLAN, local="192.0.2.9"), RED2, BRIDGE2)
    ),
    "local address that cannot be read": replace(
        GOOD, devices=(RED1, BRIDGE1, replace(VXLAN, local="192.0.2.1/24"), RED2, BRIDGE2)
    ),
    "settings of no port": replace(GOOD, ports=(PortSettings("host1", "pa0"),)),
    "settings of an unknown interface": replace(GOOD, ports=(PortSettings("host1", "pa9"),)),
    "settings on an unknown node": replace(GOOD, ports=(PortSettings("host9", "pa0"),)),
    "entry behind no port": replace(GOOD, forwarding=(ForwardingEntry("host1", "pa0", MAC),)),
    "entry of a group": replace(GOOD, forwarding=(replace(LOCAL, mac="01:00:5e:00:00:01"),)),
    "entry far away behind no VXLAN": replace(GOOD, forwarding=(replace(LOCAL, remote="192.0.2.2"),)),
    "entry that leads nowhere": replace(GOOD, forwarding=(replace(BEHIND[1], remote="there"),)),
    "neighbour behind nothing": replace(GOOD, neighbours=(replace(KNOWN, interface="vs9"),)),
    "neighbour on an unknown node": replace(GOOD, neighbours=(replace(KNOWN, node="host9"),)),
    "neighbour that cannot be read": replace(GOOD, neighbours=(replace(KNOWN, address="10.1.1.12/24", mac="x"),)),
}


def rendered() -> str:
    """All plans and all sentences."""
    plans = "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in difference(old, new).commands) + "\n"
        for name, (old, new) in PLANS.items()
    )
    return plans + listed({name: problems_of(topology) for name, topology in PROBLEMS.items()})


def test_plans_and_sentences_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", PLANS)
def test_topologies_of_the_plans_are_good(name: str) -> None:
    assert [problem for topology in PLANS[name] for problem in problems_of(topology)] == []


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_mistake_is_found_and_is_a_sentence(name: str) -> None:
    problems = problems_of(PROBLEMS[name])
    assert problems
    assert all(map(is_sentence, problems))


def test_a_port_speaks_to_nobody_before_it_has_its_settings() -> None:
    lines = difference(EMPTY, GOOD).commands
    order = [
        next(i for i, line in enumerate(lines) if word in line)
        for word in (
            "link add vx5001",
            "net.ipv6.conf.vx5001.disable_ipv6=1",
            "link set vx5001 master",
            "link set dev vx5001 learning off",
            "link set vx5001 up",
        )
    ]
    assert order == sorted(order)


def test_a_station_that_moves_is_known_all_the_time() -> None:
    lines = difference(GOOD, PLANS["station behind another end"][1]).commands
    (new,) = (i for i, line in enumerate(lines) if "fdb replace" in line and "192.0.2.9" in line)
    (old,) = (i for i, line in enumerate(lines) if "fdb delete" in line)
    assert new < old


def decoded(kind: Any, data: bytes) -> Any:
    """A request as pyroute2 reads it."""
    message = kind(data)
    message.decode()
    return message


def test_request_of_a_bridge() -> None:
    message = decoded(ifinfmsg, bridging.add_plain_bridge(101, "vs5001", mac=MAC, mtu=1500))
    assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "bridge"
    data = message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    assert (data.get_attr("IFLA_BR_MCAST_SNOOPING"), data.get_attr("IFLA_BR_VLAN_DEFAULT_PVID")) == (0, 0)
    assert (message.get_attr("IFLA_ADDRESS"), message.get_attr("IFLA_MTU")) == (MAC, 1500)


@pytest.mark.parametrize(("local", "name"), [("192.0.2.1", "LOCAL"), ("2001:db8::1", "LOCAL6")])
def test_request_of_a_vxlan(local: str, name: str) -> None:
    message = decoded(ifinfmsg, bridging.add_vxlan(101, "vx5001", 5001, local, 4789, mtu=1500))
    assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "vxlan"
    data = message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    found = {word: data.get_attr(f"IFLA_VXLAN_{word}") for word in ("ID", name, "LEARNING", "PORT", "UDP_CSUM")}
    assert found == {"ID": 5001, name: local, "LEARNING": 0, "PORT": 4789, "UDP_CSUM": 0}


def test_request_for_a_port() -> None:
    data = bridging.set_port(
        103,
        learning=False,
        floods_unknown=False,
        floods_groups=True,
        answers_for=True,
        isolated=True,
        locked=False,
    )
    (message,) = wire.messages(data)
    assert message.payload[0] == socket.AF_BRIDGE
    settings = wire.attributes(wire.attributes(message.payload[16:])[bridging.IFLA_PROTINFO])
    assert {kind: value[0] for kind, value in settings.items()} == {8: 0, 9: 0, 27: 1, 30: 1, 32: 1, 33: 1, 39: 0}


@pytest.mark.parametrize(("remote", "flags", "state"), [(None, 0x04, 0x40), ("192.0.2.2", 0x02, 0x80)])
def test_requests_for_entries(remote: str | None, flags: int, state: int) -> None:
    for request in (bridging.add_forwarding, bridging.delete_forwarding):
        message = decoded(ndmsg, request(103, FAR_MAC, remote))
        assert (message["family"], message["ifindex"]) == (socket.AF_BRIDGE, 103)
        assert (message["flags"], message["state"]) == (flags, state)
        assert (message.get_attr("NDA_LLADDR"), message.get_attr("NDA_DST")) == (FAR_MAC, remote)


def test_request_to_forget_a_neighbour() -> None:
    message = decoded(ndmsg, bridging.delete_neighbour(103, "2001:db8::2"))
    assert (message["family"], message.get_attr("NDA_DST")) == (socket.AF_INET6, "2001:db8::2")


def test_request_to_move_an_interface() -> None:
    assert decoded(ifinfmsg, rtnetlink.set_link(103, namespace_fd=7)).get_attr("IFLA_NET_NS_FD") == 7
