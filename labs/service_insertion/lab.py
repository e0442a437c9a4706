"""Another maker's load balancer in the way of tenants who look alike (scenario S14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labs.scenario_page import write
from raslab.course.changes import cut, passing_every_tag
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.service_insertion import (
    AROUND,
    CONTOSO,
    CSP,
    CSP_ADDRESS,
    FABRIC_ADDRESS,
    LB,
    LB_ADDRESS,
    SERVER_ADDRESSES,
    SERVERS,
    SERVICE_ADDRESS,
    SERVICES,
    SITE,
    TENANTS,
    THROUGH,
    WOODGROVE,
    ServiceInsertion,
    Tenant,
    load_balancer,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

BY_THE_DEVICE = "10.0.0.8/29"
"""What of the servers' network the gateway sends to the load balancer: the servers, which are within .8 to .15."""


def set_up(bed: Bed) -> None:
    """IPsec to each site, a routing domain and a keyed tunnel to the load balancer for each tenant."""
    csp = bed.gateway(CSP)
    csp.install_remote_access(multi_tenancy=True)
    for tenant in TENANTS:
        csp.enable_remote_access_routing_domain(tenant.name, interfaces=tenant.vlan)
        domain, site = csp.routing_domain(tenant.name), bed.gateway(tenant.gateway)
        domain.add_gre_interface(
            tunnel_of(tenant),
            source_ip_address=FABRIC_ADDRESS,
            destination=LB_ADDRESS,
            gre_key=tenant.gre_key,
            ipv4_address=f"{tenant.hops[0]}/30",
            ipv4_subnet=f"{SERVICES}:100",
        )
        domain.new_net_route(BY_THE_DEVICE, tenant.hops[1])
        site.install_remote_access()
        secret = {"authentication_method": "PSKOnly", "shared_secret": f"between {tenant.name} and its provider"}
        subnets = [f"{prefix}:100" for prefix in (SERVERS, SERVICES)]
        domain.add_vpn_s2s_interface(tenant.gateway, destination=tenant.public, ipv4_subnet=f"{SITE}:100", **secret)
        site.add_vpn_s2s_interface("cloud", destination=CSP_ADDRESS, ipv4_subnet=subnets, **secret)


def tunnel_of(tenant: Tenant) -> str:
    """The gateway's tunnel to the load balancer."""
    return f"{tenant.letter}-lb"


def device(bed: Bed) -> None:
    """The load balancer does its work, and the servers say who they are."""
    bed.services.apply({LB: [load_balancer()]})
    bed.greet(*(server for tenant in TENANTS for server in tenant.servers))


def spread(tenant: Tenant) -> Ask:
    """Whom does a tenant find when he calls the service as often as he has servers?"""

    def ask(bed: Bed) -> Observation:
        found = sorted({bed.who_answers(tenant.host, SERVICE_ADDRESS) for _ in tenant.servers})
        return Observation(found == list(tenant.servers), f"{tenant.host} finds {', '.join(found)}")

    return ask


def own_vlan(bed: Bed) -> Observation:
    """The VLAN that Woodgrove's requests are in, behind the load balancer."""
    with capture(bed.interface(f"{LB}:trunk"), "vlan and tcp dst port 80") as seen:
        bed.who_answers(WOODGROVE.host, SERVICE_ADDRESS)
    tags = sorted({packet["Dot1Q"].vlan for packet in seen.packets})
    words = " and ".join(map(str, tags)) or "none"
    return Observation(tags == [WOODGROVE.vlan_id], f"Woodgrove's requests go into VLAN {words}")


def called_back_by_the_same(bed: Bed) -> Observation:
    """The address from which replies come to somebody who has called the service."""
    with capture(bed.interface(f"{CONTOSO.host}:lan0"), "tcp src port 80 and tcp[tcpflags] & tcp-syn != 0") as seen:
        bed.who_answers(CONTOSO.host, SERVICE_ADDRESS)
    sources = sorted({packet["IP"].src for packet in seen.packets})
    words = " and ".join(sources) or "nowhere"
    return Observation(
        sources == [SERVICE_ADDRESS], f"{CONTOSO.host} has called {SERVICE_ADDRESS}, replies come from {words}"
    )


def both_ways(bed: Bed) -> Observation:
    """Whether a server's own address can be called through the load balancer, and what that drops."""
    before = dropped(bed)
    found = bed.who_answers(CONTOSO.host, SERVER_ADDRESSES[0])
    drops = "drops some packets" if dropped(bed) > before else "drops nothing"
    return Observation(found == CONTOSO.servers[0], f"{CONTOSO.host} finds {found}, the load balancer {drops}")


def dropped(bed: Bed) -> int:
    """How many packets the load balancer has dropped, as they fit no connection that it knows."""
    rules = bed.services.nft(LB).rules("ip", "balancer")
    (rule,) = (one for one in rules if one["chain"] == "stateful")
    return sum(int(part["counter"]["packets"]) for part in rule["expr"] if "counter" in part)


def nothing_crosses(bed: Bed) -> Observation:
    """Whether probes of many kinds get from tenant to tenant, or from the Internet into one."""
    report = bed.check_isolation(strangers=("inet",))
    if report.leaks:
        first = report.leaks[0]
        return Observation(False, f"{first.probe} of {first.sender} reached {first.tenant}")
    return report.observation


@contextmanager
def swapped_keys(bed: Bed) -> Iterator[None]:
    """The gateway has the keys of the two tenants the wrong way round."""
    _give_keys(bed, TENANTS[::-1])
    try:
        yield
    finally:
        _give_keys(bed, TENANTS)


def _give_keys(bed: Bed, owners: tuple[Tenant, ...]) -> None:
    csp: Any = bed.gateway(CSP)
    with csp.changing():
        for tenant, owner in zip(TENANTS, owners, strict=True):
            csp.routing_domain(tenant.name).set_vpn_s2s_interface(tunnel_of(tenant), gre_key=owner.gre_key)


@contextmanager
def one_table(bed: Bed) -> Iterator[None]:
    """The load balancer has one table for all VLANs, of routes and of connections."""
    bed.services.apply({LB: [load_balancer(tenants=())]})
    _use_tables(bed, own=False)
    try:
        yield
    finally:
        _use_tables(bed, own=True)
        bed.services.apply({LB: [load_balancer()]})


def _use_tables(bed: Bed, own: bool) -> None:
    network = bed.network
    with network.changing():
        for number, tenant in enumerate(TENANTS, start=1):
            before, after = (None, tenant.vrf) if own else (tenant.vrf, None)
            network.delRoute(LB, "default", via=tenant.hops[0], vrf=before)
            for name in (tenant.tunnel, tenant.vlan):
                network[LB].intf(name).change(master=after)
            network.addRoute(LB, "default", via=tenant.hops[0], vrf=after, metric=None if own else number)


@contextmanager
def around(bed: Bed) -> Iterator[None]:
    """Contoso's servers have the gateway, not the load balancer, as their default route."""
    _reply_by(bed, AROUND)
    try:
        yield
    finally:
        _reply_by(bed, THROUGH)


def _reply_by(bed: Bed, hop: str) -> None:
    with bed.network.changing():
        for server in CONTOSO.servers:
            bed[server].setDefaultRoute(f"via {hop}")


LAB = scenario_lab(
    name="service-insertion",
    title="Service insertion",
    scenarios=("S14",),
    summary="Another maker's load balancer in the way of tenants who look alike",
    report=write,
    scenario=Scenario(
        topology=ServiceInsertion,
        set_up=set_up,
        when_running=device,
        checks=(
            Check(
                question="Do Contoso's requests spread over his three servers?",
                ask=spread(CONTOSO),
                verdict="IPsec, GRE, the load balancer, and one after the other.",
                deadline_s=60,
                twin=Twin(
                    what="a server's line is cut, and nobody has told the load balancer",
                    change=cut("c-vm2-rack"),
                    sees="c-pc finds c-vm1, c-vm3, nobody",
                ),
            ),
            Check(
                question="Do Woodgrove's requests to the same address spread over Woodgrove's servers?",
                ask=spread(WOODGROVE),
                verdict="The key leads to his table, the table to his VLAN.",
                deadline_s=60,
                twin=Twin(
                    what="the gateway has the tenants' keys the wrong way round",
                    change=swapped_keys,
                    sees="w-pc finds c-vm1",
                ),
            ),
            Check(
                question="Are Woodgrove's requests in Woodgrove's VLAN?",
                ask=own_vlan,
                verdict="The load balancer looks them up in his table.",
                twin=Twin(
                    what="the load balancer has one table for all VLANs",
                    change=one_table,
                    sees="into VLAN 10",
                ),
            ),
            Check(
                question="Does nothing get from tenant to tenant?",
                ask=nothing_crosses,
                verdict="The device and the switch are as tight as the gateway.",
                twin=Twin(
                    what="the rack's switch passes every tag to every port",
                    change=passing_every_tag("rack"),
                    sees="ARP of Contoso reached Woodgrove",
                ),
            ),
            Check(
                question="Do replies come from the address that was called?",
                ask=called_back_by_the_same,
                verdict="The load balancer puts its address back.",
                twin=Twin(
                    what="the servers reply around the load balancer",
                    change=around,
                    sees="replies come from 10.0.0.1",
                ),
            ),
            Check(
                question="Does a server's own address answer through the load balancer?",
                ask=both_ways,
                verdict="It sees both directions.",
                twin=Twin(
                    what="the servers reply around the load balancer",
                    change=around,
                    sees="c-pc finds nobody (timed out), the load balancer drops some packets",
                ),
            ),
        ),
    ),
)
