"""Room inside of a tunnel that just suffices for IPv6 does so in the kernel, and one byte less is refused before."""

from __future__ import annotations

from typing import Any

import pytest
from two_sites import WAN, Sites, TwoSites

from raslab.errors import GatewayRefusedError, TopologyError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("gre")]

INSIDE = {1: "2001:db8:ff::1/64", 2: "2001:db8:ff::2/64"}


def sites(mtu: int) -> Network:
    network = Network(TwoSites())
    for link in network.links:
        if link.intf1.name == "wan0":
            link.intf1.change(mtu=mtu)
            link.intf2.change(mtu=mtu)
    return network


def tell(both: Sites, kind: str, site: int) -> None:
    gateway, you = (both.gw1, both.gw2)[site - 1], WAN[3 - site]
    own: dict[str, Any] = {"destination": you, "ipv6_address": INSIDE[site]}
    if kind == "gre":
        gateway.add_gre_interface("t", source_ip_address=WAN[site], **own)
    elif kind == "ike":
        gateway.add_vpn_s2s_interface("t", authentication_method="PSKOnly", shared_secret="x", **own)
    else:
        keys = gateway.new_wireguard_keys()
        other = gateway.new_wireguard_keys()
        gateway.add_wireguard_interface("t", private_key=keys.private_key, public_key=other.public_key, **own)


@pytest.mark.parametrize(
    ("kind", "mtu"),
    [
        ("gre", 1304),
        pytest.param("ike", 1373, marks=pytest.mark.needs("esp", "xfrm interface")),
        pytest.param("wireguard", 1340, marks=pytest.mark.needs("wireguard")),
    ],
)
def test_just_enough_room_has_ipv6_and_less_is_refused(kind: str, mtu: int) -> None:
    with sites(mtu) as network:
        both = Sites(network)
        for site in (1, 2):
            tell(both, kind, site)
        shown = network["gw1"].run("ip -6 address show dev t").stdout
        assert "mtu 1280" in shown
        assert INSIDE[1] in shown
        if kind == "gre":
            assert both.pings("2001:db8:ff::2", "gw1") == 1
        with pytest.raises(TopologyError, match="interface below it, and its IPv6 address needs 1280"):
            network["gw1"].intf("wan0").change(mtu=mtu - 1)
        assert f"mtu {mtu}" in network["gw1"].run("ip link show wan0").stdout
    with sites(mtu - 1) as network:
        with pytest.raises(GatewayRefusedError, match="has 1279 bytes left for packets"):
            tell(Sites(network), kind, 1)
        assert network["gw1"].run("ip link show dev t").status
