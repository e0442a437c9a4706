"""Packets of tunnels that encrypt: what they look like, which are sent again, and what they are taken for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scapy.contrib.ikev2 import IKEv2, IKEv2_Nonce, IKEv2_SA, IKEv2_Transform
from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP

from raslab.measure.isolation.judging import Findings
from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.probes import REPLAYED, Probe, controls, crossings, replays
from raslab.measure.isolation.scene import Door, Scene
from raslab.measure.isolation.sealed import read_sealed
from raslab.measure.isolation.sights import Tokens
from raslab.measure.isolation.tenants import STRANGER, Home, SealedEnd, Tenant
from raslab.measure.isolation.wire import Datagram, Sealed

GATEWAY, STRANGE = "203.0.113.1", "198.51.100.9"
SITES = {"Red": "198.51.100.1", "Blue": "198.51.100.2"}
TOKENS = Tokens(b"RUN1")


def tenant(name: str) -> Tenant:
    homes = (Home("10.0.1.1", f"{name}-vm"), Home("10.0.2.1", f"{name}-pc"))
    nodes = (f"{name}-vm", f"{name}-pc", f"{name}-site")
    end = SealedEnd(GATEWAY, SITES[name], ("gw", f"to-{name}"))
    return Tenant(name, nodes, (("gw", f"to-{name}"),), homes, ((f"{name}-site", "wan"),), sealed=(end,))


def door(node: str, source: str, owner: str | None, outside: bool = False) -> Door:
    return Door(node, "wan", b"\2\0\0\0\0\1", b"\2\0\0\0\0\2", (source,), tenant=owner, outside=outside)


SCENE = Scene(
    (tenant("Red"), tenant("Blue")),
    (
        door("Red-pc", "10.0.2.1", "Red"),
        *(door(f"{name}-site", site, name, outside=True) for name, site in SITES.items()),
        door("x", STRANGE, None),
    ),
    (GATEWAY,),
)


def esp(name: str, spi: int = 7, sequence: int = 1) -> Sealed:
    """A genuine packet of a tenant's site."""
    payload = spi.to_bytes(4) + sequence.to_bytes(4) + name.encode().ljust(40, b".")
    return Sealed(SITES[name], GATEWAY, None, payload)


def wireguard(name: str, port: int) -> Sealed:
    return Sealed(SITES[name], GATEWAY, port, b"\4\0\0\0" + name.encode().ljust(40, b"."))


def heard(packet: Sealed | Datagram, place: str, number: int = 0, outgoing: bool = False) -> Heard:
    node, interface = place.split(":")
    data = packet.encode(TOKENS.token(number), 0)
    return Heard(node, interface, outgoing, 0, bytes(12) + b"\x08\x00" + data, True)


@pytest.fixture
def findings() -> Findings:
    return Findings(SCENE, TOKENS, {})


def carry(findings: Findings, *packets: Sealed) -> Probe:
    """Let Red's own probe come out of each of these."""
    probe = next(one for one in controls(SCENE) if one.kind == "ICMP")
    number = findings.add(probe)
    for packet in packets:
        findings.hear([heard(packet, "gw:wan"), heard(probe.packet, "gw:to-Red", number)])
    return probe


@pytest.mark.parametrize("packet", [esp("Red"), replace(esp("Red"), port=4500), wireguard("Red", 51820)])
def test_what_is_heard_is_what_was_sent(packet: Sealed) -> None:
    assert read_sealed(heard(packet, "gw:wan")) == packet
    six = replace(packet, source="2001:db8::1", destination="2001:db8::2")
    data = bytes(12) + b"\x86\xdd" + six.encode(TOKENS.token(1), 0) + b"padding"
    assert read_sealed(Heard("gw", "wan", False, 0, data, True)) == six


@pytest.mark.parametrize("port", [500, 4789, 53])
def test_other_datagrams_are_none(port: int) -> None:
    assert read_sealed(heard(Datagram("udp", SITES["Red"], GATEWAY, port), "gw:wan")) is None


def test_foreign_packets_are_whole() -> None:
    sent = [one for one in crossings(SCENE) if isinstance(one.packet, Sealed)]
    assert {one.kind for one in sent} == {"ESP", "ESP in UDP", "IKE_SA_INIT"}
    assert {one.sender for one in sent} == {"Red", "Blue", STRANGER}
    assert all(one.door.is_outer for one in sent)
    token = TOKENS.token(5)
    for probe in sent:
        packet = IP(probe.packet.encode(token, 0))
        assert bytes(packet).endswith(token)
        if probe.kind == "IKE_SA_INIT":
            ike = IKEv2(bytes(packet[UDP].payload))
            assert (ike.exch_type, ike.length) == (34, len(ike))
            assert [one.transform_type for one in _transforms(ike)] == [1, 2, 3, 4]
            assert ike[IKEv2_Nonce].nonce.endswith(token)
        else:
            assert packet[ESP].spi != 7


def test_where_a_tunnel_ends_somebody_may_say_so(findings: Findings) -> None:
    probe = next(one for one in crossings(SCENE) if (one.kind, one.sender) == ("ESP in UDP", STRANGER))
    number = findings.add(probe)
    refusal = Sealed(GATEWAY, STRANGE, 4500, b"", marked=True)
    findings.hear([heard(probe.packet, "x:wan", number, outgoing=True), heard(refusal, "x:wan", number)])
    assert findings.leaks([number]) == ()


def _transforms(ike: IKEv2) -> list[IKEv2_Transform]:
    found, layer = [], ike[IKEv2_SA].prop.trans
    while isinstance(layer, IKEv2_Transform):
        found.append(layer)
        layer = layer.payload
    return found


def test_only_what_a_probe_came_out_of_is_sent_again(findings: Findings) -> None:
    findings.hear([heard(esp("Red", sequence=1), "gw:wan")])
    assert list(replays(SCENE, findings.replays.carriers)) == []
    carry(findings, esp("Red", sequence=2))
    again = list(replays(SCENE, findings.replays.carriers))
    assert {one.sender for one in again} == {"Blue", STRANGER}
    assert {one.targets for one in again} == {("Red",)}
    sent = {one.packet for one in again}
    genuine = esp("Red", sequence=2)
    for source in (SITES["Red"], SITES["Blue"], STRANGE):
        assert replace(genuine, source=source) in sent
        assert replace(genuine, source=source, port=4500) in sent


def test_ones_own_spi_and_port_are_tried() -> None:
    red, blue = (tenant.sealed[0] for tenant in SCENE.tenants)
    mixed = [one.packet for one in replays(SCENE, {red: [esp("Red")], blue: [esp("Blue", spi=9)]})]
    assert any(one.payload[:4] == (9).to_bytes(4) and b"Red" in one.payload for one in mixed)
    ports = [one.packet for one in replays(SCENE, {red: [wireguard("Red", 1)], blue: [wireguard("Blue", 2)]})]
    assert any(one.port == 2 and b"Red" in one.payload for one in ports)
    assert not any(one.port in (None, 4500) for one in ports)


def again_by(findings: Findings, sender: str) -> tuple[int, Probe]:
    probe = next(one for one in replays(SCENE, findings.replays.carriers) if one.sender == sender)
    return findings.add(probe), probe


@pytest.mark.parametrize("interface", ["to-Red", "to-Blue"])
def test_what_comes_out_again_is_a_leak_wherever_it_does(findings: Findings, interface: str) -> None:
    own = carry(findings, esp("Red"))
    number, probe = again_by(findings, "Blue")
    findings.hear([heard(probe.packet, "Blue-site:wan", number, outgoing=True), heard(probe.packet, "gw:wan", number)])
    assert findings.leaks([number]) == ()
    findings = _once_more(findings, own, number, probe, interface)
    (leak,) = findings.leaks([number])
    assert (leak.probe, leak.sender, leak.tenant) == (REPLAYED, "Blue", interface.removeprefix("to-"))
    assert leak.path == ("Blue-site:wan", "gw:wan", f"gw:{interface}")


def _once_more(before: Findings, own: Probe, number: int, again: Probe, interface: str) -> Findings:
    findings = Findings(SCENE, TOKENS, {})
    findings.add(own)
    assert findings.add(again) == number
    outer = [
        heard(again.packet, "Blue-site:wan", number, outgoing=True),
        heard(again.packet, "gw:wan", number),
    ]
    findings.hear([*outer, heard(own.packet, f"gw:{interface}", 0)])
    return findings


def test_genuine_packets_afterwards_are_none(findings: Findings) -> None:
    own = carry(findings, esp("Red"))
    number, probe = again_by(findings, STRANGER)
    findings.hear([heard(probe.packet, "x:wan", number, outgoing=True), heard(probe.packet, "gw:wan", number)])
    findings.replays.end()
    findings.hear([heard(esp("Red", sequence=9), "gw:wan"), heard(own.packet, "gw:to-Red", 0)])
    assert findings.leaks([number]) == ()
    assert findings.unsent([number]) == ()


def test_an_error_that_comes_late_is_none(findings: Findings) -> None:
    carry(findings, esp("Red"))
    number, probe = again_by(findings, STRANGER)
    late = Datagram("icmp", "10.0.1.254", "10.0.2.1")
    findings.hear([heard(probe.packet, "gw:wan", number), heard(late, "gw:to-Red", 0)])
    assert findings.leaks([number]) == ()
