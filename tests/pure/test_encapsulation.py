"""Header arithmetic against figures from the RFCs and from the kernel's own tunnel devices."""

import pytest

from raslab.model.encapsulation import GRE, GRE_WITH_KEY, NO_TUNNEL, NVGRE, Encapsulation


@pytest.mark.parametrize(
    ("encapsulation", "overhead"),
    [
        (NO_TUNNEL, 0),
        (GRE, 24),
        (GRE_WITH_KEY, 28),
        (NVGRE, 42),
        (Encapsulation(outer_ip_version=6), 44),
        (Encapsulation(outer_ip_version=6, key=True), 48),
        (Encapsulation(outer_ip_version=6, encapsulation_limit=True), 52),
        (Encapsulation(outer_ip_version=4, key=True, ipsec=True), 20 + 73),
        (Encapsulation(outer_ip_version=6, ipsec=True), 40 + 73),
        (Encapsulation(outer_ip_version=4, wireguard=True), 60),
        (Encapsulation(outer_ip_version=6, wireguard=True), 80),
    ],
)
def test_overhead_and_inner_mtu(encapsulation: Encapsulation, overhead: int) -> None:
    assert encapsulation.overhead_bytes == overhead
    assert encapsulation.inner_mtu(1500) == 1500 - overhead


def test_a_full_tcp_segment_on_ethernet() -> None:
    assert NO_TUNNEL.tcp_payload_bytes(1500, ip_version=4) == 1448
    assert NO_TUNNEL.frame_bytes(1448, "tcp", ip_version=4) == 1514
    assert NO_TUNNEL.efficiency(1448, "tcp", ip_version=4) == pytest.approx(0.956407, abs=1e-6)


def test_a_full_frame_stays_full_in_a_tunnel() -> None:
    """The tunnel takes from the payload, never from the frame: link MTU in, link MTU out."""
    for encapsulation in (GRE, GRE_WITH_KEY, NVGRE):
        for ip_version in (4, 6):
            payload = encapsulation.tcp_payload_bytes(9000, ip_version)
            assert encapsulation.frame_bytes(payload, "tcp", ip_version) == 9014


def test_gre_with_key_costs_two_percent_of_a_1500_byte_link() -> None:
    inside = GRE_WITH_KEY.tcp_payload_bytes(1500, ip_version=4)
    assert inside == 1420
    ratio = GRE_WITH_KEY.efficiency(inside, "tcp", 4) / NO_TUNNEL.efficiency(1448, "tcp", 4)
    assert ratio == pytest.approx(1420 / 1448)


def test_small_udp_packets_pay_most() -> None:
    assert NO_TUNNEL.efficiency(64, "udp", 4) == pytest.approx(64 / 106)
    assert GRE_WITH_KEY.efficiency(64, "udp", 4) == pytest.approx(64 / 134)
    assert GRE_WITH_KEY.efficiency(64, "udp", 6) == pytest.approx(64 / 154)


def test_key_and_ethernet_are_not_free() -> None:
    """Negative twin: leaving a header out of the description must change the figure."""
    assert GRE.overhead_bytes != GRE_WITH_KEY.overhead_bytes != NVGRE.overhead_bytes
