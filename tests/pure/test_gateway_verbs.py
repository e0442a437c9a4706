"""Verbs on a network that does not run: they are checked and noted, or refused and forgotten. No root needed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from gateway_samples import AUTHORITY, CERTIFIED

from raslab.errors import GatewayNotRunningError, GatewayRefusedError
from raslab.gateway import RasGateway
from raslab.gateway.plan import plan
from raslab.net import Network, Topo
from raslab.services import Supervisor


class Edge(Topo):
    """A gateway between a LAN and a provider."""

    def build(self) -> None:
        self.addRouter("gw1")
        self.addHost("h1")
        self.addHost("isp")
        self.addLink("h1", "gw1", params1={"ips": ["10.1.0.1/24"]}, params2={"name": "lan0", "ips": ["10.1.0.254/24"]})
        self.addLink(
            "gw1", "isp", params1={"name": "wan0", "ips": ["203.0.113.1/24"]}, params2={"ips": ["203.0.113.254/24"]}
        )
        self.addRoute("gw1", "default", via="203.0.113.254")


@pytest.fixture
def gw1() -> Iterator[RasGateway]:
    """A gateway whose network was never started."""
    network = Network(Edge())
    yield RasGateway(network["gw1"], Supervisor(network))
    network.stop()


def add_router(gateway: RasGateway) -> None:
    """The role, a BGP router and a GRE interface with a peer behind it."""
    gateway.install_remote_access()
    gateway.add_bgp_router(bgp_identifier="10.1.0.254", local_asn=64512)
    gateway.add_gre_interface(
        "dc", source_ip_address="203.0.113.1", destination="198.51.100.9", ipv4_address="10.255.0.1/30"
    )
    gateway.add_bgp_peer("dc", local_ip_address="10.255.0.1", peer_ip_address="10.255.0.2", peer_asn=64513)


def test_verbs_are_noted_in_any_order_of_calls_inside_a_change(gw1: RasGateway) -> None:
    with gw1.changing():
        gw1.add_bgp_custom_route(network="10.1.0.0/24")
        add_router(gw1)
    assert [one.name for one in plan(gw1.state, gw1.surroundings).services] == ["zebra", "bgpd"]
    assert gw1.explain().deeds == ()


def test_the_first_verb_needs_the_role(gw1: RasGateway) -> None:
    with pytest.raises(GatewayRefusedError, match="Remote access is not installed on gw1"):
        gw1.new_net_nat("office")
    gw1.install_remote_access()
    assert gw1.new_net_nat("office").name == "office"


def test_a_refused_verb_is_forgotten(gw1: RasGateway) -> None:
    add_router(gw1)
    before = gw1.state
    refusals = {
        "hold time": lambda: gw1.add_bgp_peer(
            "x", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.2", peer_asn=1, hold_time_sec=2
        ),
        "unknown name": lambda: gw1.remove_bgp_peer("dx"),
        "unknown setting": lambda: gw1.set_bgp_peer("dc", holdtime=9),
        "wrong type": lambda: gw1.set_bgp_peer("dc", hold_time_sec="9"),
        "other settings": lambda: gw1.add_gre_interface("dc", source_ip_address="203.0.113.1"),
        "same name": lambda: gw1.add_vpn_s2s_interface("dc", destination="198.51.100.9"),
        "policy that is used": remove_used_policy(gw1),
        "question that cannot be read": lambda: gw1.get_bgp_route_information("10.0.0.1/8", type="best"),
        "IPv6 NAT": lambda: gw1.new_net_nat("x", internal_ip_interface_address_prefix="2001:db8::/64"),
    }
    before = gw1.state
    for refusal in refusals.values():
        with pytest.raises(GatewayRefusedError):
            refusal()
        assert gw1.state is before


def remove_used_policy(gateway: RasGateway) -> object:
    """Give the peer a policy; return what tries to remove it."""
    gateway.add_bgp_routing_policy("prefer", "ModifyAttribute", force=True, new_med=5)
    gateway.add_bgp_routing_policy_for_peer("dc", "prefer", "Ingress")
    return lambda: gateway.remove_bgp_routing_policy("prefer")


def test_a_refused_block_is_forgotten_whole(gw1: RasGateway) -> None:
    gw1.install_remote_access()
    before = gw1.state

    def router_and_nonsense() -> None:
        with gw1.changing():
            gw1.add_bgp_router(bgp_identifier="10.1.0.254", local_asn=64512)
            gw1.add_bgp_custom_route(network="10.1.0.1/24")

    with pytest.raises(GatewayRefusedError, match=r"is not a prefix: write 10\.1\.0\.0/24"):
        router_and_nonsense()
    assert gw1.state is before


def test_removing_takes_what_depends_along(gw1: RasGateway) -> None:
    add_router(gw1)
    remove_used_policy(gw1)
    gw1.remove_bgp_peer("dc")
    assert gw1.get_bgp_routing_policy_for_peer() == ()
    gw1.remove_bgp_router()
    assert gw1.get_bgp_routing_policy() == ()
    gw1.remove_vpn_s2s_interface("dc")
    gw1.uninstall_remote_access()
    assert gw1.get_remote_access() is None


def test_what_was_told_can_be_asked_for(gw1: RasGateway) -> None:
    add_router(gw1)
    aggregate = gw1.add_bgp_route_aggregate("10.0.0.0/8", summary_only=True)
    assert gw1.get_bgp_route_aggregate() == (aggregate,)
    dampening = gw1.enable_bgp_route_flap_dampening(half_life=600)
    assert gw1.get_bgp_route_flap_dampening() == dampening
    changed = gw1.set_bgp_route_flap_dampening(reuse_threshold=500)
    assert (changed.half_life, changed.reuse_threshold) == (600, 500)
    gw1.disable_bgp_route_flap_dampening()
    assert gw1.get_bgp_route_flap_dampening() is None
    with pytest.raises(
        GatewayRefusedError, match="Route flap dampening of gw1 is off: call enable_bgp_route_flap_dampening"
    ):
        gw1.set_bgp_route_flap_dampening(reuse_threshold=500)
    gw1.add_bgp_custom_route(network="10.1.0.0/24")
    assert gw1.get_bgp_custom_route().network == ("10.1.0.0/24",)
    gw1.new_net_nat("office")
    pool = gw1.add_net_nat_external_address("office", "203.0.113.5")
    assert gw1.get_net_nat_external_address() == (pool,)
    mapping = gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1")
    assert gw1.get_net_nat_static_mapping() == (mapping,)
    packets = gw1.add_remote_access_ip_filter("wan0", "Deny", "0.0.0.0/0:0.0.0.0/0:TCP:0:80", "Inbound")
    assert gw1.get_remote_access_ip_filter() == (packets,)
    selector = gw1.new_vpn_traffic_selector(ip_address_range=["10.1.0.0", "10.1.0.255"])
    certificate = gw1.new_machine_certificate(CERTIFIED.certificate, CERTIFIED.key, AUTHORITY.certificate)
    gw1.add_vpn_s2s_interface(
        "branch",
        destination="198.51.100.2",
        authentication_method="MachineCertificates",
        certificate=certificate,
        local_vpn_traffic_selector=selector,
    )
    (kept,) = gw1.state.vpn_s2s_interfaces
    assert (kept.local_vpn_traffic_selector, kept.certificate) == ((selector,), certificate)


def test_what_needs_a_running_network_says_so(gw1: RasGateway) -> None:
    add_router(gw1)
    for ask in (gw1.start, gw1.get_vpn_s2s_interface_statistics, lambda: gw1.connect_vpn_s2s_interface("dc")):
        with pytest.raises(GatewayNotRunningError, match="The network of gateway gw1 is not running"):
            ask()
    assert [one.connectivity_status for one in gw1.get_bgp_peer()] == ["Stopped"]


def test_verbs_show_their_settings(gw1: RasGateway) -> None:
    shown = inspect.signature(gw1.add_bgp_peer).parameters
    assert shown["hold_time_sec"].default == 180
    assert shown["peer_ip_address"].kind is inspect.Parameter.KEYWORD_ONLY


def test_secrets_are_not_told(gw1: RasGateway) -> None:
    from raslab.gateway.core import call

    assert call("add", "x", shared_secret="s3cret", destination="1.2.3.4") == (
        "add('x', shared_secret=..., destination='1.2.3.4')"
    )
