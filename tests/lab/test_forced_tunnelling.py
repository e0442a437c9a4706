"""Forced tunnelling: what is inside has no way but the tunnel, up or down, and the tunnel's own packets keep theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from two_sites import WAN, WAN6, Sites, TwoSites, until
from two_tenants import OUTSIDE, SERVER, SITES, Tenants, TwoTenants

from raslab.gateway import RasGateway
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface", "gre", "wireguard")]

EVERYTHING = {"ipv4_subnet": ("0.0.0.0/0:100",), "ipv6_subnet": ("::/0:100",)}
HALVES = {"ipv4_subnet": ("0.0.0.0/1", "128.0.0.0/1"), "ipv6_subnet": ("::/1", "8000::/1")}
QUARTERS = {"ipv4_subnet": ("10.2.0.0/24", "192.0.0.0/2", "64.0.0.0/2"), "ipv6_subnet": ("2000::/3",)}
STRANGER, STRANGER6 = "192.0.2.80", "2001:db8:f::80"
TARGETS = ("10.2.0.1", "2001:db8:2::1", STRANGER, STRANGER6, WAN[2])
IN_CLEAR = f"(icmp or icmp6) and ({' or '.join(f'dst host {target}' for target in TARGETS)})"


class WithServer(TwoSites):
    """The same with a public server, and default routes of any metric; None is the kernel's own."""

    def build(self, metric: int | None = None) -> None:
        super().build()
        self.routes = []
        for site, vias in {1: ("203.0.113.254", "2001:db8:a::fe"), 2: ("198.51.100.254", "2001:db8:b::fe")}.items():
            for via in vias:
                self.addRoute(f"gw{site}", "default", via=via, metric=metric)
        self.addHost("www", defaultRoute=["via 192.0.2.254", "via 2001:db8:f::fe"])
        inner = {"name": "eth0", "ips": [f"{STRANGER}/24", f"{STRANGER6}/64"]}
        outer = {"name": "www", "ips": ["192.0.2.254/24", "2001:db8:f::fe/64"]}
        self.addLink("www", "isp", params1=inner, params2=outer)
        for prefix, via in (("10.1.0.0/24", WAN[1]), ("2001:db8:1::/64", WAN6[1])):
            self.addRoute("isp", prefix, via=via)  # answers to what comes in clear would be delivered
        for prefix, via in (("10.2.0.0/24", WAN[2]), ("2001:db8:2::/64", WAN6[2])):
            self.addRoute("isp", prefix, via=via)


def ikev2(one: RasGateway, here: str, there: str, **settings: Any) -> None:
    one.add_vpn_s2s_interface(
        "far",
        destination=there,
        authentication_method="PSKOnly",
        shared_secret="x",
        retry_interval_seconds=1,
        **settings,
    )


def gre(one: RasGateway, here: str, there: str, **settings: Any) -> None:
    one.add_gre_interface("far", destination=there, source_ip_address=here, **settings)


KEYS: dict[str, tuple[str, str]] = {}


def wireguard(one: RasGateway, here: str, there: str, **settings: Any) -> None:
    for end in (here, there):
        if end not in KEYS:
            made = one.new_wireguard_keys()
            KEYS[end] = made.private_key, made.public_key
    one.add_wireguard_interface(
        "far", destination=there, private_key=KEYS[here][0], public_key=KEYS[there][1], **settings
    )


KINDS: dict[str, Callable[..., None]] = {"ikev2": ikev2, "gre": gre, "wireguard": wireguard}
BACK = {"ipv4_subnet": "10.1.0.0/24", "ipv6_subnet": "2001:db8:1::/64"}


@contextmanager
def joined(kind: str, outer: dict[int, str], metric: int | None = None, **forced: Any) -> Iterator[Sites]:
    """Site 1 sends everything to site 2, which knows the way back; `outer`: the tunnel's ends."""
    with Network(WithServer(metric=metric)) as network:
        sites = Sites(network)
        KINDS[kind](sites.gw1, outer[1], outer[2], **(forced or EVERYTHING))
        KINDS[kind](sites.gw2, outer[2], outer[1], **BACK)
        yield sites


def come_through(sites: Sites) -> None:
    """Hosts of the other site and servers of the Internet are reached, and nothing is seen in clear before site 2."""
    sites.gw1.connect_vpn_s2s_interface("far") if sites.gw1.state.vpn_s2s_interfaces else None
    with capture(sites.network["gw1"].intf("wan0"), IN_CLEAR) as seen:
        for target in ("10.2.0.1", "2001:db8:2::1"):
            assert sites.pings(target) == 1, target
        with capture(sites.network["gw2"].intf("wan0"), IN_CLEAR) as beyond:
            sites.pings(STRANGER)
            sites.pings(STRANGER6)
        sites.pings(WAN[2])
        sites.network["gw1"].run(["ping", "-c1", "-W1", STRANGER], timeout=9)
    assert len(seen.frame) == 0, seen.frame
    assert {STRANGER, STRANGER6} <= set(beyond.frame["destination"])


def nothing_leaves(sites: Sites) -> None:
    with capture(sites.network["gw1"].intf("wan0"), IN_CLEAR) as seen:
        for target in TARGETS:
            assert sites.pings(target) == 0, target
        assert sites.network["gw1"].run(["ping", "-c1", "-W1", STRANGER], timeout=9).status != 0
    assert len(seen.frame) == 0, seen.frame


@pytest.mark.parametrize("metric", [None, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_everything_goes_through_whatever_the_metrics(kind: str, metric: int | None) -> None:
    with joined(kind, WAN, metric) as sites:
        come_through(sites)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tunnel_may_go_over_ipv6(kind: str) -> None:
    with joined(kind, WAN6) as sites:
        come_through(sites)


@pytest.mark.parametrize("subnets", [HALVES, QUARTERS], ids=["halves", "quarters"])
@pytest.mark.parametrize("kind", KINDS)
def test_halves_and_quarters_of_everything(kind: str, subnets: dict[str, Any]) -> None:
    with joined(kind, WAN, **subnets) as sites:
        come_through(sites)


@pytest.mark.parametrize("kind", KINDS)
def test_a_subnet_may_hold_the_destination_of_its_own_tunnel(kind: str) -> None:
    with joined(kind, WAN, ipv4_subnet=("198.51.100.0/24", "10.2.0.0/24")) as sites:
        if kind == "ikev2":
            sites.gw1.connect_vpn_s2s_interface("far")
        with capture(sites.network["gw1"].intf("wan0"), "icmp") as seen:
            assert [sites.pings(target) for target in ("10.2.0.1", WAN[2])] == [1, 1]
        assert len(seen.frame) == 0
        assert sites.network["gw1"].run(["ping", "-c1", "-W1", "203.0.113.254"], timeout=9).status == 0


def test_without_a_forced_subnet_packets_leave_in_clear() -> None:
    with joined("ikev2", WAN, ipv4_subnet="10.2.0.0/24") as sites:
        with capture(sites.network["gw1"].intf("wan0"), IN_CLEAR) as seen:
            assert sites.pings(STRANGER) == 1
        assert len(seen.frame) > 0


def cut(sites: Sites) -> None:
    """The other side is gone."""
    sites.network["gw2"].intf("wan0").ifconfig("down")


def disabled(sites: Sites) -> None:
    sites.gw1.set_vpn_s2s_interface("far", admin_status=False)


def removed_by_hand(sites: Sites) -> None:
    assert sites.network["gw1"].run("ip link delete far").status == 0


@pytest.mark.parametrize("failure", [cut, disabled, removed_by_hand])
@pytest.mark.parametrize("kind", KINDS)
def test_without_the_tunnel_nothing_leaves(kind: str, failure: Callable[[Sites], None]) -> None:
    with joined(kind, WAN) as sites:
        come_through(sites)
        failure(sites)
        nothing_leaves(sites)


def test_a_tunnel_that_was_hung_up_or_never_came_up_lets_nothing_out() -> None:
    with Network(WithServer()) as network:
        sites = Sites(network)
        ikev2(sites.gw1, WAN[1], WAN[2], **EVERYTHING)
        nothing_leaves(sites)
        ikev2(sites.gw2, WAN[2], WAN[1], **BACK)
        come_through(sites)
        sites.gw2.set_vpn_s2s_interface("far", admin_status=False)
        sites.gw1.disconnect_vpn_s2s_interface("far")
        nothing_leaves(sites)


def test_nodes_without_the_tunnel_have_their_own_way_again() -> None:
    with joined("ikev2", WAN) as sites:
        before = sites.network["gw2"].run("ip rule").stdout
        come_through(sites)
        sites.gw1.remove_vpn_s2s_interface("far")
        assert sites.pings(STRANGER) == 1
        assert sites.network["gw1"].run("ip rule").stdout == before


def test_what_is_only_there_while_connected_lets_nothing_out_either() -> None:
    later = {"post_connection_ipv4_subnet": "0.0.0.0/0", "post_connection_ipv6_subnet": "::/0"}
    with joined("ikev2", WAN, **later) as sites:
        nothing_leaves(sites)
        assert sites.gw1.get_vpn_s2s_interface("far")[0].connection_state == "Disconnected"  # nothing has dialled
        come_through(sites)
        sites.gw1.disconnect_vpn_s2s_interface("far")
        nothing_leaves(sites)


def test_own_default_route_of_the_gateway_and_by_hand_do_not_matter() -> None:
    with joined("ikev2", WAN) as sites:
        sites.gw1.new_net_route("0.0.0.0/0", next_hop="203.0.113.254", route_metric=1)
        assert sites.network["gw1"].run("ip route add 0.0.0.0/1 via 203.0.113.254").status == 0
        assert sites.network["gw1"].run("ip route del 0.0.0.0/1").status == 0
        come_through(sites)
        cut(sites)
        nothing_leaves(sites)


def test_nat_towards_the_internet_is_no_way_out() -> None:
    with joined("ikev2", WAN) as sites:
        sites.gw1.new_net_nat("office", internal_ip_interface_address_prefix="10.1.0.0/24")
        come_through(sites)
        cut(sites)
        with capture(sites.network["isp"].intf("www"), "icmp") as seen:
            nothing_leaves(sites)
        assert len(seen.frame) == 0


def test_another_tunnel_keeps_its_own_way_and_a_nested_one_goes_through() -> None:
    with joined("ikev2", WAN, **HALVES) as sites:
        come_through(sites)
        gre_ends = {1: "10.1.0.254", 2: "10.2.0.254"}
        for here, there, one in ((1, 2, sites.gw1), (2, 1, sites.gw2)):
            one.add_gre_interface(
                "nested",
                destination=gre_ends[there],
                source_ip_address=gre_ends[here],
                ipv4_address=f"10.9.0.{here}/30",
            )
            one.add_gre_interface(
                "beside",
                destination=WAN[there],
                source_ip_address=WAN[here],
                gre_key=7,
                ipv4_address=f"10.8.0.{here}/30",
            )
        for target, packets in (("10.9.0.2", 0), ("10.8.0.2", 2)):
            with capture(sites.network["gw1"].intf("wan0"), "proto gre") as seen:
                assert sites.network["gw1"].run(["ping", "-c1", "-W2", target], timeout=9).status == 0, target
            assert len(seen.frame) == packets


@pytest.mark.parametrize("with_nat", [False, True], ids=["alone", "beside NAT"])
@pytest.mark.parametrize("kind", KINDS)
def test_everything_of_a_routing_domain(kind: str, with_nat: bool) -> None:
    with Network(TwoTenants()) as network:
        tenants = Tenants(network)
        domain = tenants.csp.routing_domain("Contoso")
        if with_nat:
            domain.new_net_nat("office", internal_ip_interface_address_prefix="10.1.0.0/24")
            domain.add_net_nat_external_address("office", f"{OUTSIDE}.51")
            assert tenants.pings(1, SERVER) == 1
        KINDS[kind](domain, f"{OUTSIDE}.1", SITES[1], **EVERYTHING)
        KINDS[kind](tenants.site1, SITES[1], f"{OUTSIDE}.1", **BACK)
        with capture(network["csp"].intf("wan0"), "icmp") as seen:
            until("both are reached", lambda: tenants.pings(1) == 1)
            assert tenants.pings(1, SERVER) == 0  # site 1 has no NAT
            domain.set_vpn_s2s_interface("far", admin_status=False)
            assert [tenants.pings(1, target) for target in ("10.2.0.1", SERVER)] == [0, 0]
        assert len(seen.frame) == 0
        domain.remove_vpn_s2s_interface("far")
        assert tenants.pings(1, SERVER) == int(with_nat)
