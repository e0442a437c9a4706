"""The edge of an enterprise: BGP inside an IPsec tunnel between head office and branch (scenario S1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import cut, typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.model.observation import Observation
from topologies.enterprise_edge import EnterpriseEdge

if TYPE_CHECKING:
    from raslab.course.bed import Bed

SECRET = "correct horse battery staple"
PUBLIC = {"gw1": "203.0.113.1", "gw2": "198.51.100.2"}
INSIDE = {"gw1": "10.255.0.1", "gw2": "10.255.0.2"}
ASN = {"gw1": 64512, "gw2": 64513}
NETWORK = {"gw1": "10.1.1.0/24", "gw2": "10.2.1.0/24"}
HOLD_TIME_S = 9
HOSTS = (bytes([10, 1, 1, 10]), bytes([10, 2, 1, 10]))


def set_up(bed: Bed) -> None:
    """A tunnel with addresses of its own, and BGP between these."""
    for node, name, other in (("gw1", "branch", "gw2"), ("gw2", "hq", "gw1")):
        gateway = bed.gateway(node)
        gateway.install_remote_access(vpn_type="VpnS2S")
        gateway.add_vpn_s2s_interface(
            name,
            destination=PUBLIC[other],
            authentication_method="PSKOnly",
            shared_secret=SECRET,
            ipv4_address=f"{INSIDE[node]}/30",
            internal_ipv6=False,
        )
        gateway.add_bgp_router(bgp_identifier=NETWORK[node].replace("0/24", "254"), local_asn=ASN[node])
        gateway.add_bgp_peer(
            name,
            local_ip_address=INSIDE[node],
            peer_ip_address=INSIDE[other],
            peer_asn=ASN[other],
            hold_time_sec=HOLD_TIME_S,
        )
        gateway.add_bgp_custom_route(network=NETWORK[node])


def learns_the_branch(bed: Bed) -> Observation:
    """What the head office's gateway knows of the branch's network."""
    known = bed.gateway("gw1").get_bgp_route_information(NETWORK["gw2"])
    if not known:
        return Observation(False, f"nobody has told gw1 of {NETWORK['gw2']}")
    path = known[0].as_path
    kind = f"by eBGP, through AS {path}" if path else "by iBGP, through no other AS"
    return Observation(path == str(ASN["gw2"]), f"known to gw1 {kind}")


def only_esp_on_the_internet(bed: Bed) -> Observation:
    """What passes between two providers while the head office's host tries to reach the branch's."""
    from raslab.measure import capture

    with capture(bed.link("isp1-isp2"), "ip") as seen:
        bed["host1"].run("ping -c 2 -i 0.2 -W 1 10.2.1.10")
    packets = [bytes(packet)[14:] for packet in seen.packets]
    readable = sum(any(host in packet for host in HOSTS) for packet in packets)
    protocols = set(seen.frame["protocol"])
    seen_there = (
        f"{'/'.join(sorted(protocols)).upper()} passes, and {'some' if readable else 'none'} of it shows who speaks"
    )
    return Observation("esp" in protocols and not readable, seen_there)


def session_lives(bed: Bed) -> Observation:
    """The state of the session with the branch."""
    (peer,) = bed.gateway("gw1").get_bgp_peer("branch")
    return Observation(peer.connectivity_status == "Connected", f"the session is {peer.connectivity_status}")


@contextmanager
def one_asn(bed: Bed) -> Iterator[None]:
    """The branch has the head office's AS number."""
    _renumber(bed, ASN["gw1"])
    try:
        yield
    finally:
        _renumber(bed, ASN["gw2"])


def _renumber(bed: Bed, asn: int) -> None:
    """Give the branch another AS number, and tell the head office."""
    bed.gateway("gw2").set_bgp_router(local_asn=asn)
    bed.gateway("gw1").set_bgp_peer("branch", peer_asn=asn)


@contextmanager
def nothing_announced(bed: Bed) -> Iterator[None]:
    """The branch's gateway has no custom route."""
    gw2 = bed.gateway("gw2")
    gw2.remove_bgp_custom_route(network=NETWORK["gw2"])
    try:
        yield
    finally:
        gw2.add_bgp_custom_route(network=NETWORK["gw2"])


LAB = scenario_lab(
    name="enterprise-edge",
    title="Enterprise edge",
    scenarios=("S1",),
    summary="Head office and branch learn each other's network by eBGP inside an IKEv2 tunnel",
    report=write,
    scenario=Scenario(
        topology=EnterpriseEdge,
        set_up=set_up,
        checks=(
            Check(
                question="Does the head office learn the branch's network by eBGP?",
                ask=learns_the_branch,
                verdict="BGP speaks inside of the tunnel.",
                twin=Twin(what="both offices have the same AS number", change=one_asn, sees="by iBGP"),
            ),
            Check(
                question="Does the head office's host reach the branch's?",
                ask=lambda bed: bed.reaches("host1", "host2"),
                verdict="What gw1 has learnt is in its kernel.",
                twin=Twin(
                    what="the branch has no custom route, so it announces nothing",
                    change=nothing_announced,
                    sees="none of 2 echoes came back",
                ),
            ),
            Check(
                question="Is there nothing but ESP between the providers?",
                ask=only_esp_on_the_internet,
                verdict="Nobody on the way can read who speaks to whom.",
                twin=Twin(
                    what="a colleague's route by the provider, with a lower metric",
                    change=typed(
                        "gw1",
                        "ip route add 10.2.1.0/24 via 203.0.113.2 metric 5",
                        undo="ip route del 10.2.1.0/24 via 203.0.113.2 metric 5",
                    ),
                    sees="some of it shows who speaks",
                ),
            ),
            Check(
                question="Is the BGP session up?",
                ask=session_lives,
                verdict="Keepalives pass through the tunnel.",
                twin=Twin(
                    what=f"the Internet is cut for longer than the hold time, {HOLD_TIME_S} s here",
                    change=cut("isp1-isp2"),
                    sees="the session is Connecting",
                ),
                deadline_s=60,
            ),
        ),
    ),
)
