"""A RAS gateway and another maker's: they agree on IKEv2, ESP and BGP by their RFCs, or say why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import raslab
from raslab.errors import TunnelRefusedError
from raslab.gateway import RasGateway
from raslab.notebook.lab import Lab
from topologies.third_party_edge import ASN, BRANCH, INSIDE, services

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("esp", "xfrm interface", "netem")]

SECRET = "correct horse battery staple"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Running; gw1 has an interface to the other maker's gateway, on which nothing runs yet."""
    with raslab.lab("third-party-edge") as found:
        gw1 = found.gateway("gw1")
        gw1.install_remote_access()
        gw1.add_vpn_s2s_interface(
            "branch",
            destination=BRANCH,
            authentication_method="PSKOnly",
            shared_secret=SECRET,
            ipv4_address=INSIDE["gw1"],
            internal_ipv6=False,
        )
        yield found


def speak_bgp(gw1: RasGateway) -> None:
    here, there = (INSIDE[node].partition("/")[0] for node in ("gw1", "gw2"))
    gw1.add_bgp_router(bgp_identifier="10.1.1.254", local_asn=ASN["gw1"])
    gw1.add_bgp_peer("branch", local_ip_address=here, peer_ip_address=there, peer_asn=ASN["gw2"])
    gw1.add_bgp_custom_route(network="10.1.1.0/24")


def test_sites_find_each_other_by_bgp_in_the_tunnel(lab: Lab) -> None:
    lab.services.apply(services(SECRET))
    gw1 = lab.gateway("gw1")
    status = gw1.connect_vpn_s2s_interface("branch")
    assert (status.connection_state, status.esp) == ("Connected", "AES_CBC_256/HMAC_SHA2_256_128")
    speak_bgp(gw1)
    with lab.capture("isp1-isp2", "ip") as cap:
        reached = raslab.check("host1 reaches host2", lambda: lab.reaches("host1", "host2"), deadline_s=30)
    assert reached, reached
    assert "esp" in set(cap.frame["protocol"])
    (learnt,) = gw1.get_bgp_route_information("10.2.1.0/24")
    assert (learnt.as_path, learnt.state) == (str(ASN["gw2"]), "Best")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"ike": "aes128-sha512-modp4096"}, "NO_PROPOSAL_CHOSEN"),
        ({"esp": "aes128-sha512"}, "NO_PROPOSAL_CHOSEN"),
        ({"secret": "another one"}, "AUTHENTICATION_FAILED"),
    ],
)
def test_what_differs_is_named(lab: Lab, told: dict[str, str], reason: str) -> None:
    lab.services.apply(services(**{"secret": SECRET, **told}))
    with pytest.raises(TunnelRefusedError, match=reason):
        lab.gateway("gw1").connect_vpn_s2s_interface("branch")
