"""Tenants who share a server, each by a GRE tunnel of his own, and do not meet on the way (scenario S13)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.shared_services import (
    CONTOSO,
    FABRIKAM,
    PROVIDER,
    PROVIDER_ADDRESS,
    SERVER,
    SERVER_ADDRESS,
    SERVICES,
    SHARED,
    SHARED_ADDRESS,
    TENANTS,
    WOODGROVE,
    SharedServices,
    Tenant,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed
    from raslab.net import Node

    Ask = Callable[[Bed], Observation]


def set_up(bed: Bed) -> None:
    """A routing domain and a keyed tunnel per tenant; the shared gateway routes by destination, and filters."""
    csp, shared = bed.gateway(PROVIDER), bed.gateway(SHARED)
    csp.install_remote_access(multi_tenancy=True)
    shared.install_remote_access()
    for number, tenant in enumerate(TENANTS, start=1):
        csp.enable_remote_access_routing_domain(tenant.name, interfaces=tenant.interface)
        csp.routing_domain(tenant.name).add_gre_interface(
            tunnel_of(tenant),
            source_ip_address=PROVIDER_ADDRESS,
            destination=SHARED_ADDRESS,
            gre_key=tenant.gre_key,
            ipv4_address=f"10.255.{number}.1/30",
            ipv4_subnet="0.0.0.0/0:100",
        )
        shared.add_gre_interface(
            tenant.interface,
            source_ip_address=SHARED_ADDRESS,
            destination=PROVIDER_ADDRESS,
            gre_key=tenant.gre_key,
            ipv4_address=f"10.255.{number}.2/30",
            ipv4_subnet=way_back(tenant) if tenant is not FABRIKAM else (),
        )
        shared.add_remote_access_ip_filter(tenant.interface, "Deny", services_only(tenant), "Inbound")


def tunnel_of(tenant: Tenant) -> str:
    """The name of the tenant's tunnel on the multitenant gateway."""
    return f"{tenant.vm[0]}-shared"


def way_back(tenant: Tenant) -> str:
    """The subnet that the shared gateway has behind a tenant's tunnel, with its metric."""
    return f"{tenant.network}:100"


def services_only(tenant: Tenant) -> str:
    """The line of a filter that lets a tenant get to the shared services, by his own addresses."""
    return f"{tenant.network}:{SERVICES}:ANY"


def names(bed: Bed) -> None:
    """The server and each virtual machine say who they are."""
    bed.greet(SERVER, *(tenant.vm for tenant in TENANTS))


def finds(source: str, wanted: str, address: str = SERVER_ADDRESS) -> Ask:
    """Is it `wanted` that somebody finds at an address?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"at {address} {source} finds {found}")

    return ask


def kept_apart(bed: Bed) -> Observation:
    """Does a tenant fail to get to another one by the gateway that they share?"""
    found = bed.who_answers(WOODGROVE.vm, CONTOSO.address)
    return Observation(found.startswith("nobody"), f"{WOODGROVE.vm} finds {found} at {CONTOSO.address}")


def reply_goes_home(bed: Bed) -> Observation:
    """To whom the shared gateway sends what the server replies to Contoso."""
    with capture(bed.interface(f"{PROVIDER}:fab0"), f"proto gre and src host {SHARED_ADDRESS}") as seen:
        bed.who_answers(CONTOSO.vm, SERVER_ADDRESS)
    replies = seen.frame[seen.frame["inner_destination"] == CONTOSO.address]
    keys = set(replies["gre_key"])
    owners = [tenant.name for tenant in TENANTS if tenant.gre_key in keys]
    return Observation(owners == [CONTOSO.name], f"replies to {CONTOSO.vm} go to {' and '.join(owners) or 'nobody'}")


def two_keys(bed: Bed) -> Observation:
    """How many tunnels there are in use between the two gateways, and between how many pairs of addresses."""
    with capture(bed.interface(f"{PROVIDER}:fab0"), f"proto gre and src host {PROVIDER_ADDRESS}") as seen:
        for tenant in (CONTOSO, WOODGROVE):
            bed.who_answers(tenant.vm, SERVER_ADDRESS)
    calls = seen.frame[seen.frame["inner_destination"] == SERVER_ADDRESS]
    pairs = set(zip(calls["source"], calls["destination"], strict=True))
    keys = sorted(set(calls["gre_key"]))
    found = f"{len(pairs)} pair of addresses, keys: {' and '.join(map(str, keys))}"
    return Observation((len(pairs), len(keys)) == (1, 2), found)


def no_disguise(bed: Bed) -> Observation:
    """Whether Woodgrove gets a reply to what Contoso has sent in his name."""
    with capture(bed.interface(f"{WOODGROVE.vm}:lan0"), f"icmp and src host {SERVER_ADDRESS}") as seen:
        send_echo(bed[CONTOSO.vm], WOODGROVE.address, SERVER_ADDRESS)
        bed.who_answers(CONTOSO.vm, SERVER_ADDRESS)  # which takes longer than the echo and its reply
    got = "a reply" if seen.packets else "no reply"
    return Observation(not seen.packets, f"{WOODGROVE.vm} gets {got} that it has not asked for")


def nothing_crosses(bed: Bed) -> Observation:
    """Whether probes of many kinds get from tenant to tenant, or from the provider's network into one."""
    report = bed.check_isolation(strangers=("fabric",))
    if report.leaks:
        first = report.leaks[0]
        return Observation(False, f"{first.probe} of {first.sender} reached {first.tenant}")
    return report.observation


def send_echo(node: Node, source: str, destination: str) -> None:
    """Send an echo request with a source address that need not be the node's."""
    from scapy.layers.inet import ICMP, IP  # here, as it takes a second

    packet = bytes(IP(src=source, dst=destination) / ICMP())

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.sendto(packet, (destination, 0))

    node.call(send)


def on_shared(tenant: Tenant, **settings: tuple[object, object]) -> Change:
    """The tenant's tunnel has other settings at the shared gateway."""
    return instead(SHARED, "set_vpn_s2s_interface", tenant.interface, **settings)


@contextmanager
def woodgrove_disabled(bed: Bed) -> Iterator[None]:
    """Woodgrove's tunnel is off at the multitenant gateway."""
    tenant = bed.gateway(PROVIDER).routing_domain(WOODGROVE.name)
    tenant.set_vpn_s2s_interface(tunnel_of(WOODGROVE), admin_status=False)
    try:
        yield
    finally:
        tenant.set_vpn_s2s_interface(tunnel_of(WOODGROVE), admin_status=True)


@contextmanager
def any_source(bed: Bed) -> Iterator[None]:
    """The filter of Contoso's tunnel asks for whom a packet is, and not from whom."""
    shared = bed.gateway(SHARED)
    shared.set_remote_access_ip_filter(CONTOSO.interface, "Deny", f"0.0.0.0/0:{SERVICES}:ANY", "Inbound")
    try:
        yield
    finally:
        shared.set_remote_access_ip_filter(CONTOSO.interface, "Deny", services_only(CONTOSO), "Inbound")


@contextmanager
def without_filter(bed: Bed) -> Iterator[None]:
    """The shared gateway lets its tenants send wherever they like."""
    shared = bed.gateway(SHARED)
    kept = shared.get_remote_access_ip_filter()
    with shared.changing():
        for one in kept:
            shared.remove_remote_access_ip_filter(one.interface_alias, one.direction)
    try:
        yield
    finally:
        with shared.changing():
            for one in kept:
                shared.add_remote_access_ip_filter(one.interface_alias, one.action, one.list, one.direction)


LAB = scenario_lab(
    name="shared-services",
    title="Shared services",
    scenarios=("S13",),
    summary="Tenants share a server by GRE tunnels with keys, and do not meet on the way",
    report=write,
    scenario=Scenario(
        topology=SharedServices,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does Contoso find the shared server?",
                ask=finds(CONTOSO.vm, SERVER),
                verdict="A tunnel of his own leads there and back.",
                twin=Twin(
                    what="the shared gateway has another key for Contoso",
                    change=on_shared(CONTOSO, gre_key=(1009, CONTOSO.gre_key)),
                    sees="c-vm finds nobody (timed out)",
                ),
            ),
            Check(
                question="Does Woodgrove find the same server?",
                ask=finds(WOODGROVE.vm, SERVER),
                verdict="One server for all tenants.",
                twin=Twin(
                    what="the shared gateway has no way back to Woodgrove",
                    change=on_shared(WOODGROVE, ipv4_subnet=((), way_back(WOODGROVE))),
                    sees="w-vm finds nobody (timed out)",
                ),
            ),
            Check(
                question="Do several tunnels run between one pair of addresses?",
                ask=two_keys,
                verdict="The keys tell them apart.",
                twin=Twin(
                    what="Woodgrove's tunnel is disabled",
                    change=woodgrove_disabled,
                    sees="1 pair of addresses, keys: 1001.",
                ),
            ),
            Check(
                question="Does the filter keep Woodgrove from Contoso?",
                ask=kept_apart,
                verdict="What is not for the shared services ends at the shared gateway.",
                twin=Twin(
                    what="the shared gateway has no filters",
                    change=without_filter,
                    sees="w-vm finds c-vm",
                ),
            ),
            Check(
                question="Is what Contoso sends in Woodgrove's name dropped?",
                ask=no_disguise,
                verdict="The filter knows the tunnel, and whose addresses come out of it.",
                twin=Twin(
                    what="the filter asks for the destination only",
                    change=any_source,
                    sees="w-vm gets a reply",
                ),
            ),
            Check(
                question="Does nothing else get from tenant to tenant?",
                ask=nothing_crosses,
                verdict="The server is all that they share.",
                twin=Twin(
                    what="the shared gateway has no filters",
                    change=without_filter,
                    sees="of Contoso reached Woodgrove",
                ),
            ),
            Check(
                question="Do replies to Contoso go to Contoso?",
                ask=reply_goes_home,
                verdict="His subnet is his alone.",
                twin=Twin(
                    what="Fabrikam's equal subnet is let in, with a better metric",
                    change=on_shared(FABRIKAM, ipv4_subnet=(f"{FABRIKAM.network}:50", ())),
                    sees="replies to c-vm go to Fabrikam",
                ),
            ),
            Check(
                question="Does the server find Contoso at 10.1.0.1?",
                ask=finds(SERVER, CONTOSO.vm, CONTOSO.address),
                verdict="It may call its tenants, too.",
                twin=Twin(
                    what="Fabrikam's equal subnet is let in, with a better metric",
                    change=on_shared(FABRIKAM, ipv4_subnet=(f"{FABRIKAM.network}:50", ())),
                    sees="server finds f-vm",
                ),
            ),
        ),
    ),
)
