"""What virtual networks put on the wire, bit by bit, and what they take from it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import GRE, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw
from tenants import SQL, WEB, Tenants, tenants

from raslab.hnv import nvgre_key
from raslab.hnv.state import MAX_VSID, MIN_VSID
from raslab.measure import capture

pytestmark = [
    pytest.mark.usefixtures("root"),
    pytest.mark.needs("vrf", "bridge vlans", "vxlan", "gretap"),
]

needs_open_vswitch = pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="needs openvswitch-switch")
HOST1, HOST2 = "192.168.1.10", "192.168.2.20"
OTHER_FLOW_IDS = 17  # of 255


@pytest.fixture
def vxlan() -> Iterator[Tenants]:
    """Two tenants on two hosts, by VXLAN."""
    with tenants(encapsulation="vxlan") as found:
        yield found


@pytest.fixture
def nvgre() -> Iterator[Tenants]:
    """The same by NVGRE."""
    with tenants(encapsulation="nvgre") as found:
        yield found


@pytest.fixture
def varying() -> Iterator[Tenants]:
    """The same by NVGRE with FlowIDs."""
    with tenants(encapsulation="nvgre", flow_id="vary") as found:
        yield found


def outer_and_inner(bed: Tenants, send: Callable[[], object]) -> tuple[list[bytes], list[bytes]]:
    """Frames from host1 on the provider network, and those that sql has sent, as bytes."""
    carried = f"(udp port 4789 or proto gre) and src host {HOST1}"
    with (
        capture(bed.network["host1"], carried, interface="pa0") as outer,
        capture(bed.network["contoso-sql"], f"ip and src host {SQL}", interface="eth0") as inner,
    ):
        send()
    return [bytes(one) for one in outer.packets], [bytes(one) for one in inner.packets]


def udp(bed: Tenants, source_port: int, count: int = 1) -> None:
    """Send datagrams from sql to web."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind((SQL, source_port))
            for _ in range(count):
                one.sendto(b"x" * 100, (WEB, 9))

    bed.network["contoso-sql"].call(send)


def test_nvgre_has_the_bits_of_rfc_7637(nvgre: Tenants) -> None:
    (outer,), (inner,) = outer_and_inner(nvgre, lambda: nvgre.pings("contoso-sql", WEB))
    ip, gre, payload = outer[14:34], outer[34:42], outer[42:]
    assert ip[0] == 0x45
    assert ip[9] == 47  # GRE
    assert ip[12:16] == ip_address(HOST1).packed
    assert ip[16:20] == ip_address(HOST2).packed
    bits = f"{int.from_bytes(gre):064b}"
    checksum, reserved, key, sequence = bits[:4]
    assert (checksum, key, sequence) == ("0", "1", "0")
    assert reserved == "0"
    assert bits[4:16] == "0" * 12  # reserved, and version 0
    assert gre[:2].hex() == "2000"
    assert gre[2:4].hex() == "6558"  # transparent Ethernet bridging
    assert int(bits[32:56], 2) == 5001  # the VSID
    assert int(bits[56:], 2) == 0  # the FlowID
    assert payload == inner  # the frame as the machine has sent it, without VLAN tag and check sequence


def test_vxlan_has_the_bits_of_rfc_7348(vxlan: Tenants) -> None:
    (outer,), (inner,) = outer_and_inner(vxlan, lambda: vxlan.pings("contoso-sql", WEB))
    ip, datagram, header, payload = outer[14:34], outer[34:42], outer[42:50], outer[50:]
    assert ip[9] == 17  # UDP
    assert ip[6:8].hex() == "4000"  # may not be fragmented
    assert ip[12:16] == ip_address(HOST1).packed
    assert ip[16:20] == ip_address(HOST2).packed
    assert int.from_bytes(datagram[2:4]) == 4789
    assert int.from_bytes(datagram[:2]) >= 32768
    assert datagram[6:8] == b"\0\0"  # no checksum
    assert header[0] == 0x08  # only the I flag
    assert header[1:4] == b"\0\0\0"
    assert int.from_bytes(header[4:7]) == 5001
    assert header[7] == 0
    assert payload == inner


def test_vxlan_tells_flows_apart_by_the_source_port(vxlan: Tenants) -> None:
    def ports(source_port: int) -> set[int]:
        outer, _ = outer_and_inner(vxlan, lambda: udp(vxlan, source_port, count=3))
        return {Ether(one)[UDP].sport for one in outer}

    found = [ports(number) for number in range(5000, 5008)]
    assert all(len(one) == 1 for one in found)
    assert len(set.union(*found)) > 4


def test_nvgre_tells_flows_apart_by_flow_ids(varying: Tenants) -> None:
    def keys(source_port: int) -> set[int]:
        outer, _ = outer_and_inner(varying, lambda: udp(varying, source_port, count=3))
        return {Ether(one)[GRE].key for one in outer}

    found = [keys(number) for number in range(5000, 5008)]
    assert all(len(one) == 1 for one in found)
    everything = set.union(*found)
    assert {key >> 8 for key in everything} == {5001}
    assert len(everything) > 4
    assert varying.pings("contoso-sql", WEB, count=3) == 3


def test_without_them_all_flows_have_flow_id_0(nvgre: Tenants) -> None:
    outer, _ = outer_and_inner(nvgre, lambda: [udp(nvgre, number) for number in range(5000, 5008)])
    assert {Ether(one)[GRE].key for one in outer} == {nvgre_key(5001)}


def delivered(bed: Tenants, packet: Any, sender: str = "core", interface: str = "to-host1") -> int:
    """How many of the echo requests in a forged packet, sent by a node, reach one of the machines on host1."""
    frames = packet if isinstance(packet, list) else [packet]

    def send() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
            one.bind((interface, 0))
            for frame in frames:
                one.send(bytes(frame))

    with (
        capture(bed.network["contoso-sql"], "icmp", interface="eth0") as first,
        capture(bed.network["fabrikam-sql"], "icmp", interface="eth0") as second,
    ):
        bed.network[sender].call(send)
        assert bed.pings("contoso-sql", WEB) == 1  # what was sent before has arrived by then
    return sum(one[ICMP].type == 8 and one[ICMP].id == 77 for one in (*first.packets, *second.packets))


def forged(bed: Tenants, vsid: int, *, flow_id: int = 0, source: str = HOST2, tenant: str = "contoso") -> Any:
    """An echo request to a tenant's sql on host1, as host2 would send it for that tenant's web."""
    macs = {one.node: one.mac for one in bed.dc.get_attachment()}
    wire = bed.network["host1"].intf("pa0").mac
    inner = Ether(src=macs[f"{tenant}-web"], dst=macs[f"{tenant}-sql"]) / IP(src=WEB, dst=SQL) / ICMP(id=77)
    outer = Ether(dst=wire) / IP(src=source, dst=HOST1)
    if bed.dc.state.encapsulation == "vxlan":
        return outer / UDP(sport=40000, dport=4789, chksum=0) / VXLAN(flags=8, vni=vsid) / inner
    return outer / GRE(key_present=1, proto=0x6558, key=nvgre_key(vsid, flow_id)) / Raw(bytes(inner))


@needs_open_vswitch
def test_open_vswitch_takes_only_the_own_vsid_too() -> None:
    with tenants(encapsulation="nvgre", flow_id="vary", switch="ovs") as bed:
        assert delivered(bed, [forged(bed, 5001, flow_id=number) for number in (0, 1, 255)]) == 3
        assert delivered(bed, [forged(bed, vsid) for vsid in (5000, 5002, 6001, 0)]) == 0
        bed.network["host1"].run(["nft", "flush", "chain", "inet", "hnv_provider", "received"])
        assert delivered(bed, forged(bed, 5001, source="192.168.9.9")) == 0  # the flows name the other hosts


@pytest.mark.parametrize("encapsulation", ["vxlan", "nvgre"])
def test_only_the_own_vsid_is_taken(encapsulation: str) -> None:
    with tenants(encapsulation=encapsulation) as bed:
        assert delivered(bed, forged(bed, 5001)) == 1  # so forging works
        wrong = [MIN_VSID, 5000, 5002, 6001, 6002, MAX_VSID, 0]
        assert delivered(bed, [forged(bed, vsid) for vsid in wrong]) == 0
        assert delivered(bed, forged(bed, 6001, tenant="fabrikam")) == 1
        assert delivered(bed, forged(bed, 5001, tenant="fabrikam")) == 0


@pytest.mark.parametrize("encapsulation", ["vxlan", "nvgre"])
def test_strangers_are_not_heard(encapsulation: str) -> None:
    with tenants(encapsulation=encapsulation) as bed:
        assert delivered(bed, forged(bed, 5001, source="192.168.9.9")) == 0
        assert delivered(bed, forged(bed, 5001, source="192.168.1.1")) == 0
        bed.network["host1"].run(["nft", "flush", "chain", "inet", "hnv_provider", "received"])
        # An end of VXLAN takes what comes from anywhere, one of NVGRE knows its other end.
        assert delivered(bed, forged(bed, 5001, source="192.168.9.9")) == (encapsulation == "vxlan")


def test_every_flow_id_is_taken_where_they_vary(varying: Tenants) -> None:
    numbers = range(0, 256, 256 // OTHER_FLOW_IDS)
    assert delivered(varying, [forged(varying, 5001, flow_id=number) for number in numbers]) == len(numbers)
    assert delivered(varying, [forged(varying, 5002, flow_id=number) for number in numbers]) == 0


def test_where_they_do_not_vary_only_flow_id_0_is(nvgre: Tenants) -> None:
    assert delivered(nvgre, [forged(nvgre, 5001, flow_id=number) for number in (0, 1, 255)]) == 1


@pytest.mark.parametrize("encapsulation", ["vxlan", "nvgre"])
def test_nothing_is_passed_on_from_host_to_host(encapsulation: str) -> None:
    """A frame for a machine that lives elsewhere ends where it arrives, also if a host is told so by mistake."""
    with tenants(encapsulation=encapsulation, hosts=3) as bed:
        bed.dc.migrate("contoso-sql", "host3")
        bed.dc.attach(
            "fabrikam-app", 5001, host="host1", addresses="10.1.1.14/24", interface="eth1", default_route=False
        )
        frame = forged(bed, 5001)
        with capture(bed.network["host1"], "src host 192.168.1.10 and dst host 192.168.3.30", interface="pa0") as seen:
            assert delivered(bed, frame) == 0
        assert seen.packets == []
        assert bed.pings("fabrikam-app", SQL, "-I", "eth1") == 1
