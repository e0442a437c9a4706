"""GRE between tenants' virtual and physical networks: keys tell them apart, and a VIP moves (scenario S10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import instead, move_addresses
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.gre_virtual_to_physical import (
    ACTIVE,
    CONTOSO,
    DEVICE,
    DEVICE_ADDRESS,
    DIPS,
    INSIDE,
    PHYSICAL,
    PHYSICAL6,
    SERVER,
    STANDBY,
    TENANTS,
    VIP,
    VIRTUAL_ROUTER,
    VM,
    VM6,
    WOODGROVE,
    GreVirtualToPhysical,
    Tenant,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]


def set_up(bed: Bed) -> None:
    """Both gateways are multitenant and know the tenants, or else the one that waits would route for everybody on its
    interfaces; the active one has the tunnels.
    """
    for name in DIPS:
        gateway = bed.gateway(name)
        gateway.install_remote_access(multi_tenancy=True)
        for tenant in TENANTS:
            gateway.enable_remote_access_routing_domain(tenant.name, interfaces=tenant.interface)
    serve(bed, ACTIVE)


def serve(bed: Bed, gateway: str) -> None:
    """A tunnel per tenant, from the VIP to the device."""
    with bed.gateway(gateway).changing():
        for tenant in TENANTS:
            bed.gateway(gateway).routing_domain(tenant.name).add_gre_interface(
                tenant.tunnel,
                source_ip_address=VIP,
                destination=DEVICE_ADDRESS,
                gre_key=tenant.key,
                ipv4_address=INSIDE["csp"][0],
                ipv6_address=INSIDE["csp"][1],
                ipv4_subnet=PHYSICAL,
                ipv6_subnet=PHYSICAL6,
            )


def move(bed: Bed, old: str, new: str) -> None:
    """What a controller does: the tenants, the VIP and the virtual networks' routers are on another gateway."""
    with bed.gateway(old).changing():
        for tenant in TENANTS:
            bed.gateway(old).routing_domain(tenant.name).remove_vpn_s2s_interface(tenant.tunnel)
    places = [("up0", f"{VIP}/32"), *((one.interface, address) for one in TENANTS for address in VIRTUAL_ROUTER)]
    with bed.network.changing():
        move_addresses(bed, old, new, places)
        bed.network.delRoute("tor", f"{VIP}/32")
        bed.network.addRoute("tor", f"{VIP}/32", via=DIPS[new])
    serve(bed, new)


@contextmanager
def active_gateway_fails(bed: Bed) -> Iterator[None]:
    """All lines of the active gateway are cut, and the other one takes its place."""
    lines = [f"{ACTIVE}-tor", *(f"{tenant.switch}-{ACTIVE}" for tenant in TENANTS)]
    for line in lines:
        bed.cut(line)
    move(bed, ACTIVE, STANDBY)
    try:
        yield
    finally:
        for line in lines:
            bed.restore(line)
        move(bed, STANDBY, ACTIVE)


def names(bed: Bed) -> None:
    """Each virtual machine and each server says who it is."""
    bed.greet(*(name for one in TENANTS for name in (one.vm, one.server)))


def finds(source: str, wanted: str, address: str) -> Ask:
    """Is it its own that a machine finds at an address that two tenants have?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"{source} finds {found} at {address}")

    return ask


def keys_on_the_wire(bed: Bed) -> Observation:
    """By what the rack's router could tell the tenants' packets apart."""
    with capture(bed.interface(f"tor:to-{DEVICE}"), f"proto gre and src host {VIP}") as seen:
        for tenant in TENANTS:
            bed.who_answers(tenant.vm, SERVER)
    ends = {(packet["IP"].src, packet["IP"].dst) for packet in seen.packets}
    keys = sorted({int(packet["GRE"].key) for packet in seen.packets})
    shown = f"{len(ends)} pair of addresses, key{'' if len(keys) == 1 else 's'} {' and '.join(map(str, keys))}"
    return Observation(len(ends) == 1 and keys == [tenant.key for tenant in TENANTS], shown)


def other_keys(**keys: int) -> Change:
    """The device has other keys. keys: by the name of the tunnel, with _ for -."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        _set_keys(bed, {name.replace("_", "-"): key for name, key in keys.items()})
        try:
            yield
        finally:
            _set_keys(bed, {tenant.tunnel: tenant.key for tenant in TENANTS})

    return change


def _set_keys(bed: Bed, keys: dict[str, int]) -> None:
    with bed.network.changing():
        for name, key in keys.items():
            bed.interface(f"{DEVICE}:{name}").change(key=key)


@contextmanager
def built_on_the_dip(bed: Bed) -> Iterator[None]:
    """The device and the gateway have agreed on the gateway's own address for Contoso."""
    _move_ends(bed, CONTOSO, DIPS[ACTIVE])
    try:
        yield
    finally:
        _move_ends(bed, CONTOSO, VIP)


def _move_ends(bed: Bed, tenant: Tenant, address: str) -> None:
    domain = bed.gateway(ACTIVE).routing_domain(tenant.name)
    domain.set_vpn_s2s_interface(tenant.tunnel, source_ip_address=address)
    bed.interface(f"{DEVICE}:{tenant.tunnel}").change(remote=address)


def told_otherwise(tenant: Tenant, **settings: tuple[object, object]) -> Change:
    """The gateway's tunnel of a tenant has other settings; see `instead`."""
    domain = (tenant.name, tenant.name)
    return instead(ACTIVE, "set_vpn_s2s_interface", tenant.tunnel, **settings, routing_domain=domain)


LAB = scenario_lab(
    name="gre-virtual-to-physical",
    title="GRE from the virtual to the physical network",
    scenarios=("S10",),
    summary="Keyed GRE joins each tenant's virtual network and its servers, and moves with the gateway's VIP",
    report=write,
    scenario=Scenario(
        topology=GreVirtualToPhysical,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does Contoso's virtual machine find Contoso's server?",
                ask=finds(CONTOSO.vm, CONTOSO.server, SERVER),
                verdict="Layer 3 is enough: no switch knows of the tenant.",
                twin=Twin(
                    what="the device has another key",
                    change=other_keys(gre_c=1003),
                    sees="c-vm finds nobody (timed out)",
                ),
            ),
            Check(
                question="Does Woodgrove's virtual machine find its own server at the same address?",
                ask=finds(WOODGROVE.vm, WOODGROVE.server, SERVER),
                verdict="The key says whose packet it is.",
                twin=Twin(
                    what="the device has the two keys the wrong way round",
                    change=other_keys(gre_c=WOODGROVE.key, gre_w=CONTOSO.key),
                    sees="w-vm finds c-srv",
                ),
            ),
            Check(
                question="Does Contoso's server find Contoso's virtual machine by IPv6?",
                ask=finds(CONTOSO.server, CONTOSO.vm, VM6),
                verdict="The tunnel carries both families.",
                twin=Twin(
                    what="the gateway is told of the server's IPv4 prefix only",
                    change=told_otherwise(CONTOSO, ipv6_subnet=((), PHYSICAL6)),
                    sees="c-srv finds nobody (timed out)",
                ),
            ),
            Check(
                question="Are there two keys between one pair of addresses?",
                ask=keys_on_the_wire,
                verdict="Outside, the tenants differ in nothing else.",
                twin=Twin(
                    what="Woodgrove's tunnel is disabled",
                    change=told_otherwise(WOODGROVE, admin_status=(False, True)),
                    sees="1 pair of addresses, key 1001",
                ),
            ),
            Check(
                question="Does Contoso's server find Contoso's virtual machine when another gateway has taken over?",
                ask=finds(CONTOSO.server, CONTOSO.vm, VM),
                verdict="The VIP has moved, and the device has noticed nothing.",
                during=active_gateway_fails,
                deadline_s=60,
                twin=Twin(
                    what="the tunnel was built on the gateway's own address",
                    change=built_on_the_dip,
                    sees="c-srv finds nobody",
                    deadline_s=30,
                ),
            ),
        ),
    ),
)
