"""GRE at full speed over a provider's MPLS core: no encryption, because nobody else is on the wire (scenario S11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labs.scenario_page import write
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.mpls_core import (
    BRANCH,
    CLOUD,
    CSP,
    CSP_ADDRESS,
    OFFICE,
    PE,
    PE_ADDRESS,
    TENANT,
    TO_CSP,
    VM_ADDRESS,
    MplsCore,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

KEY = 1001
PE_INSIDE, CSP_INSIDE = "10.255.0.1", "10.255.0.2"
PROVIDER_ASN, CLOUD_ASN = 64512, 64513
SALARIES = b"salary 4711 euro"
"""What the tenant says; `ping -p` takes 16 bytes."""
OUTER_BYTES = 20 + 4 + 4 + 4  # IPv4, GRE, its key, one label


def set_up(bed: Bed) -> None:
    """A GRE tunnel from the provider's edge to the tenant's routing domain, and BGP inside it."""
    csp, pe = bed.gateway(CSP), bed.gateway(PE)
    csp.install_remote_access(multi_tenancy=True)
    csp.enable_remote_access_routing_domain(TENANT, interfaces="contoso0")
    pe.install_remote_access()
    tenant = csp.routing_domain(TENANT)
    _add_tunnel(tenant, "to-site", (CSP_ADDRESS, PE_ADDRESS), (CSP_INSIDE, PE_INSIDE), (CLOUD_ASN, PROVIDER_ASN))
    _add_tunnel(pe, "to-cloud", (PE_ADDRESS, CSP_ADDRESS), (PE_INSIDE, CSP_INSIDE), (PROVIDER_ASN, CLOUD_ASN))
    tenant.add_bgp_custom_route(network=CLOUD)
    pe.add_bgp_custom_route(network=(OFFICE, BRANCH))


def _add_tunnel(
    gateway: Any, name: str, outside: tuple[str, str], inside: tuple[str, str], asn: tuple[int, int]
) -> None:
    gateway.add_gre_interface(
        name, source_ip_address=outside[0], destination=outside[1], gre_key=KEY, ipv4_address=f"{inside[0]}/30"
    )
    gateway.add_bgp_router(bgp_identifier=inside[0], local_asn=asn[0])
    gateway.add_bgp_peer("other-end", local_ip_address=inside[0], peer_ip_address=inside[1], peer_asn=asn[1])


def names(bed: Bed) -> None:
    """The tenant's computers say who they are."""
    bed.greet("pc", "pc2", "vm")


def finds(source: str, wanted: str, address: str) -> Callable[[Bed], Observation]:
    """Who greets somebody at an address?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"at {address} {source} finds {found}")

    return ask


def says(bed: Bed) -> bool:
    """pc tells vm something that is not for everybody; True if it has arrived."""
    return bed["pc"].run(["ping", "-c", "1", "-W", "1", "-p", SALARIES.hex(), VM_ADDRESS]).status == 0


def on_the_core(bed: Bed) -> Observation:
    """What the packets from pc to vm have in front of them on each link of the core."""
    from scapy.contrib.mpls import MPLS
    from scapy.layers.l2 import GRE

    found = []
    with ExitStack() as stack:
        places = ("pe:core0", "p1:east", "p2:east")
        captures = [stack.enter_context(capture(bed.interface(place), "ip or mpls")) for place in places]
        says(bed)
    for seen in captures:
        tunnelled = [packet for packet in seen.packets if GRE in packet and packet[GRE]["IP"].dst == VM_ADDRESS]
        labels = [packet[MPLS].label if MPLS in packet else "none" for packet in tunnelled]
        found.append(str(labels[0]) if labels else "no packet")
    expected = [*map(str, TO_CSP), "none"]
    return Observation(found == expected, f"the labels on the three links are {', '.join(found)}")


def unread(bed: Bed) -> Observation:
    """Does anybody on the Internet read what the tenant says?"""
    with capture(bed.interface("inet:to-csp"), "ip proto 47") as seen:
        arrived = says(bed)
    if SALARIES in seen.pcap:
        return Observation(False, f"the Internet reads {SALARIES.decode()!r}")
    return Observation(arrived, "the Internet sees nothing of it" if arrived else "it has not arrived")


@contextmanager
def through_the_internet(bed: Bed) -> Iterator[None]:
    """The edges send to each other as to everybody else."""
    network = bed.network
    labelled = [route for route in network.routes if route.labels]
    with network.changing():
        network.routes = [route for route in network.routes if not route.labels]
    try:
        yield
    finally:
        with network.changing():
            network.routes = [*network.routes, *labelled]


def other_labels(node: str, label: int, *others: int) -> Change:
    """A router puts other labels in the place of one."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        network = bed.network
        before = list(network.mpls_routes)
        with network.changing():
            network.mpls_routes = [
                replace(path, out_labels=others) if (path.node, path.label) == (node, label) else path
                for path in before
            ]
        try:
            yield
        finally:
            with network.changing():
                network.mpls_routes = before

    return change


@contextmanager
def longer_stack(bed: Bed) -> Iterator[None]:
    """pe puts a second label before everything."""
    network = bed.network
    before = list(network.routes)
    with network.changing():
        network.routes = [
            replace(route, labels=(500, *route.labels)) if route.node == PE and route.labels else route
            for route in before
        ]
    try:
        yield
    finally:
        with network.changing():
            network.routes = before
        bed["pc"].run("ip route flush cache")  # it has learnt the smaller MTU for ten minutes (RFC 1191, section 6.3)


@contextmanager
def untold_branch(bed: Bed) -> Iterator[None]:
    """pe keeps the second network to itself."""
    pe = bed.gateway(PE)
    pe.remove_bgp_custom_route(network=BRANCH)
    try:
        yield
    finally:
        pe.add_bgp_custom_route(network=BRANCH)


LAB = scenario_lab(
    name="gre-over-mpls",
    title="GRE over an MPLS core",
    scenarios=("S11",),
    summary="From the provider's edge to the tenant's routing domain, without encryption and without strangers",
    report=write,
    scenario=Scenario(
        topology=MplsCore,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does the office find its virtual machine?",
                ask=finds("pc", "vm", VM_ADDRESS),
                verdict="By GRE from the provider's edge to the tenant's routing domain.",
                deadline_s=60,
                twin=Twin(
                    what="p1 puts a label in that p2 does not know",
                    change=other_labels("p1", TO_CSP[0], 999),
                    sees="pc finds nobody",
                ),
            ),
            Check(
                question="Do labels lead through the core, and is the last one gone before the gateway?",
                ask=on_the_core,
                verdict="101 is swapped for 102, and p2 takes that away.",
                deadline_s=60,
                twin=Twin(
                    what="the edges send through the Internet",
                    change=through_the_internet,
                    sees="are no packet, no packet, no packet",
                ),
            ),
            Check(
                question="Is what the tenant says unread on the Internet, although nothing is encrypted?",
                ask=unread,
                verdict="Only the provider's own routers carry it.",
                deadline_s=60,
                twin=Twin(
                    what="the Internet is in the place of the core",
                    change=through_the_internet,
                    sees="the Internet reads 'salary 4711 euro'",
                ),
            ),
            Check(
                question="Is a second network of the site reached as soon as the provider's edge tells of it?",
                ask=finds("vm", "pc2", "10.1.2.1"),
                verdict="BGP inside the tunnel has told the tenant's routing domain.",
                deadline_s=60,
                twin=Twin(what="pe does not announce it", change=untold_branch, sees="vm finds nobody"),
            ),
            Check(
                question=f"Do packets of {1500 - OUTER_BYTES} bytes pass in one piece?",
                ask=lambda bed: bed.reaches("pc", "vm", size_bytes=1500 - OUTER_BYTES - 28, dont_fragment=True),
                verdict=f"Tunnel, key and label take {OUTER_BYTES} of the link's 1500 bytes.",
                deadline_s=60,
                twin=Twin(what="pe puts a second label before them", change=longer_stack, sees="mtu = 1464"),
            ),
        ),
    ),
)
