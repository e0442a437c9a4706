"""Whatever spelling a setting has, the state holds one, and what goes to a daemon has been read. Twins are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from test_gateway_verbs import Edge

from raslab.errors import GatewayRefusedError, ServiceDeclarationError
from raslab.gateway import RasGateway
from raslab.gateway.ask.bgp import by_address
from raslab.gateway.plan import plan
from raslab.gateway.state.notation import community
from raslab.model import addresses
from raslab.net import Network
from raslab.services import Bgpd, Supervisor
from raslab.services.lines import in_quotes, joined, whole

ZONED = "2001:db8::%x\nhostname EVIL\n/48"


@pytest.fixture
def gw1() -> Iterator[RasGateway]:
    """A gateway whose network was never started, with a BGP router."""
    network = Network(Edge())
    gateway = RasGateway(network["gw1"], Supervisor(network))
    gateway.install_remote_access(vpn_type="VpnS2S")
    gateway.add_bgp_router(
        bgp_identifier="10.1.0.254", local_asn="1.10", ipv6_routing=True, local_ipv6_address="2001:DB8:0::1"
    )
    yield gateway
    network.stop()


def config(gateway: RasGateway) -> str:
    """What bgpd would be told."""
    found = plan(gateway.state, gateway.surroundings).services
    return next(one.config for one in found if isinstance(one, Bgpd))


@pytest.mark.parametrize(
    ("read", "text", "kept"),
    [
        (addresses.address, "2001:DB8:B:0::2", "2001:db8:b::2"),
        (addresses.network, "10.1.0.0/255.255.255.0", "10.1.0.0/24"),
        (addresses.network, "10.1.0.0/0.0.0.255", "10.1.0.0/24"),
        (addresses.network, "2001:DB8:0:0::/32", "2001:db8::/32"),
        (addresses.interface, "10.1.0.9/255.255.255.0", "10.1.0.9/24"),
        (addresses.mac, "02-AA-bb-00-00-01", "02:aa:bb:00:00:01"),
        (addresses.mac, "02aa.bb00.0001", "02:aa:bb:00:00:01"),
        (addresses.guid, "{1F8E2C3A-0000-4000-8000-000000000001}", "1f8e2c3a-0000-4000-8000-000000000001"),
        (community, "65001:0100", "65001:100"),
        (community, "4259971172", "65002:100"),
        (community, "NO_EXPORT", "no-export"),
        (community, "65535:65281", "no-export"),
        (community, "Local-as", "local-AS"),
    ],
)
def test_spellings_of_one_thing(read: Any, text: str, kept: str) -> None:
    assert str(read(text)) == kept
    assert str(read(kept)) == kept


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (addresses.address, "fe80::1%eth0"),
        (addresses.address, "١٠.1.0.1"),
        (addresses.address, "010.1.0.1"),
        (addresses.network, ZONED),
        (addresses.network, "10.1.0.0"),
        (addresses.network, "10.1.0.0/255.0.255.0"),
        (addresses.mac, "02:aa-bb:00:00:01"),
        (addresses.mac, "02:aa:bb:00:00"),
        (community, "65001"),
        (community, "65536:1"),
        (community, "no export"),
    ],
)
def test_what_is_no_spelling_is_refused(read: Any, text: str) -> None:
    assert addresses.readable(read, text) is None


def test_the_state_holds_one_spelling(gw1: RasGateway) -> None:
    gw1.add_bgp_peer("p", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.1", peer_asn="65010", local_asn="1.20")
    gw1.add_bgp_custom_route(network=["10.1.0.0/255.255.255.0", "2001:DB8:1:0::/64"])
    gw1.add_bgp_route_aggregate("10.0.0.0/255.0.0.0")
    state = gw1.state
    assert state.bgp_router is not None
    assert (state.bgp_router.local_asn, state.bgp_router.local_ipv6_address) == (65546, "2001:db8::1")
    assert (state.bgp_peers[0].peer_asn, state.bgp_peers[0].local_asn) == (65010, 65556)
    assert state.bgp_custom_route.network == ("10.1.0.0/24", "2001:db8:1::/64")
    assert "router bgp 65546\n" in config(gw1)
    assert "aggregate-address 10.0.0.0/8 route-map own\n" in config(gw1)


def test_a_record_is_found_by_any_spelling_of_its_name(gw1: RasGateway) -> None:
    gw1.add_bgp_route_aggregate("10.0.0.0/8")
    gw1.set_bgp_route_aggregate("10.0.0.0/255.0.0.0", summary_only=True)
    assert [one.prefix for one in gw1.get_bgp_route_aggregate()] == ["10.0.0.0/8"]
    gw1.remove_bgp_route_aggregate("10.0.0.0/255.0.0.0")
    assert gw1.get_bgp_route_aggregate() == ()
    with pytest.raises(GatewayRefusedError):
        gw1.remove_bgp_route_aggregate("10.0.0.0/9")


def test_the_same_thing_in_another_spelling_is_no_second_one(gw1: RasGateway) -> None:
    gw1.add_bgp_custom_route(network="2001:db8:1::/64")
    assert gw1.add_bgp_custom_route(network="2001:DB8:1:0::/64").network == ("2001:db8:1::/64",)
    gw1.add_bgp_peer("p", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.1", peer_asn=65010)
    with pytest.raises(GatewayRefusedError, match=r"are both 10\.1\.0\.1"):
        gw1.add_bgp_peer("q", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.1", peer_asn=65011)


@pytest.mark.parametrize(
    "tell",
    [
        lambda gw: gw.add_bgp_custom_route(network=ZONED),
        lambda gw: gw.add_bgp_route_aggregate(ZONED),
        lambda gw: gw.set_bgp_router(local_ipv6_address="2001:db8::1%x\nhostname EVIL"),
        lambda gw: gw.set_bgp_router(local_ipv6_address="2001:db8::1%wan0"),
        lambda gw: gw.add_bgp_routing_policy("x", "Deny", match_prefix=ZONED),
        lambda gw: gw.add_bgp_routing_policy("x", "ModifyAttribute", force=True, new_next_hop="2001:db8::1%x y"),
        lambda gw: gw.add_bgp_peer("p\nend", local_ip_address="10.1.0.254", peer_ip_address="10.1.0.1", peer_asn=1),
        lambda gw: gw.new_net_route(ZONED, "10.1.0.1"),
        lambda gw: gw.new_net_nat("n", internal_ip_interface_address_prefix='10.1.0.0/24" drop'),
        lambda gw: gw.add_bgp_route_aggregate("10.1.0.1/32"),
        lambda gw: gw.add_bgp_routing_policy("x" * 10_000, "Deny", force=True),
        lambda gw: gw.get_bgp_route_information(network=ZONED),
    ],
)
def test_text_that_is_none_is_refused_by_one_line_and_nothing_changes(gw1: RasGateway, tell: Any) -> None:
    before = gw1.state
    with pytest.raises(GatewayRefusedError) as refused:
        tell(gw1)
    assert all("\n" not in problem and len(problem) < 500 for problem in refused.value.problems)
    assert gw1.state == before
    assert "EVIL" not in config(gw1)


def test_neighbours_are_found_by_address() -> None:
    told = {"2001:db8:b::2": {"bgpState": "Established"}, "bgpNoSuchNeighbor": True}
    assert by_address(told) == {addresses.address("2001:DB8:B:0::2"): {"bgpState": "Established"}}


def test_renderers_refuse_what_would_end_a_line_or_a_name() -> None:
    assert joined(["neighbor 10.0.0.1 description a", " exit"], "bgpd").count("\n") == 2
    assert in_quotes("wan0") == '"wan0"'
    for line in ("a\nb", "a\rb", "a\0b", "a\x0bb", "a\u2028b", "a\ud800b"):
        with pytest.raises(ServiceDeclarationError):
            whole(line, "bgpd")
    for name in ('wan"', "wan*", "wan\\", "wan\n", ""):
        with pytest.raises(ServiceDeclarationError):
            in_quotes(name)
