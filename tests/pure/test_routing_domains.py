"""Multitenant gateways, without a kernel: what is planned for two tenants who look alike, and what is refused."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gateway_samples import BGP, BGP_WITH_EVERYTHING, GRE, PEER, PSK, ROUTER
from sentences import is_sentence, listed
from test_gateway_plans import text

from raslab.errors import GatewayRefusedError
from raslab.gateway import RasGateway
from raslab.gateway.plan import plan, sessions
from raslab.gateway.rules import problems_of
from raslab.gateway.state import BgpPeer, GatewayState, NetRoute, RemoteAccess, RoutingDomain
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Interface, Route
from raslab.net import Network, Topo
from raslab.services import Supervisor

GOLDEN = Path(__file__).parent / "golden"
PLANS, PROBLEMS = GOLDEN / "routing-domain-plans.txt", GOLDEN / "routing-domain-problems.txt"

LAN = "10.0.0.254/24"
HERE = Surroundings(
    "csp",
    (
        Interface("csp", "contoso0", (LAN,)),
        Interface("csp", "woodgrove0", (LAN,)),
        Interface("csp", "wan0", ("203.0.113.1/24",)),
    ),
    (Route("csp", "default", "203.0.113.254"),),
)
INNER = BgpPeer(name="inner", local_ip_address="10.0.0.254", peer_ip_address="10.0.0.253", peer_asn=64512, bfd=True)
OF_CONTOSO = GatewayState(
    vpn_s2s_interfaces=(replace(PSK, name="contoso-rome", post_connection_ipv4_subnet=("10.3.0.0/24",)),),
    gre_interfaces=(replace(GRE, name="contoso-ny"),),
    bgp_router=replace(ROUTER, default_gateway_routing=True),
    bgp_peers=(PEER, INNER),
    bgp_custom_route=BGP.bgp_custom_route,
    bgp_routing_policies=BGP_WITH_EVERYTHING.bgp_routing_policies,
    bgp_routing_policies_for_peers=BGP_WITH_EVERYTHING.bgp_routing_policies_for_peers,
    net_routes=(NetRoute(destination_prefix="0.0.0.0/0", next_hop="10.0.0.1"),),
)
OF_WOODGROVE = replace(
    OF_CONTOSO,
    vpn_s2s_interfaces=(),
    gre_interfaces=(replace(GRE, name="woodgrove-ny", gre_key=1002),),
    bgp_peers=(PEER,),
    net_routes=(),
)
CONTOSO = RoutingDomain(
    name="Contoso",
    routing_domain_id="11111111-0000-4000-8000-000000000001",
    interfaces=("contoso0",),
    number=1,
    state=OF_CONTOSO,
)
WOODGROVE = RoutingDomain(
    name="Woodgrove",
    routing_domain_id="11111111-0000-4000-8000-000000000002",
    type=("VpnS2S", "RoutingOnly"),
    interfaces=("woodgrove0",),
    number=2,
    state=OF_WOODGROVE,
)
ROLE = GatewayState(remote_access=RemoteAccess(multi_tenancy=True))
ONE, BOTH = replace(ROLE, routing_domains=(CONTOSO,)), replace(ROLE, routing_domains=(CONTOSO, WOODGROVE))


def contoso(**changes: Any) -> GatewayState:
    """Both tenants, with another Contoso."""
    return replace(ROLE, routing_domains=(replace(CONTOSO, **changes), WOODGROVE))


def of_contoso(**changes: Any) -> GatewayState:
    """Both tenants, Contoso having been told something else."""
    return contoso(state=replace(OF_CONTOSO, **changes))


def test_plans_are_as_agreed() -> None:
    lines = [line for name, state in (("one", ONE), ("both", BOTH)) for line in (f"# {name}", *text(plan(state, HERE)))]
    assert "".join(f"{line}\n" for line in lines) == PLANS.read_text()


def test_two_tenants_who_look_alike_are_no_problem() -> None:
    assert problems_of(BOTH, HERE) == []


def test_a_next_hop_may_be_the_other_end_of_a_tunnel() -> None:
    beyond = NetRoute(destination_prefix="10.9.0.0/16", next_hop="10.255.0.2")
    within = replace(GRE, ipv4_address="10.255.0.1/30")
    assert problems_of(of_contoso(gre_interfaces=(within,), net_routes=(beyond,)), HERE) == []


def test_a_second_tenant_changes_nothing_of_the_first() -> None:
    one, both = plan(ONE, HERE), plan(BOTH, HERE)
    assert set(one.vrfs) < set(both.vrfs)
    assert set(one.tunnels) < set(both.tunnels)
    assert set(one.routes) < set(both.routes)
    assert one.masters.items() < both.masters.items()


def test_a_session_begins_anew_in_its_own_routing_domain_only() -> None:
    slower = of_contoso(bgp_peers=(replace(PEER, hold_time_sec=30), INNER))
    anew = sessions.to_begin_anew(plan(BOTH, HERE).services, plan(slower, HERE).services)
    assert [sessions.command(one) for one in anew] == ["clear bgp vrf vrf-Contoso 10.255.0.2"]


CASES = {
    "no multitenancy": replace(BOTH, remote_access=RemoteAccess()),
    "no role": replace(BOTH, remote_access=None),
    "something of no tenant's": replace(BOTH, bgp_router=ROUTER),
    "unknown type": contoso(type=("VpnSSTP",)),
    "no type": contoso(type=()),
    "no GUID": contoso(routing_domain_id="contoso"),
    "one GUID for two": contoso(routing_domain_id=WOODGROVE.routing_domain_id),
    "impossible name": contoso(name="Contoso Ltd"),
    "unknown interface": contoso(interfaces=("contoso1",)),
    "one interface for two": contoso(interfaces=("contoso0", "woodgrove0")),
    "S2S in RoutingOnly": contoso(type=("RoutingOnly",)),
    "BGP in VpnS2S": contoso(type=("VpnS2S",)),
    "one tunnel for two": of_contoso(gre_interfaces=(replace(GRE, name="contoso-ny", gre_key=1002),)),
    "one name for two": of_contoso(gre_interfaces=(replace(GRE, name="woodgrove-ny"),)),
    "a name of the node's": of_contoso(gre_interfaces=(replace(GRE, name="wan0"),)),
    "a source of the tenant's": of_contoso(gre_interfaces=(replace(GRE, source_ip_address="10.0.0.254"),)),
    "a peer outside": of_contoso(bgp_peers=(replace(PEER, local_ip_address="203.0.113.1"),)),
    "a next hop outside": of_contoso(net_routes=(NetRoute(destination_prefix="::/0", next_hop="203.0.113.254"),)),
    "a next hop nowhere": of_contoso(net_routes=(NetRoute(destination_prefix="10.9.0.0/16", next_hop="10.5.0.1"),)),
    "a route that cannot be read": of_contoso(
        net_routes=(NetRoute(destination_prefix="10.9.0.1/16", next_hop="router", route_metric=-1),)
    ),
}


def sentences() -> str:
    """All sentences, one section per case."""
    return listed({name: problems_of(state, HERE) for name, state in CASES.items()})


def test_sentences_are_as_agreed() -> None:
    assert sentences() == PROBLEMS.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_found_and_is_a_sentence(name: str) -> None:
    problems = problems_of(CASES[name], HERE)
    assert problems
    assert all(map(is_sentence, problems))


class Edge(Topo):
    """A provider's gateway with two tenants' networks and one way out."""

    def build(self) -> None:
        self.addRouter("csp")
        for number, name in enumerate(("contoso", "woodgrove")):
            self.addHost(name)
            self.addLink(
                name,
                "csp",
                params1={"ips": ["10.0.0.1/24"]},
                params2={"name": f"{name}0", "ips": [f"10.0.{number}.254/24"]},
            )
        self.addHost("isp")
        self.addLink("csp", "isp", params1={"name": "wan0", "ips": ["203.0.113.1/24"]})
        self.addRoute("csp", "default", dev="wan0")


@pytest.fixture
def csp() -> Iterator[RasGateway]:
    """A gateway whose network was never started, with one tenant."""
    network = Network(Edge())
    gateway = RasGateway(network["csp"], Supervisor(network))
    gateway.install_remote_access(multi_tenancy=True)
    gateway.enable_remote_access_routing_domain("Contoso", interfaces="contoso0")
    yield gateway
    network.stop()


def test_a_verb_is_told_to_a_view_or_with_the_keyword(csp: RasGateway) -> None:
    contoso = csp.routing_domain("Contoso")
    contoso.add_bgp_router(bgp_identifier="10.0.0.254", local_asn=64512)
    csp.add_bgp_peer(
        "a", routing_domain="Contoso", local_ip_address="10.0.0.254", peer_ip_address="10.0.0.1", peer_asn=64513
    )
    assert [one.name for one in contoso.state.bgp_peers] == ["a"]
    assert csp.state.bgp_peers == ()
    assert contoso.get_bgp_router().local_asn == 64512
    assert [one.peer_name for one in csp.get_bgp_peer()] == ["a"]
    assert [one.routing_domain for one in csp.get_bgp_peer("a")] == ["Contoso"]
    with pytest.raises(GatewayRefusedError, match="csp has no BGP peer b"):
        csp.get_bgp_peer("b")
    with pytest.raises(GatewayRefusedError, match=r"csp is multitenant, .* name the routing_domain"):
        csp.add_bgp_router(bgp_identifier="10.0.0.254", local_asn=64512)


def test_a_change_of_two_tenants_is_made_whole_or_not_at_all(csp: RasGateway) -> None:
    def change() -> None:
        with csp.routing_domain("Contoso").changing():
            csp.enable_remote_access_routing_domain("Woodgrove", interfaces="woodgrove0")
            csp.routing_domain("Contoso").add_bgp_custom_route(network="10.0.0.0/24")

    before = csp.state
    with pytest.raises(GatewayRefusedError, match="Contoso on csp has no BGP router"):
        change()
    assert csp.state == before


def test_names_and_guids_lead_both_ways(csp: RasGateway) -> None:
    guid = "1f8e2c3a-0000-4000-8000-00000000000a"
    csp.enable_remote_access_routing_domain("Woodgrove", type="VpnS2S", routing_domain_id=guid)
    (by_name,) = csp.get_remote_access_routing_domain("Woodgrove")
    (by_guid,) = csp.get_remote_access_routing_domain(guid.upper())
    assert by_name == by_guid
    assert (by_name.routing_domain_id, by_name.type, by_name.vrf, by_name.table) == (
        guid,
        ("VpnS2S",),
        "vrf-Woodgrove",
        1002,
    )
    assert csp.routing_domain(guid).title == "Woodgrove on csp"
    with pytest.raises(GatewayRefusedError, match="csp has no routing domain Fabrikam: there is Contoso, Woodgrove"):
        csp.routing_domain("Fabrikam")
    with pytest.raises(GatewayRefusedError, match=r"csp has no routing domain Contso: did you mean Contoso\?"):
        csp.routing_domain("Contso")


def test_enabling_again_changes_nothing_or_is_refused(csp: RasGateway) -> None:
    csp.routing_domain("Contoso").add_bgp_router(bgp_identifier="10.0.0.254", local_asn=64512)
    before = csp.state
    csp.enable_remote_access_routing_domain("Contoso", interfaces="contoso0")
    assert csp.state == before
    with pytest.raises(GatewayRefusedError, match="exists with other settings"):
        csp.enable_remote_access_routing_domain("Contoso", type="VpnS2S", interfaces="contoso0")
    with pytest.raises(GatewayRefusedError, match="number of routing domain Contoso of csp cannot be set"):
        csp.set_remote_access_routing_domain("Contoso", number=7)


def test_numbers_stay_and_are_given_again(csp: RasGateway) -> None:
    for name in ("b", "c"):
        csp.enable_remote_access_routing_domain(name)
    csp.disable_remote_access_routing_domain("b")
    assert [one.number for one in csp.state.routing_domains] == [1, 3]
    csp.enable_remote_access_routing_domain("d")
    assert [(one.name, one.number) for one in csp.state.routing_domains] == [("Contoso", 1), ("c", 3), ("d", 2)]
    csp.set_remote_access_routing_domain("c", type=["Vpn", "VpnS2S"])
    assert csp.get_remote_access_routing_domain("c")[0].type == ("Vpn", "VpnS2S")


def test_verbs_show_the_keyword(csp: RasGateway) -> None:
    assert "routing_domain" in inspect.signature(csp.add_bgp_peer).parameters
    assert "routing_domain" not in inspect.signature(csp.routing_domain("Contoso").add_bgp_peer).parameters
