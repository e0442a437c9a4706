"""BGP and VPN that end on different boxes: the inner router speaks through the gateway's tunnel (scenario S6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.model.observation import Observation
from topologies.bgp_behind_the_gateway import BgpBehindTheGateway

if TYPE_CHECKING:
    from raslab.course.bed import Bed

OFFICE_ASN, CLOUD_ASN = 64512, 64513
CORE, GW, GW_INSIDE, CSP_INSIDE = "10.1.0.1", "10.1.0.2", "10.255.0.1", "10.255.0.2"
TUNNEL_NETWORK, CLOUD, NEAR, FAR = "10.255.0.0/30", "10.0.0.0/24", "10.1.1.0/24", "10.1.2.0/24"
HOLD_TIME_S = 9
HOPS = 2  # core to gw to cspgw


def set_up(bed: Bed) -> None:
    """gw ends the tunnel; core has an external session through it, and an internal one with gw."""
    for node, destination, inside, subnets in (
        ("gw", "198.51.100.2", GW_INSIDE, ()),
        ("cspgw", "203.0.113.1", CSP_INSIDE, ("10.1.0.0/30:100",)),
    ):
        gateway = bed.gateway(node)
        gateway.install_remote_access(vpn_type="VpnS2S")
        gateway.add_vpn_s2s_interface(
            "tunnel",
            destination=destination,
            authentication_method="PSKOnly",
            shared_secret="correct horse battery staple",
            ipv4_address=f"{inside}/30",
            ipv4_subnet=subnets,
        )
    bed.gateway("core").install_remote_access(vpn_type="RoutingOnly")
    for node, identifier, asn, networks in (
        ("core", "10.1.1.254", OFFICE_ASN, (NEAR, FAR)),
        ("gw", GW, OFFICE_ASN, (TUNNEL_NETWORK,)),
        ("cspgw", "10.0.0.254", CLOUD_ASN, (CLOUD,)),
    ):
        bed.gateway(node).add_bgp_router(bgp_identifier=identifier, local_asn=asn)
        bed.gateway(node).add_bgp_custom_route(network=networks)
    for node, peer, here, there, asn, hops in (
        ("core", "gw", CORE, GW, OFFICE_ASN, None),
        ("gw", "core", GW, CORE, OFFICE_ASN, None),
        ("core", "csp", CORE, CSP_INSIDE, CLOUD_ASN, HOPS),
        ("cspgw", "office", CSP_INSIDE, CORE, OFFICE_ASN, HOPS),
    ):
        bed.gateway(node).add_bgp_peer(
            peer,
            local_ip_address=here,
            peer_ip_address=there,
            peer_asn=asn,
            hold_time_sec=HOLD_TIME_S,
            ebgp_multihop=hops,
        )


def session_with_the_cloud(bed: Bed) -> Observation:
    """The state of the external session, as core sees it."""
    (peer,) = bed.gateway("core").get_bgp_peer("csp")
    return Observation(peer.connectivity_status == "Connected", f"the session is {peer.connectivity_status}")


def gw_knows_the_cloud(bed: Bed) -> Observation:
    """What core has told gw of the cloud's network."""
    known = bed.gateway("gw").get_bgp_route_information(CLOUD)
    if not known:
        return Observation(False, "gw knows no way to the cloud")
    return Observation(known[0].next_hop == CSP_INSIDE, f"the next hop is {known[0].next_hop}")


@contextmanager
def no_inner_session(bed: Bed) -> Iterator[None]:
    """gw and core do not speak with each other."""
    gw = bed.gateway("gw")
    gw.stop_bgp_peer("core")
    try:
        yield
    finally:
        gw.start_bgp_peer("core")


def untold(node: str, network: str) -> Change:
    """A gateway keeps a network to itself."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        gateway = bed.gateway(node)
        gateway.remove_bgp_custom_route(network=network)
        try:
            yield
        finally:
            gateway.add_bgp_custom_route(network=network)

    return change


LAB = scenario_lab(
    name="bgp-behind-the-gateway",
    title="BGP behind the gateway",
    scenarios=("S6",),
    summary="The gateway ends the VPN, the inner router speaks BGP through it; an inner session joins the two",
    report=write,
    scenario=Scenario(
        topology=BgpBehindTheGateway,
        set_up=set_up,
        checks=(
            Check(
                question="Has the inner router a session with the cloud's gateway?",
                ask=session_with_the_cloud,
                verdict="It passes through the gateway and its tunnel.",
                deadline_s=60,
                twin=Twin(
                    what="the inner session is stopped, so nobody tells the way to the peer",
                    change=no_inner_session,
                    sees="the session is Connecting",
                    deadline_s=4 * HOLD_TIME_S,
                ),
            ),
            Check(
                question="May the session cross the gateway?",
                ask=session_with_the_cloud,
                verdict=f"Its packets may make {HOPS} hops.",
                deadline_s=60,
                twin=Twin(
                    what="a session for neighbours on one wire, one hop",
                    change=instead("core", "set_bgp_peer", "csp", ebgp_multihop=(1, HOPS)),
                    sees="the session is Connecting",
                    settles_s=2 * HOLD_TIME_S,
                ),
            ),
            Check(
                question="Does the gateway know the way to the cloud, without a session there?",
                ask=gw_knows_the_cloud,
                verdict="The router tells it, and leaves the next hop as it was.",
                deadline_s=60,
                twin=Twin(
                    what="the cloud announces nothing",
                    change=untold("cspgw", CLOUD),
                    sees="gw knows no way",
                ),
            ),
            Check(
                question="Does the cloud's machine reach a host behind another router of the office?",
                ask=lambda bed: bed.reaches("vm", "host2"),
                verdict="The router redistributes what it knows from inside.",
                deadline_s=60,
                twin=Twin(
                    what="it announces its own network only",
                    change=untold("core", FAR),
                    sees="none of 2 echoes came back",
                ),
            ),
        ),
    ),
)
