"""Two tenants with equal addresses on one gateway: everybody gets to his own (scenario S7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labs.scenario_page import write
from raslab.course.changes import cut, instead, typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.errors import GatewayRefusedError
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.two_tenants import (
    CLOUD,
    CLOUD_ADDRESS,
    CONTOSO,
    PROVIDER,
    PROVIDER_ADDRESS,
    SITES,
    VIRTUAL_NETWORKS,
    VM_ADDRESS,
    WOODGROVE,
    TwoTenants,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

ASN = {PROVIDER: 64512, CONTOSO: 64513, WOODGROVE: 64514}
HOLD_TIME_S = 9
FORGED = 500
ASTRAY = "10.2.0.0/24 dev to-w-sfo vrf vrf-Contoso"
"""San Francisco is Woodgrove's alone."""
FABRIKAM = "Fabrikam"
"""A third tenant, who has ordered site-to-site VPN and nothing else."""


def set_up(bed: Bed) -> None:
    """IPsec to both New Yorks, GRE to San Francisco, BGP inside of each tunnel; a routing domain per tenant."""
    csp = bed.gateway(PROVIDER)
    csp.install_remote_access(multi_tenancy=True)
    for own in VIRTUAL_NETWORKS:
        csp.enable_remote_access_routing_domain(own.tenant, interfaces=own.interface)
        tenant = csp.routing_domain(own.tenant)
        tenant.add_bgp_router(bgp_identifier=CLOUD_ADDRESS, local_asn=ASN[PROVIDER])
        tenant.add_bgp_custom_route(network=CLOUD)
    csp.enable_remote_access_routing_domain(FABRIKAM, type="VpnS2S")
    for number, site in enumerate(SITES, start=1):
        gateway, tenant = bed.gateway(site.gateway), csp.routing_domain(site.tenant)
        gateway.install_remote_access()
        gateway.add_bgp_router(bgp_identifier=f"{site.prefix}.254", local_asn=ASN[site.tenant])
        gateway.add_bgp_custom_route(network=site.network)
        here, there = f"10.255.{number}.1", f"10.255.{number}.2"
        ends = PROVIDER_ADDRESS, site.public
        _add_tunnel(tenant, f"to-{site.gateway}", site.gateway, ends, f"{here}/30")
        _add_tunnel(gateway, "to-cloud", site.gateway, ends[::-1], f"{there}/30")
        tenant.add_bgp_peer(site.gateway, **_session(here, there, site.tenant))
        gateway.add_bgp_peer("cloud", **_session(there, here, PROVIDER))


def _add_tunnel(gateway: Any, name: str, site: str, ends: tuple[str, str], address: str) -> None:
    source, destination = ends
    settings = {"source_ip_address": source, "destination": destination, "ipv4_address": address}
    if site == "w-sfo":
        gateway.add_gre_interface(name, **settings, gre_key=1003)
    else:
        secret = f"between {site} and its provider"
        gateway.add_vpn_s2s_interface(name, **settings, authentication_method="PSKOnly", shared_secret=secret)


def _session(local: str, peer: str, other: str) -> dict[str, Any]:
    return {
        "local_ip_address": local,
        "peer_ip_address": peer,
        "peer_asn": ASN[other],
        "hold_time_sec": HOLD_TIME_S,
    }


def names(bed: Bed) -> None:
    """Each virtual machine and each host says who it is."""
    bed.greet(*(one.vm for one in VIRTUAL_NETWORKS), *(site.host for site in SITES))


def finds(source: str, wanted: str, address: str = VM_ADDRESS) -> Ask:
    """Is it his own that somebody finds at an address that two tenants have?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"{source} finds {found} at {address}")

    return ask


def two_ways(bed: Bed) -> Observation:
    """Where each routing domain sends what is for New York's prefix."""
    csp = bed.gateway(PROVIDER)
    hops = {
        tenant: next(
            (one.next_hop for one in csp.routing_domain(tenant).get_bgp_route_information("10.1.0.0/24", "Best")), ""
        )
        for tenant in (CONTOSO, WOODGROVE)
    }
    shown = ", ".join(f"{tenant} to {hop or 'nowhere'}" for tenant, hop in hops.items())
    return Observation(len(set(hops.values()) - {""}) == 2, f"10.1.0.0/24 goes for {shown}")


def two_sas(bed: Bed) -> Observation:
    """Which security associations carry the two New Yorks' packets, as the Internet sees it."""
    with capture(bed.interface(f"{PROVIDER}:wan0"), f"ip proto 50 and src host {PROVIDER_ADDRESS}") as seen:
        for site in SITES[:2]:
            bed.who_answers(site.host, VM_ADDRESS)
    spis = {bytes(packet["IP"].payload)[:4] for packet in seen.packets}  # RFC 4303, section 2
    return Observation(len(spis) == 2, f"SPIs of packets to New York: {len(spis)}")


def refused_bgp(bed: Bed) -> Observation:
    """What the gateway says to a BGP router for a tenant who has none in his contract."""
    tenant = bed.gateway(PROVIDER).routing_domain(FABRIKAM)
    try:
        tenant.add_bgp_router(bgp_identifier="10.0.0.1", local_asn=64515)
    except GatewayRefusedError as refused:
        return Observation(True, str(refused))
    tenant.remove_bgp_router()
    return Observation(False, f"{FABRIKAM} has got a BGP router")


@contextmanager
def crossed(bed: Bed) -> Iterator[None]:
    """Each tenant's interface is in the other's routing domain."""
    csp = bed.gateway(PROVIDER)

    def assign(interfaces: tuple[str, str]) -> None:
        with csp.changing():
            for own, interface in zip(VIRTUAL_NETWORKS, interfaces, strict=True):
                csp.set_remote_access_routing_domain(own.tenant, interfaces=interface)

    own = (VIRTUAL_NETWORKS[0].interface, VIRTUAL_NETWORKS[1].interface)
    assign(own[::-1])
    try:
        yield
    finally:
        assign(own)


@contextmanager
def one_disconnected(bed: Bed) -> Iterator[None]:
    """The interface to one New York is off."""
    tenant = bed.gateway(PROVIDER).routing_domain(WOODGROVE)
    tenant.set_vpn_s2s_interface("to-w-ny", admin_status=False)
    try:
        yield
    finally:
        tenant.set_vpn_s2s_interface("to-w-ny", admin_status=True)


LAB = scenario_lab(
    name="two-tenants",
    title="Two tenants with equal addresses",
    scenarios=("S7",),
    summary="One gateway, two tenants, the same prefixes: each gets to its own",
    report=write,
    scenario=Scenario(
        topology=TwoTenants,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does Contoso's New York find Contoso's server at 10.0.0.1?",
                ask=finds("c-pc", "c-vm"),
                verdict="The routing domain decides, not the address.",
                deadline_s=60,
                twin=Twin(
                    what="the interfaces are in the wrong routing domains",
                    change=crossed,
                    sees="c-pc finds w-vm",
                    deadline_s=60,
                ),
            ),
            Check(
                question="Does Woodgrove's New York find Woodgrove's server at the same address?",
                ask=finds("w-pc", "w-vm"),
                verdict="Both answer at the same time.",
                deadline_s=60,
                twin=Twin(
                    what="the interfaces are in the wrong routing domains",
                    change=crossed,
                    sees="w-pc finds c-vm",
                    deadline_s=60,
                ),
            ),
            Check(
                question="Does Woodgrove's server find Woodgrove's host at 10.1.0.1?",
                ask=finds("w-vm", "w-pc", "10.1.0.1"),
                verdict="What a site has told by BGP is told to its own routing domain.",
                deadline_s=60,
                twin=Twin(
                    what="the line to Woodgrove's New York is cut",
                    change=cut("w-ny-inet"),
                    sees="w-vm finds nobody",
                    settles_s=HOLD_TIME_S + 1,
                ),
            ),
            Check(
                question="Does the gateway know two ways to 10.1.0.0/24?",
                ask=two_ways,
                verdict="One in each routing table.",
                deadline_s=60,
                twin=Twin(
                    what="the line to Contoso's New York is cut",
                    change=cut("c-ny-inet"),
                    sees="Contoso to nowhere",
                    deadline_s=30,
                ),
            ),
            Check(
                question="Are there two security associations to New York?",
                ask=two_sas,
                verdict="One per tenant, with keys of its own.",
                deadline_s=60,
                twin=Twin(
                    what="the interface to Woodgrove's New York is disabled",
                    change=one_disconnected,
                    sees="SPIs of packets to New York: 1",
                ),
            ),
            Check(
                question="Is there nothing by which one tenant gets to another?",
                ask=lambda bed: bed.check_isolation(forged=FORGED).observation,
                verdict="Whatever anybody sends, it stays with its own.",
                deadline_s=60,
                twin=Twin(
                    what="a route of Contoso's leads into Woodgrove's tunnel",
                    change=typed(PROVIDER, f"ip route add {ASTRAY}", f"ip route del {ASTRAY}"),
                    sees="csp:vrf-Contoso > csp:to-w-sfo > csp:wan0",
                    deadline_s=60,
                ),
            ),
            Check(
                question="Is a BGP router refused to a tenant who is enabled as VpnS2S only?",
                ask=refused_bgp,
                verdict="A routing domain does what its type says.",
                twin=Twin(
                    what="the tenant is enabled as All",
                    change=instead(PROVIDER, "set_remote_access_routing_domain", FABRIKAM, type=("All", "VpnS2S")),
                    sees="Fabrikam has got a BGP router",
                ),
            ),
        ),
    ),
)
