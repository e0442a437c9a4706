"""Isolation is proven where it is there, and each way to break it is found with its tenant, its path and its packet."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from benchmarks.vrf_tenants import EDGE_WAN, GATEWAY_WAN, STRANGER_WAN, TwoTenants, tenants, typed
from raslab.errors import BadMeasurementError, NotIsolatedError
from raslab.measure.isolation import IsolationReport, Leak, check_isolation
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre")]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network(TwoTenants()) as running:
        yield running


def look(network: Network, **options: object) -> IsolationReport:
    return check_isolation(network, tenants(), underlay=[GATEWAY_WAN, EDGE_WAN], strangers=["x"], **options)


def test_tenants_in_vrfs_are_isolated(network: Network) -> None:
    report = look(network)
    report.require()
    assert report
    assert report.verdict.startswith("Nothing crossed: ")
    summary = report.summary.set_index("probe")
    own = ["ICMP", "TCP", "BGP", "UDP", "ICMPv6", "TCP, IPv6", "BGP, IPv6", "UDP, IPv6", "ARP", "GRE"]
    assert (summary.loc[own, "own_arrived"] == summary.loc[own, "own_sent"]).all()
    assert (summary.loc[[*own, "neighbour solicitation"], "own_sent"] > 0).all()
    assert (summary.loc[[*own, "spoofed source", "management ports"], "crossing_sent"] > 0).all()
    assert not summary["leaked"].any()
    pairs = {("Contoso", "Fabrikam"), ("Fabrikam", "Contoso"), ("a stranger", "Contoso"), ("a stranger", "Fabrikam")}
    assert pairs <= set(zip(report.frame["sender"], report.frame["target"], strict=True))


def test_a_leaked_route_is_found_with_its_path_and_packet(network: Network) -> None:
    typed(network, "gw", "ip route add 10.0.4.1/32 dev b-own table 1001")
    try:
        report = look(network)
    finally:
        typed(network, "gw", "ip route del 10.0.4.1/32 dev b-own table 1001")
    assert not report
    leak = one(report, probe="ICMP", starts="a1:eth0")
    assert (leak.sender, leak.tenant, leak.how) == ("Contoso", "Fabrikam", "delivered")
    assert leak.path == ("a1:eth0", "gw:a-lan", "gw:vrf-a", "gw:b-own", "b3:eth0")
    assert "ICMP 10.0.1.1 > 10.0.4.1 echo-request" in leak.packet
    assert {found.tenant for found in report.leaks} == {"Fabrikam"}
    with pytest.raises(NotIsolatedError, match="of Contoso reached Fabrikam by a1:eth0 > gw:a-lan > gw:vrf-a"):
        report.require()


def test_a_leaked_route_into_a_tunnel_is_followed_through_the_provider(network: Network) -> None:
    typed(network, "gw", "ip route add 10.0.4.0/24 dev edge-b table 1001")
    try:
        leak = one(look(network), probe="UDP", starts="a3:eth0")
    finally:
        typed(network, "gw", "ip route del 10.0.4.0/24 dev edge-b table 1001")
    way = "a3:eth0 gw:a-own gw:vrf-a gw:edge-b"
    assert " ".join(leak.path).startswith(way)
    assert leak.tenant == "Fabrikam"


def test_a_leaked_ipv6_route_is_found(network: Network) -> None:
    typed(network, "gw", "ip -6 route add fd00:0:0:3::/64 dev a-own table 1002")
    try:
        report = look(network)
    finally:
        typed(network, "gw", "ip -6 route del fd00:0:0:3::/64 dev a-own table 1002")
    leak = one(report, probe="TCP, IPv6", starts="b1:eth0")
    assert (leak.sender, leak.tenant) == ("Fabrikam", "Contoso")
    assert leak.path[-2:] == ("gw:a-own", "a3:eth0")
    assert {found.probe for found in report.leaks} <= {
        *("ICMPv6", "TCP, IPv6", "BGP, IPv6", "UDP, IPv6", "spoofed source")
    }


def test_swapped_keys_are_found(network: Network) -> None:
    ends = f"local {GATEWAY_WAN} remote {EDGE_WAN} ttl 64"

    def set_keys(**keys: int) -> None:
        for tunnel, key in (("edge_a", 9999), *keys.items()):  # two tunnels cannot have one key for a moment
            typed(network, "gw", f"ip link set {tunnel.replace('_', '-')} type gre {ends} key {key}")

    set_keys(edge_b=2001, edge_a=2002)
    try:
        report = look(network)
    finally:
        set_keys(edge_b=2002, edge_a=2001)
    leak = one(report, probe="UDP", starts="a4:eth0")
    assert (leak.sender, leak.tenant) == ("Contoso", "Fabrikam")
    assert {"pe:wan0", "gw:wan0", "gw:edge-b"} <= set(leak.path)
    assert "UDP 10.0.5.1" in leak.packet
    look(network).require()


def test_an_interface_in_the_wrong_vrf_is_found(network: Network) -> None:
    typed(network, "gw", "ip link set b-own master vrf-a")
    try:
        report = look(network)
    finally:
        typed(network, "gw", "ip link set b-own master vrf-b")
    leak = one(report, probe="TCP", starts="b3:eth0")
    assert (leak.sender, leak.tenant) == ("Fabrikam", "Contoso")
    assert "gw:vrf-a" in leak.path
    look(network).require()


def test_a_rule_that_looks_up_the_main_table_is_found(network: Network) -> None:
    typed(network, "gw", "ip rule add pref 500 iif a-lan lookup main", "ip route add 10.0.4.1/32 dev b-own")
    try:
        leak = one(look(network), probe="BGP", starts="a1:eth0")
    finally:
        typed(network, "gw", "ip rule del pref 500", "ip route del 10.0.4.1/32 dev b-own")
    assert leak.path == ("a1:eth0", "gw:a-lan", "gw:vrf-a", "gw:b-own", "b3:eth0")
    assert "TCP 10.0.1.1:47613 > 10.0.4.1:179 S" in leak.packet


def test_a_gateway_that_answers_tenants_by_its_own_address_is_found(network: Network) -> None:
    # The kernel's default order of rules: the node's own addresses come first, in whichever VRF a packet is.
    typed(network, "gw", "ip rule add pref 0 lookup local")
    try:
        report = look(network)
    finally:
        typed(network, "gw", "ip rule del pref 0")
    leak = one(report, probe="ICMP", starts="a1:eth0")
    assert (leak.sender, leak.tenant, leak.how) == ("Contoso", "the provider", "answered")
    assert f"ICMP {GATEWAY_WAN} > 10.0.1.1 echo-reply" in leak.packet
    assert "management ports" in {found.probe for found in report.leaks}


def test_an_open_management_port_is_found(network: Network) -> None:
    with network["gw"].call(listen, "vrf-a", 2605):
        leak = one(look(network), probe="management ports", starts="a1:eth0")
    assert (leak.tenant, leak.how) == ("the provider", "answered")
    assert "TCP 10.0.1.254:2605 > 10.0.1.1:47613 SA" in leak.packet


def test_a_management_port_that_is_open_to_the_outside_is_found(network: Network) -> None:
    with network["gw"].call(listen, "wan0", 22):
        report = look(network)
    leak = one(report, probe="management ports", starts="x:eth0")
    assert (leak.sender, leak.tenant, leak.how) == ("a stranger", "the provider", "answered")
    assert f"TCP {GATEWAY_WAN}:22 > {STRANGER_WAN}:47613 SA" in leak.packet


def test_a_tunnel_that_takes_packets_from_anywhere_is_found(network: Network) -> None:
    typed(
        network, "gw", f"ip link add loose type gre local {GATEWAY_WAN} key 1002", "ip link set loose master vrf-b up"
    )
    try:
        report = look(network)
    finally:
        typed(network, "gw", "ip link del loose")
    leak = one(report, probe="GRE", starts="x:eth0")
    assert (leak.sender, leak.tenant) == ("a stranger", "Fabrikam")
    assert {"isp:gw", "gw:wan0", "gw:loose"} <= set(leak.path)
    look(network).require()


def test_a_dead_network_is_not_isolated(network: Network) -> None:
    typed(network, "gw", "ip link set a-own down")
    try:
        report = look(network, deadline_s=1.0)
    finally:
        typed(network, "gw", "ip link set a-own up")
    assert not report.leaks
    assert not report
    assert report.verdict.startswith("Nothing crossed, which proves nothing: ")
    assert "a3" in report.verdict


def test_what_cannot_be_checked_is_refused(network: Network) -> None:
    contoso, fabrikam = tenants()
    with pytest.raises(BadMeasurementError, match="describe at least two"):
        check_isolation(network, [contoso])
    with pytest.raises(BadMeasurementError, match="cannot belong to both Contoso and Fabrikam"):
        check_isolation(network, [contoso, type(fabrikam)("Fabrikam", nodes=("a1",))])
    with pytest.raises(BadMeasurementError, match="start it first"):
        check_isolation(Network(TwoTenants()), [contoso, fabrikam])


def listen(device: str, port: int) -> socket.socket:
    """A TCP server of the calling thread's namespace that serves what comes by one device."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    server.bind(("", port))
    server.listen()
    return server


def one(report: IsolationReport, probe: str, starts: str) -> Leak:
    """The first leak of a kind of probe from an interface."""
    found = [leak for leak in report.leaks if leak.probe == probe and leak.path[0] == starts]
    assert found, f"no leak of {probe} from {starts}: {report.verdict}"
    return found[0]
