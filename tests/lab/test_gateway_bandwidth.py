"""Bandwidth limits of S2S interfaces, measured in both directions."""

from __future__ import annotations

import pytest
from two_sites import WAN, Sites, TwoSites

from raslab.measure import throughput
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "tbf"), pytest.mark.virtual]


def mbps(sites: Sites, sender: str, receiver: str) -> float:
    """Goodput of TCP from one host to another. From 3.16 on iperf3 counts whole writes, so they are small."""
    frame = throughput(sites.network[sender], sites.network[receiver], duration_s=2.0, warmup_s=1.0, length=8192)
    return float(frame["throughput_mbps"].iloc[0])


def test_limits_are_kept_within_two_percent() -> None:
    with Network(TwoSites()) as network:
        sites = Sites(network)
        for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
            gateway.add_gre_interface(
                "branch",
                source_ip_address=WAN[here],
                destination=WAN[there],
                ipv4_subnet=f"10.{there}.0.0/24:100",
            )
        free = mbps(sites, "h1", "h2")
        assert free > 60
        sites.gw1.set_vpn_s2s_interface("branch", tx_bandwidth_kbps=20_000, rx_bandwidth_kbps=8_000)
        share = 1424 / 1476  # TCP payload of an inner packet of 1476 bytes: what is limited are inner IP packets
        assert mbps(sites, "h1", "h2") == pytest.approx(20 * share, rel=0.02)
        assert mbps(sites, "h2", "h1") == pytest.approx(8 * share, rel=0.02)
        sites.gw1.set_vpn_s2s_interface("branch", gre_key=7)
        sites.gw2.set_vpn_s2s_interface("branch", gre_key=7)
        assert mbps(sites, "h1", "h2") == pytest.approx(20 * share, rel=0.02)
        sites.gw1.set_vpn_s2s_interface("branch", enable_qos="Disabled")
        assert mbps(sites, "h1", "h2") > 60
        assert "ifb" not in network["gw1"].run("ip link").stdout


@pytest.mark.needs("esp", "xfrm interface")
def test_limits_of_ipsec_are_kept_within_two_percent() -> None:
    with Network(TwoSites()) as network:
        sites = Sites(network)
        for there, gateway in ((2, sites.gw1), (1, sites.gw2)):
            gateway.add_vpn_s2s_interface(
                "branch",
                destination=WAN[there],
                authentication_method="PSKOnly",
                shared_secret="secret",
                ipv4_subnet=f"10.{there}.0.0/24:100",
            )
        sites.gw1.connect_vpn_s2s_interface("branch")
        assert mbps(sites, "h1", "h2") > 60
        sites.gw1.set_vpn_s2s_interface("branch", tx_bandwidth_kbps=20_000, rx_bandwidth_kbps=8_000)
        share = 1355 / 1407  # TCP payload of an inner packet of 1407 bytes
        assert mbps(sites, "h1", "h2") == pytest.approx(20 * share, rel=0.02)
        assert mbps(sites, "h2", "h1") == pytest.approx(8 * share, rel=0.02)
        sites.gw1.set_vpn_s2s_interface("branch", tx_bandwidth_kbps=0, rx_bandwidth_kbps=0)
        assert mbps(sites, "h2", "h1") > 60
