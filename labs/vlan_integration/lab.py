"""Several GRE tunnels between the same two addresses: key, VLAN and routing domain belong together (scenario S12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labs.scenario_page import write
from raslab.course.changes import in_vlans, instead
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.errors import GatewayRefusedError
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.vlan_integration import (
    CLOUD,
    CSP,
    CSP_ADDRESS,
    LB,
    LB_ADDRESS,
    SERVER_ADDRESS,
    SERVERS,
    TENANTS,
    VM_ADDRESS,
    Tenant,
    VlanIntegration,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

A, B = TENANTS
KEYS = [one.gre_key for one in TENANTS]
NOBODY = "10.50.0.99"


def set_up(bed: Bed) -> None:
    """A routing domain per tenant on both gateways, and a GRE tunnel with the tenant's key between them."""
    for node, outside, behind in ((LB, (LB_ADDRESS, CSP_ADDRESS), CLOUD), (CSP, (CSP_ADDRESS, LB_ADDRESS), SERVERS)):
        gateway = bed.gateway(node)
        gateway.install_remote_access(multi_tenancy=True)
        for tenant in TENANTS:
            inside = tenant.vlan if node == LB else tenant.virtual_network
            gateway.enable_remote_access_routing_domain(tenant.name, interfaces=inside)
            gateway.routing_domain(tenant.name).add_gre_interface(
                interface(tenant),
                source_ip_address=outside[0],
                destination=outside[1],
                gre_key=tenant.gre_key,
                ipv4_subnet=f"{behind}:100",
            )


def interface(tenant: Tenant) -> str:
    """What a tenant's tunnel is called on both gateways."""
    return f"gre-{tenant.name.lower()}"


def names(bed: Bed) -> None:
    """Everybody says who he is."""
    bed.greet(*(node for one in TENANTS for node in (one.server, one.vm)))


def finds(source: str, wanted: str, address: str) -> Ask:
    """Is it his own that somebody finds at an address that two tenants have?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, address)
        return Observation(found == wanted, f"{source} finds {found} at {address}")

    return ask


def one_pair_of_addresses(bed: Bed) -> Observation:
    """Outer addresses and keys of what the tenants say to each other, as the router between the gateways sees it."""
    from scapy.layers.l2 import GRE

    with capture(bed.interface("core:to-lb"), f"ip proto 47 and src host {CSP_ADDRESS}") as seen:
        for tenant in TENANTS:
            bed.who_answers(tenant.vm, SERVER_ADDRESS)
    pairs = {(packet["IP"].src, packet["IP"].dst) for packet in seen.packets}
    keys = sorted({packet[GRE].key for packet in seen.packets})
    words = " and ".join(map(str, keys)) or "none"
    return Observation(len(pairs) == 1 and keys == KEYS, f"{len(pairs)} pair of addresses, keys: {words}")


def tags_on_the_trunk(bed: Bed) -> Observation:
    """The VLAN tags of what each virtual machine's packets become on the load balancer's trunk."""
    found = []
    for tenant in TENANTS:
        with capture(bed.interface(f"{LB}:trunk"), "vlan and tcp dst port 80") as seen:
            bed.who_answers(tenant.vm, SERVER_ADDRESS)
        tags = {packet["Dot1Q"].vlan for packet in seen.packets}
        found.append("/".join(map(str, sorted(tags))) or "no tag")
    return Observation(found == [str(one.vlan_id) for one in TENANTS], f"A goes with {found[0]}, B with {found[1]}")


def kept_by_the_switch(bed: Bed) -> Observation:
    """Whether B's server hears what A's server asks everybody in its VLAN, which the load balancer does."""
    asks = f"arp dst host {NOBODY}"
    heard = f"{asks} or (vlan and {asks})"
    with (
        capture(bed.interface(f"{B.server}:lan0"), heard) as there,
        capture(bed.interface(f"{LB}:trunk"), f"vlan {A.vlan_id} and {asks}") as here,
    ):
        bed.reaches(A.server, NOBODY, count=1)
    words = "hears" if there.packets else "does not hear"
    return Observation(bool(here.packets) and not there.packets, f"{B.server} {words} what {A.server} asks everybody")


def taken_key_refused(bed: Bed) -> Observation:
    """What the gateway says to another tunnel between the same addresses with the key that is A's."""
    domain = bed.gateway(CSP).routing_domain(B.name)
    try:
        domain.add_gre_interface("another", source_ip_address=CSP_ADDRESS, destination=LB_ADDRESS, gre_key=A.gre_key)
    except GatewayRefusedError as refused:
        return Observation(True, str(refused))
    domain.remove_vpn_s2s_interface("another")
    return Observation(False, f"there is another tunnel with key {A.gre_key}")


@contextmanager
def swapped_keys(bed: Bed) -> Iterator[None]:
    """The load balancer has the tenants' keys the wrong way round."""
    _give_keys(bed, LB, (B.gre_key, A.gre_key))
    try:
        yield
    finally:
        _give_keys(bed, LB, (A.gre_key, B.gre_key))


def _give_keys(bed: Bed, node: str, keys: tuple[int, int]) -> None:
    gateway: Any = bed.gateway(node)
    with gateway.changing():
        for tenant, key in zip(TENANTS, keys, strict=True):
            gateway.routing_domain(tenant.name).set_vpn_s2s_interface(interface(tenant), gre_key=key)


def other_tags(*tags: int) -> Change:
    """The load balancer has other tags on its trunk."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        _give_tags(bed, tags)
        try:
            yield
        finally:
            _give_tags(bed, tuple(one.vlan_id for one in TENANTS))

    return change


def _give_tags(bed: Bed, tags: tuple[int, ...]) -> None:
    with bed.network.changing():
        for tenant, tag in zip(TENANTS, tags, strict=True):
            bed.network[LB].intf(tenant.vlan).change(vlan_id=tag)


def of_a(**settings: tuple[object, object]) -> Change:
    """The cloud gateway's settings of A's tunnel are others."""
    return instead(CSP, "set_vpn_s2s_interface", interface(A), routing_domain=(A.name, A.name), **settings)


LAB = scenario_lab(
    name="vlan-integration",
    title="VLANs, keys and routing domains",
    scenarios=("S12",),
    summary="Several GRE tunnels between the same two addresses, one per VLAN",
    report=write,
    scenario=Scenario(
        topology=VlanIntegration,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does A's virtual machine find A's server?",
                ask=finds(A.vm, A.server, SERVER_ADDRESS),
                verdict="Key 1010 is VLAN 10 is routing domain A.",
                twin=Twin(
                    what="the load balancer has the keys the wrong way round",
                    change=swapped_keys,
                    sees="a-vm finds b-srv",
                ),
            ),
            Check(
                question="Does B's virtual machine find B's server, which has the same address?",
                ask=finds(B.vm, B.server, SERVER_ADDRESS),
                verdict="Key 1020 is VLAN 20 is routing domain B.",
                twin=Twin(
                    what="the load balancer has the tags the wrong way round",
                    change=other_tags(B.vlan_id, A.vlan_id),
                    sees="b-vm finds a-srv",
                ),
            ),
            Check(
                question="Does B's server find B's virtual machine?",
                ask=finds(B.server, B.vm, VM_ADDRESS),
                verdict="So it is in the other direction.",
                twin=Twin(
                    what="the load balancer has the keys the wrong way round",
                    change=swapped_keys,
                    sees="b-srv finds a-vm",
                ),
            ),
            Check(
                question="Do both tunnels have the same two ends, and a key each?",
                ask=one_pair_of_addresses,
                verdict="Nothing but the key tells them apart.",
                twin=Twin(what="A's tunnel is off", change=of_a(admin_status=(False, True)), sees="keys: 1020"),
            ),
            Check(
                question="Does each tenant's packet leave the load balancer with the tenant's tag?",
                ask=tags_on_the_trunk,
                verdict="One cable, two VLANs.",
                twin=Twin(
                    what="the load balancer has tag 30 for A",
                    change=other_tags(30, B.vlan_id),
                    sees="A goes with no tag, B with 20",
                ),
            ),
            Check(
                question="Does the switch keep A's frames from B's server?",
                ask=kept_by_the_switch,
                verdict="Its port is in VLAN 20 and in no other.",
                twin=Twin(
                    what="B's server's port is in VLAN 10 besides",
                    change=in_vlans(f"rack:to-{B.server}", vlans=A.vlan_id),
                    sees="b-srv hears",
                ),
            ),
            Check(
                question="Is another tunnel with A's key refused?",
                ask=taken_key_refused,
                verdict="The kernel could not tell them apart.",
                twin=Twin(
                    what="A has another key",
                    change=of_a(gre_key=(1011, A.gre_key)),
                    sees="there is another tunnel with key 1010",
                ),
            ),
        ),
    ),
)
