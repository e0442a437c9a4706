"""A RAS gateway and another maker's: plain strongSwan and FRR, in their own words (scenario S4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.model.observation import Observation
from topologies.third_party_edge import ASN, BRANCH, INSIDE, ThirdPartyEdge, services

if TYPE_CHECKING:
    from raslab.course.bed import Bed

SECRET = "correct horse battery staple"


def set_up(bed: Bed) -> None:
    """The RAS gateway's half."""
    here, there = (INSIDE[node].partition("/")[0] for node in ("gw1", "gw2"))
    gw1 = bed.gateway("gw1")
    gw1.install_remote_access(vpn_type="VpnS2S")
    gw1.add_vpn_s2s_interface(
        "branch",
        destination=BRANCH,
        authentication_method="PSKOnly",
        shared_secret=SECRET,
        ipv4_address=INSIDE["gw1"],
        internal_ipv6=False,
    )
    gw1.add_bgp_router(bgp_identifier="10.1.1.254", local_asn=ASN["gw1"])
    gw1.add_bgp_peer("branch", local_ip_address=here, peer_ip_address=there, peer_asn=ASN["gw2"], hold_time_sec=9)
    gw1.add_bgp_custom_route(network="10.1.1.0/24")


def other_makers_half(bed: Bed) -> None:
    """The daemons on the other maker's gateway."""
    bed.services.apply(services(SECRET))


def agree(bed: Bed) -> Observation:
    """Dial anew, and see what the two have agreed upon; raises an error with the reason if they do not."""
    gw1 = bed.gateway("gw1")
    gw1.disconnect_vpn_s2s_interface("branch")
    status = gw1.connect_vpn_s2s_interface("branch")
    return Observation(status.connection_state == "Connected", f"{status.ike}; {status.esp}")


def told(**other: str) -> Change:
    """The other maker's gateway is configured otherwise; see `topologies.third_party_edge.services`."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        bed.services.apply(services(**{"secret": SECRET, **other}))
        try:
            yield
        finally:
            bed.services.apply(services(SECRET))

    return change


def learns_the_branch(bed: Bed) -> Observation:
    """What the RAS gateway has been told of the branch's network."""
    gw1 = bed.gateway("gw1")
    known = [route.as_path for route in gw1.get_bgp_route_information("10.2.1.0/24")]
    (peer,) = gw1.get_bgp_peer("branch")
    path = f"known through AS {known[0]}" if known else "not known"
    return Observation(known == [str(ASN["gw2"])], f"{path}; the session is {peer.connectivity_status}")


@contextmanager
def stopped(bed: Bed) -> Iterator[None]:
    """The session with the other maker's gateway is stopped by hand."""
    gw1 = bed.gateway("gw1")
    gw1.stop_bgp_peer("branch")
    try:
        yield
    finally:
        gw1.start_bgp_peer("branch")


LAB = scenario_lab(
    name="third-party-edge",
    title="Third-party edge",
    scenarios=("S4",),
    summary="A RAS gateway and another maker's agree on IKEv2, ESP and BGP by their RFCs, or say what differs",
    report=write,
    scenario=Scenario(
        topology=ThirdPartyEdge,
        set_up=set_up,
        when_running=other_makers_half,
        checks=(
            Check(
                question="Do the two makers agree on how to protect IKE?",
                ask=agree,
                verdict="One of the RAS gateway's proposals is the one that the other takes.",
                twin=Twin(
                    what="the other one takes another proposal for IKE only",
                    change=told(ike="aes128-sha512-modp4096"),
                    sees="NO_PROPOSAL_CHOSEN",
                ),
            ),
            Check(
                question="Do the two makers agree on how to protect data?",
                ask=agree,
                verdict="So it is with ESP.",
                twin=Twin(
                    what="the other one takes another proposal for ESP only",
                    change=told(esp="aes128-sha512"),
                    sees="NO_PROPOSAL_CHOSEN",
                ),
            ),
            Check(
                question="Do they know each other?",
                ask=agree,
                verdict="Both have been told the same secret.",
                twin=Twin(what="the secrets differ", change=told(secret="another"), sees="AUTHENTICATION_FAILED"),
            ),
            Check(
                question="Does the RAS gateway learn the branch's network by BGP?",
                ask=learns_the_branch,
                verdict="BGP is one protocol, whoever speaks it.",
                deadline_s=60,
                twin=Twin(
                    what="the RAS gateway expects another AS number",
                    change=instead("gw1", "set_bgp_peer", "branch", peer_asn=(64999, ASN["gw2"])),
                    sees="not known; the session is Connecting",
                    settles_s=8,
                ),
            ),
            Check(
                question="Does the head office's host reach the branch's?",
                ask=lambda bed: bed.reaches("host1", "host2"),
                verdict="The sites are joined.",
                deadline_s=60,
                twin=Twin(
                    what="the session is stopped, so the routes are gone",
                    change=stopped,
                    sees="none of 2 echoes came back",
                ),
            ),
        ),
    ),
)
