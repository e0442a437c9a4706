"""Two offices that know each other by certificates, several networks in one tunnel, and its end when idle (S3)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.gateway import MachineCertificate, RasGateway
from raslab.model.observation import Observation
from raslab.services.pki import Authority
from topologies.enterprise_edge import EnterpriseEdge

if TYPE_CHECKING:
    from raslab.course.bed import Bed

PUBLIC = {"gw1": "203.0.113.1", "gw2": "198.51.100.2"}
IDLE_S = 12
SUBNETS = ("10.2.1.0/24:100", "10.2.2.0/24:100")
PRINTERS = "10.2.2.1"  # an address on the branch's second network


def set_up(bed: Bed) -> None:
    """A certificate for each gateway. An interface is called what the other side's certificate says."""
    authority = Authority.create("Contoso Lab CA")
    for node, name, own_name, other in (("gw1", "branch", "hq", "gw2"), ("gw2", "hq", "branch", "gw1")):
        issued = authority.issue(own_name)
        gateway = bed.gateway(node)
        gateway.install_remote_access(vpn_type="VpnS2S")
        gateway.add_vpn_s2s_interface(
            name,
            destination=PUBLIC[other],
            authentication_method="MachineCertificates",
            certificate=MachineCertificate(issued.certificate, issued.key, authority.certificate),
            ipv4_subnet=SUBNETS if node == "gw1" else "10.1.1.0/24:100",
            idle_disconnect_seconds=IDLE_S,
            number_of_tries=0,
        )


def second_network(bed: Bed) -> None:
    """The branch has a second network, on the same wire."""
    bed["gw2"].run(f"ip address add {PRINTERS}/24 dev lan0")


def let_in(bed: Bed) -> Observation:
    """The branch dials anew: does one of the head office's interfaces answer?"""
    bed.gateway("gw2").disconnect_vpn_s2s_interface("hq")
    bed.gateway("gw2").connect_vpn_s2s_interface("hq")
    (status,) = bed.gateway("gw1").get_vpn_s2s_interface()
    return Observation(
        status.connection_state == "Connected", f"the interface {status.name} of gw1 is {status.connection_state}"
    )


def both_networks(bed: Bed) -> Observation:
    """Both networks of the branch answer, and there is one tunnel."""
    answers = [bed.reaches("host1", target) for target in ("10.2.1.10", PRINTERS)]
    tunnels = len(bed.services.vici("gw1").list_sas())
    words = " and ".join("yes" if answer else "no" for answer in answers)
    return Observation(all(answers) and tunnels == 1, f"{words}, in {tunnels} tunnel{'' if tunnels == 1 else 's'}")


def has_hung_up(bed: Bed) -> Observation:
    """Whether the tunnel is down."""
    (status,) = bed.gateway("gw1").get_vpn_s2s_interface("branch")
    return Observation(status.connection_state == "Disconnected", f"the tunnel is {status.connection_state}")


@contextmanager
def connected(bed: Bed) -> Iterator[None]:
    """There is a tunnel to begin with."""
    bed.gateway("gw1").connect_vpn_s2s_interface("branch")
    yield


@contextmanager
def traffic(bed: Bed) -> Iterator[None]:
    """A packet every second."""
    pings = bed["host1"].popen(["ping", "-i", "1", "10.2.1.10"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        pings.kill()
        pings.wait()


@contextmanager
def otherwise_named(bed: Bed) -> Iterator[None]:
    """The head office's interface is called otherwise than the branch's certificate says."""
    gw1 = bed.gateway("gw1")
    _rename(gw1, "branch", "paris")
    try:
        yield
    finally:
        _rename(gw1, "paris", "branch")


def _rename(gateway: RasGateway, old: str, new: str) -> None:
    """Put an interface of another name into the place of one."""
    known = next(one for one in gateway.state.vpn_s2s_interfaces if one.name == old)
    gateway.remove_vpn_s2s_interface(old)
    gateway.add_vpn_s2s_interface(
        new,
        destination=known.destination,
        authentication_method=known.authentication_method,
        certificate=known.certificate,
        ipv4_subnet=known.ipv4_subnet,
        idle_disconnect_seconds=known.idle_disconnect_seconds,
        number_of_tries=known.number_of_tries,
    )


LAB = scenario_lab(
    name="certificates",
    title="Two offices with certificates",
    scenarios=("S3",),
    summary="Certificates choose the interface, two networks share a tunnel, and it falls when it is idle",
    report=write,
    scenario=Scenario(
        topology=EnterpriseEdge,
        set_up=set_up,
        when_running=second_network,
        checks=(
            Check(
                question="Does the head office let the branch in?",
                ask=let_in,
                verdict="The interface has the name that the branch's certificate has.",
                twin=Twin(
                    what="the head office's interface has another name",
                    change=otherwise_named,
                    sees="AUTHENTICATION_FAILED",
                ),
            ),
            Check(
                question="Does the head office's host reach both networks of the branch?",
                ask=both_networks,
                verdict="One tunnel carries both.",
                twin=Twin(
                    what="the interface has the first network only",
                    change=instead("gw1", "set_vpn_s2s_interface", "branch", ipv4_subnet=(SUBNETS[:1], SUBNETS)),
                    sees="yes and no",
                ),
            ),
            Check(
                question="Does the tunnel fall when nobody uses it?",
                ask=has_hung_up,
                verdict=f"After {IDLE_S} idle seconds the gateway hangs up.",
                during=connected,
                deadline_s=4 * IDLE_S,
                twin=Twin(
                    what="a packet every second",
                    change=traffic,
                    sees="the tunnel is Connected",
                    settles_s=3 * IDLE_S,
                ),
            ),
        ),
    ),
)
