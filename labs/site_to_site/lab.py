"""Two offices, a pre-shared key and static routes: the first packet dials (scenario S2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead, typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.errors import GatewayRefusedError
from raslab.model.observation import Observation
from topologies.enterprise_edge import EnterpriseEdge

if TYPE_CHECKING:
    from raslab.course.bed import Bed

SECRET = "correct horse battery staple"
PUBLIC = {"gw1": "203.0.113.1", "gw2": "198.51.100.2"}


def set_up(bed: Bed) -> None:
    """An interface on each gateway, with what is behind the other one."""
    for node, name, other, site in (("gw1", "branch", "gw2", 2), ("gw2", "hq", "gw1", 1)):
        gateway = bed.gateway(node)
        gateway.install_remote_access(vpn_type="VpnS2S")
        gateway.add_vpn_s2s_interface(
            name,
            destination=PUBLIC[other],
            authentication_method="PSKOnly",
            shared_secret=SECRET,
            ipv4_subnet=f"10.{site}.1.0/24:100",
            ipv6_subnet=f"2001:db8:{site}::/64:100",
            number_of_tries=0,
        )


def first_packet_dials(bed: Bed) -> Observation:
    """Hang up, send three packets a second apart, and count the answers."""
    gw1 = bed.gateway("gw1")
    gw1.disconnect_vpn_s2s_interface("branch")
    answered = bed["host1"].run("ping -c 3 -W 1 10.2.1.10").stdout.count("bytes from")
    (status,) = gw1.get_vpn_s2s_interface("branch")
    seen = f"{answered} of 3 echoes came back, and the tunnel is {status.connection_state}"
    return Observation(answered == 2 and status.connection_state == "Connected", seen)


def dials(bed: Bed) -> bool:
    """Dial anew; raises an error with the reason if that fails."""
    gw1 = bed.gateway("gw1")
    gw1.disconnect_vpn_s2s_interface("branch")
    return gw1.connect_vpn_s2s_interface("branch").connection_state == "Connected"


def second_is_refused(bed: Bed) -> Observation:
    """Try to add another interface with a pre-shared key to the same address."""
    gw1 = bed.gateway("gw1")
    try:
        gw1.add_vpn_s2s_interface(
            "second", destination=PUBLIC["gw2"], authentication_method="PSKOnly", shared_secret="another"
        )
    except GatewayRefusedError as refusal:
        return Observation(True, str(refusal).rstrip("."))
    gw1.remove_vpn_s2s_interface("second")
    return Observation(False, "the second interface was accepted")


@contextmanager
def without_subnet(bed: Bed) -> Iterator[None]:
    """The branch does not know what IPv6 network is behind the tunnel."""
    gw2 = bed.gateway("gw2")
    gw2.set_vpn_s2s_interface("hq", ipv6_subnet=())
    try:
        yield
    finally:
        gw2.set_vpn_s2s_interface("hq", ipv6_subnet="2001:db8:1::/64:100")


LAB = scenario_lab(
    name="site-to-site",
    title="Two offices and a pre-shared key",
    scenarios=("S2",),
    summary="A site-to-site interface with static routes; the first packet dials, the second one passes",
    report=write,
    scenario=Scenario(
        topology=EnterpriseEdge,
        set_up=set_up,
        checks=(
            Check(
                question="Do the gateways accept each other's secret?",
                ask=dials,
                verdict="The tunnel comes up.",
                twin=Twin(
                    what="the branch has another secret",
                    change=instead("gw2", "set_vpn_s2s_interface", "hq", shared_secret=("another", SECRET)),
                    sees="AUTHENTICATION_FAILED",
                ),
            ),
            Check(
                question="Does the first packet of the head office's host dial?",
                ask=first_packet_dials,
                verdict="The first packet asks for the tunnel and is lost, the second one passes.",
                twin=Twin(
                    what="a route with a lower metric, by the provider",
                    change=typed(
                        "gw1",
                        "ip route add 10.2.1.0/24 via 203.0.113.2 metric 50",
                        undo="ip route del 10.2.1.0/24 via 203.0.113.2 metric 50",
                    ),
                    sees="0 of 3 echoes came back, and the tunnel is Disconnected",
                ),
            ),
            Check(
                question="Does IPv6 pass through the same tunnel?",
                ask=lambda bed: bed.reaches("host1", "host2", ip_version=6),
                verdict="IPv6 travels inside of IPv4.",
                twin=Twin(
                    what="the branch's interface has no IPv6 subnet",
                    change=without_subnet,
                    sees="none of 2 echoes came back",
                ),
            ),
            Check(
                question="Is a second interface with a pre-shared key to the same address refused?",
                ask=second_is_refused,
                verdict="The caller's address chooses the secret, so there can be one only.",
                twin=Twin(
                    what="the first interface is switched off",
                    change=instead("gw1", "set_vpn_s2s_interface", "branch", admin_status=(False, True)),
                    sees="accepted",
                ),
            ),
        ),
    ),
)
