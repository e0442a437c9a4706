"""Gateways that are started together, and again with their network."""

from __future__ import annotations

import pytest
from two_sites import WAN, Sites, TwoSites

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre", "nft nat")]


def test_what_has_no_process_is_there_again_when_the_network_is() -> None:
    network = Network(TwoSites())
    sites = Sites(network)
    sites.gw1.new_net_nat("office", icmp_query_timeout=77)
    for _ in range(2):
        with network:
            sites.start()
            gw1 = network["gw1"]
            assert "masquerade" in gw1.run("nft list ruleset").stdout
            assert "= 77" in gw1.run("sysctl net.netfilter.nf_conntrack_icmp_timeout").stdout
            assert "nf_conntrack_icmp_timeout=77" in str(sites.gw1.explain())
            sites.start()
            assert sites.gw1.explain().lines == ()


def test_each_gateway_explains_its_own_start() -> None:
    network = Network(TwoSites())
    sites = Sites(network)
    for here, there, gateway in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
        gateway.add_gre_interface("branch", source_ip_address=WAN[here], destination=WAN[there], gre_key=1)
        gateway.add_bgp_router(bgp_identifier=f"10.{here}.0.254", local_asn=64511 + here)
    with network:
        sites.start()
        for here, there in (("gw1", "gw2"), ("gw2", "gw1")):
            told = str(getattr(sites, here).explain())
            assert f"ip -n {here} link add branch" in told
            assert f"# {here}: bgpd start" in told
            assert there not in told
