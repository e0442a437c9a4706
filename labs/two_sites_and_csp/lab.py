"""Two sites and a cloud provider: a cut line, and who passes routes on (scenario S5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import cut, instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.model.observation import Observation
from topologies.two_sites_and_csp import LINES, SITES, TwoSitesAndCsp

if TYPE_CHECKING:
    from raslab.course.bed import Bed

ASN = {"nygw": 64512, "cspgw": 64513, "sfgw": 64514}
NETWORK = {site.gateway: f"{site.prefix}.0/24" for site in SITES}
HOLD_TIME_S = 9


def set_up(bed: Bed) -> None:
    """GRE tunnels over the lines, BGP inside of them; the provider and San Francisco pass routes on."""
    for node, asn in ASN.items():
        gateway = bed.gateway(node)
        gateway.install_remote_access(vpn_type="VpnS2S")
        gateway.add_bgp_router(
            bgp_identifier=NETWORK[node].replace("0/24", "254"), local_asn=asn, transit_routing=node != "nygw"
        )
        gateway.add_bgp_custom_route(network=NETWORK[node])
    for number, line in enumerate(LINES, start=1):
        for node, other, here, there in ((line.one, line.other, 1, 2), (line.other, line.one, 2, 1)):
            gateway = bed.gateway(node)
            gateway.add_gre_interface(
                f"to-{other}",
                source_ip_address=f"{line.prefix}.{here}",
                destination=f"{line.prefix}.{there}",
                ipv4_address=f"10.255.{number}.{here}/30",
            )
            gateway.add_bgp_peer(
                other,
                local_ip_address=f"10.255.{number}.{here}",
                peer_ip_address=f"10.255.{number}.{there}",
                peer_asn=ASN[other],
                hold_time_sec=HOLD_TIME_S,
            )


def knows_two_paths(bed: Bed) -> Observation:
    """The ways that New York's gateway has been told to San Francisco, the best one first."""
    known = bed.gateway("nygw").get_bgp_route_information(NETWORK["sfgw"])
    paths = sorted((route.as_path for route in known), key=len)
    return Observation(paths == ["64514", "64513 64514"], f"the AS paths to sf are {', '.join(paths) or 'none'}")


@contextmanager
def static_routes_only(bed: Bed) -> Iterator[None]:
    """Between New York and San Francisco there is no BGP, but a route into the direct tunnel on each side."""
    ends = (("nygw", "sfgw"), ("sfgw", "nygw"))
    for node, other in ends:
        bed.gateway(node).set_vpn_s2s_interface(f"to-{other}", ipv4_subnet=f"{NETWORK[other]}:10")
    try:
        yield
    finally:
        for node, other in ends:
            bed.gateway(node).set_vpn_s2s_interface(f"to-{other}", ipv4_subnet=())


LAB = scenario_lab(
    name="two-sites-and-csp",
    title="Two sites and a cloud provider",
    scenarios=("S5",),
    summary="BGP finds the way around a cut line, if somebody passes routes on; static routes do not",
    report=write,
    scenario=Scenario(
        topology=TwoSitesAndCsp,
        set_up=set_up,
        checks=(
            Check(
                question="Does New York know two ways to San Francisco?",
                ask=knows_two_paths,
                verdict="The provider passes on what San Francisco has told it.",
                deadline_s=60,
                twin=Twin(
                    what="transit routing is off at the provider",
                    change=instead("cspgw", "set_bgp_router", transit_routing=(False, True)),
                    sees="the AS paths to sf are 64514",
                ),
            ),
            Check(
                question="With the line New York-San Francisco cut, does ny reach sf?",
                ask=lambda bed: bed.reaches("ny", "sf"),
                verdict="Traffic goes by way of the provider.",
                during=cut("nygw-sfgw"),
                deadline_s=60,
                twin=Twin(
                    what="transit routing is off at the provider",
                    change=instead("cspgw", "set_bgp_router", transit_routing=(False, True)),
                    sees="Destination Net Unreachable",
                    settles_s=HOLD_TIME_S + 1,
                ),
            ),
            Check(
                question="With the line New York-provider cut, does ny reach vm?",
                ask=lambda bed: bed.reaches("ny", "vm"),
                verdict="Traffic goes by way of San Francisco.",
                during=cut("nygw-cspgw"),
                deadline_s=60,
                twin=Twin(
                    what="transit routing is off in San Francisco",
                    change=instead("sfgw", "set_bgp_router", transit_routing=(False, True)),
                    sees="Destination Net Unreachable",
                    settles_s=HOLD_TIME_S + 1,
                ),
            ),
            Check(
                question="Does ny find back to sf when the direct line is cut, by itself?",
                ask=lambda bed: bed.reaches("ny", "sf"),
                verdict="Whoever hears nothing for the hold time takes the other path.",
                during=cut("nygw-sfgw"),
                deadline_s=60,
                twin=Twin(
                    what="static routes into the direct tunnel: nobody notices",
                    change=static_routes_only,
                    sees="none of 2 echoes came back",
                    settles_s=HOLD_TIME_S + 6,
                ),
            ),
        ),
    ),
)
