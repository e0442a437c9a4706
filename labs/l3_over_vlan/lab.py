"""Two tenants' physical networks with equal prefixes, each in its VLAN of one trunk (scenario S9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import in_vlans, move_addresses
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.l3_over_vlan import (
    ACTIVE,
    CONTOSO,
    GATEWAYS,
    PHYSICAL,
    RACK,
    STANDBY,
    TENANTS,
    VIRTUAL,
    VIRTUAL_ROUTER,
    VM,
    WOODGROVE,
    L3OverVlan,
    Tenant,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

PROVIDER_ASN, CONTOSO_ASN = 64512, 64513
HOLD_TIME_S = 9


def set_up(bed: Bed) -> None:
    """Both gateways are multitenant; the active one has the tenants. Contoso's peer speaks BGP with it."""
    for gateway in GATEWAYS:
        bed.gateway(gateway).install_remote_access(multi_tenancy=True)
    serve(bed, ACTIVE)
    peer = bed.gateway(CONTOSO.peer)
    peer.install_remote_access(vpn_type="RoutingOnly")
    peer.add_bgp_router(bgp_identifier=CONTOSO.peer_address, local_asn=CONTOSO_ASN)
    peer.add_bgp_custom_route(network=PHYSICAL)
    peer.add_bgp_peer(
        "provider",
        local_ip_address=CONTOSO.peer_address,
        peer_ip_address=CONTOSO.address,
        peer_asn=PROVIDER_ASN,
        hold_time_sec=HOLD_TIME_S,
    )


def serve(bed: Bed, gateway: str) -> None:
    """A routing domain per tenant, with the VLAN and the virtual network: BGP for Contoso, a route for Woodgrove."""
    csp = bed.gateway(gateway)
    with csp.changing():
        for tenant in TENANTS:
            csp.enable_remote_access_routing_domain(tenant.name, interfaces=(tenant.interface, tenant.vlan))
        contoso, woodgrove = (csp.routing_domain(tenant.name) for tenant in TENANTS)
        contoso.add_bgp_router(bgp_identifier=CONTOSO.address, local_asn=PROVIDER_ASN)
        contoso.add_bgp_custom_route(network=VIRTUAL)
        contoso.add_bgp_peer(
            CONTOSO.peer,
            local_ip_address=CONTOSO.address,
            peer_ip_address=CONTOSO.peer_address,
            peer_asn=CONTOSO_ASN,
            hold_time_sec=HOLD_TIME_S,
        )
        woodgrove.new_net_route(PHYSICAL, WOODGROVE.peer_address)


def when_running(bed: Bed) -> None:
    """Everybody says who it is."""
    bed.greet(*(name for one in TENANTS for name in (one.vm, one.host)))


def move(bed: Bed, old: str, new: str) -> None:
    """What a controller does: the tenants and their addresses are on another gateway."""
    with bed.gateway(old).changing():
        for tenant in TENANTS:
            bed.gateway(old).disable_remote_access_routing_domain(tenant.name)
    places = [place for one in TENANTS for place in ((one.vlan, f"{one.address}/24"), (one.interface, VIRTUAL_ROUTER))]
    move_addresses(bed, old, new, places)
    serve(bed, new)


@contextmanager
def active_gateway_fails(bed: Bed) -> Iterator[None]:
    """All lines of the active gateway are cut, and the other one takes its place."""
    lines = [f"{ACTIVE}-{RACK}", *(f"{tenant.switch}-{ACTIVE}" for tenant in TENANTS)]
    for line in lines:
        bed.cut(line)
    move(bed, ACTIVE, STANDBY)
    try:
        yield
    finally:
        for line in lines:
            bed.restore(line)
        move(bed, STANDBY, ACTIVE)


def not_carried(tenant: Tenant, gateway: str) -> Change:
    """The switch does not carry the tenant's VLAN to a gateway."""
    return in_vlans(f"{RACK}:to-{gateway}", vlans=[one.vlan_id for one in TENANTS if one is not tenant])


in_one_vlan = in_vlans(f"{RACK}:to-{WOODGROVE.peer}", untagged_vlan=CONTOSO.vlan_id)
"""Woodgrove's peer is plugged into Contoso's VLAN."""


def finds(source: str, wanted: str, address: str) -> Ask:
    """Is it its own that somebody finds at an address that two tenants have?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"{source} finds {found} at {address}")

    return ask


def both_find_their_own(bed: Bed) -> Observation:
    """What both tenants' hosts find at the address that both tenants have."""
    found = {tenant: bed.who_answers(tenant.host, VM) for tenant in TENANTS}
    seen = ", ".join(f"{tenant.host} finds {name}" for tenant, name in found.items())
    return Observation(all(tenant.vm == name for tenant, name in found.items()), seen)


def told_by_bgp(bed: Bed) -> Observation:
    """Whom Contoso's routing domain has been told of Contoso's physical network by."""
    known = bed.gateway(ACTIVE).routing_domain(CONTOSO.name).get_bgp_route_information(PHYSICAL)
    hops = [route.next_hop for route in known]
    return Observation(hops == [CONTOSO.peer_address], f"{PHYSICAL} is by way of {', '.join(hops) or 'nobody'}")


def tags(bed: Bed) -> Observation:
    """The VLAN tags on the trunk while both tenants' hosts call."""
    with capture(bed.interface(f"{RACK}:to-{ACTIVE}"), "vlan and ip") as seen:
        for tenant in TENANTS:
            bed.who_answers(tenant.host, VM)
    found = sorted({int(packet["Dot1Q"].vlan) for packet in seen.packets})
    return Observation(found == [one.vlan_id for one in TENANTS], f"the tags are {' and '.join(map(str, found))}")


def kept_apart(bed: Bed) -> Observation:
    """Does Contoso's peer get to Woodgrove's, which has an address of the same prefix?"""
    reached = bed.reaches(CONTOSO.peer, WOODGROVE.peer_address, count=1)
    return Observation(not reached, f"{CONTOSO.peer} {'reaches' if reached else 'does not reach'} {WOODGROVE.peer}")


LAB = scenario_lab(
    name="l3-over-vlan",
    title="Forwarding to physical networks by VLAN",
    scenarios=("S9",),
    summary="Two tenants' physical networks with one prefix, each in its VLAN, by BGP and by static routes",
    report=write,
    scenario=Scenario(
        topology=L3OverVlan,
        set_up=set_up,
        when_running=when_running,
        checks=(
            Check(
                question="Does the gateway learn Contoso's physical network by BGP through the VLAN?",
                ask=told_by_bgp,
                verdict="A routing domain speaks BGP with its peer in its VLAN.",
                deadline_s=60,
                twin=Twin(
                    what="the switch does not carry VLAN 1001 to the gateway",
                    change=not_carried(CONTOSO, ACTIVE),
                    sees="by way of nobody",
                    deadline_s=4 * HOLD_TIME_S,
                ),
            ),
            Check(
                question="Does Contoso's host find Contoso's virtual machine?",
                ask=finds(CONTOSO.host, CONTOSO.vm, VM),
                verdict="The routing domain joins the VLAN and the virtual network.",
                deadline_s=60,
                twin=Twin(
                    what="the switch does not carry VLAN 1001 to the gateway",
                    change=not_carried(CONTOSO, ACTIVE),
                    sees="c-pc finds nobody",
                    deadline_s=30,
                ),
            ),
            Check(
                question="Does Woodgrove's host find its own virtual machine at the same address, by static routes?",
                ask=finds(WOODGROVE.host, WOODGROVE.vm, VM),
                verdict="The tag says whose frame it is.",
                deadline_s=60,
                twin=Twin(
                    what="Woodgrove's peer is plugged into Contoso's VLAN",
                    change=in_one_vlan,
                    sees="w-pc finds nobody",
                    deadline_s=30,
                ),
            ),
            Check(
                question="Are there two tags on the trunk?",
                ask=tags,
                verdict="One wire, two networks with one prefix.",
                deadline_s=60,
                twin=Twin(
                    what="the switch does not carry VLAN 1002 to the gateway",
                    change=not_carried(WOODGROVE, ACTIVE),
                    sees="the tags are 1001",
                    deadline_s=30,
                ),
            ),
            Check(
                question="Are the two peers kept apart, although their addresses are of one prefix?",
                ask=kept_apart,
                verdict="To each of them the other one's address is nobody's.",
                twin=Twin(
                    what="Woodgrove's peer is plugged into Contoso's VLAN",
                    change=in_one_vlan,
                    sees="c-peer reaches w-peer",
                ),
            ),
            Check(
                question="Do both hosts find their virtual machines when another gateway has taken over?",
                ask=both_find_their_own,
                verdict="The addresses have moved within their VLANs.",
                during=active_gateway_fails,
                deadline_s=120,
                twin=Twin(
                    what="the switch does not carry VLAN 1002 to the other gateway",
                    change=not_carried(WOODGROVE, STANDBY),
                    sees="c-pc finds c-vm, w-pc finds nobody",
                    deadline_s=60,
                ),
            ),
        ),
    ),
)
