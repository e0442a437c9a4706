"""NAT44 for two tenants with equal addresses: who each of them is outside, and who gets in to whom (scenario S16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.errors import GatewayRefusedError, LabFailedError
from raslab.measure.greeting import who_answers
from raslab.model.observation import Observation
from topologies.tenant_nat import (
    CONTOSO,
    OUTSIDER,
    OUTSIDER_ADDRESS,
    PREFIX,
    PROVIDER,
    TENANTS,
    VM_ADDRESS,
    WOODGROVE,
    Tenant,
    TenantNat,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed
    from raslab.gateway.routing_domain import RoutingDomainOfGateway

    Ask = Callable[[Bed], Observation]

CALLERS_PORT = 40000
OTHER_PORT = 8080
NOTHING_OUT = f"{VM_ADDRESS}/32:0.0.0.0/0:UDP"
WHO_AM_I = 7  # the port of a server that tells callers who they are to it

_SERVER = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", %d))
print("ready", flush=True)
while True:
    _, caller = server.recvfrom(100)
    server.sendto(b"%%s port %%d" %% (caller[0].encode(), caller[1]), caller)
"""
_CALLER = """
import socket, sys
caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
caller.settimeout(1)
caller.bind(("", int(sys.argv[3])))
try:
    caller.connect((sys.argv[1], int(sys.argv[2])))
    caller.send(b"who am I?")
    print(caller.recv(100).decode())
except OSError:
    print("nobody")
"""


def of(bed: Bed, tenant: Tenant) -> RoutingDomainOfGateway:
    """What the provider's gateway is for a tenant."""
    return bed.gateway(PROVIDER).routing_domain(tenant.name)


def set_up(bed: Bed) -> None:
    """A routing domain, a translator with an external address, and a web server that is to be reached, per tenant."""
    csp = bed.gateway(PROVIDER)
    csp.install_remote_access(multi_tenancy=True)
    for tenant in TENANTS:
        csp.enable_remote_access_routing_domain(tenant.name, interfaces=tenant.interface)
        give_nat(bed, tenant)


def give_nat(bed: Bed, tenant: Tenant) -> None:
    """What a tenant is as the Internet sees him."""
    with bed.gateway(PROVIDER).changing():
        domain = of(bed, tenant)
        domain.new_net_nat("office", internal_ip_interface_address_prefix=PREFIX)
        domain.add_net_nat_external_address("office", tenant.public)
        domain.add_net_nat_static_mapping("office", "TCP", 80, VM_ADDRESS)


def servers(bed: Bed) -> None:
    """The tenants' machines say their names; the outsider tells callers who they are to him."""
    bed.greet(*(tenant.vm for tenant in TENANTS))
    server = bed[OUTSIDER].popen(["python3", "-c", _SERVER % WHO_AM_I], text=True)
    if server.stdout is None or server.stdout.readline() != "ready\n":
        raise LabFailedError(bed.name, f"the server on {OUTSIDER} did not start")


def who_am_i(bed: Bed, source: str, port: int = CALLERS_PORT) -> str:
    """What somebody is to the outsider, by UDP."""
    words = ["python3", "-c", _CALLER, OUTSIDER_ADDRESS, str(WHO_AM_I), str(port)]
    return str(bed[source].run(words).stdout).strip()


def seen_as(tenant: Tenant) -> Ask:
    """Does a tenant's machine leave by the tenant's address, and from the port that it has chosen?"""

    def ask(bed: Bed) -> Observation:
        told = who_am_i(bed, tenant.vm)
        return Observation(told == f"{tenant.public} port {CALLERS_PORT}", f"{tenant.vm} is {told}")

    return ask


def two_sessions(bed: Bed) -> Observation:
    """The gateway's table after both have called from one address and port, one that nobody has used before."""
    sessions = bed.gateway(PROVIDER).get_net_nat_session
    port = 1 + max((one.internal_source_port for one in sessions()), default=CALLERS_PORT)
    for tenant in TENANTS:
        who_am_i(bed, tenant.vm, port)
    found = [one for one in sessions() if one.internal_source_port == port]
    shown = " and ".join(f"one of {one.internal_source_address} of {one.routing_domain}" for one in found)
    domains = [one.routing_domain for one in found]
    return Observation(domains == [tenant.name for tenant in TENANTS], f"from that port there is {shown or 'none'}")


def published(tenant: Tenant) -> Ask:
    """Whose web server does somebody outside get by a tenant's address?"""

    def ask(bed: Bed) -> Observation:
        said = bed.who_answers(OUTSIDER, tenant.public)
        return Observation(said == tenant.vm, f"{tenant.public} is answered by {said}")

    return ask


def own_mapping(bed: Bed) -> Observation:
    """Whose web server does somebody outside get by each tenant's address at a port that one of them has mapped?"""
    said = {tenant: who_answers(bed[OUTSIDER], tenant.public, OTHER_PORT) for tenant in TENANTS}
    own = said[CONTOSO].startswith("nobody") and said[WOODGROVE] == WOODGROVE.vm
    shown = ", ".join(f"port {OTHER_PORT} of {tenant.public} is answered by {name}" for tenant, name in said.items())
    return Observation(own, shown)


def refused_address(bed: Bed) -> Observation:
    """What the gateway says if a tenant wants an address that is another one's."""
    domain = of(bed, WOODGROVE)
    try:
        domain.add_net_nat_external_address("office", CONTOSO.public)
    except GatewayRefusedError as refused:
        return Observation(True, str(refused))
    domain.remove_net_nat_external_address("office", CONTOSO.public)
    return Observation(False, f"{WOODGROVE.name} has got {CONTOSO.public}")


def one_is_filtered(bed: Bed) -> Observation:
    """Who still gets out when one tenant has closed its machine's way out."""
    domain = of(bed, CONTOSO)
    domain.add_remote_access_ip_filter(CONTOSO.interface, "Allow", NOTHING_OUT, "Inbound")
    try:
        told = {tenant.vm: who_am_i(bed, tenant.vm) for tenant in TENANTS}
        (counter,) = domain.get_remote_access_ip_filter_counters()
    finally:
        domain.remove_remote_access_ip_filter(CONTOSO.interface, "Inbound")
    out = [vm for vm, words in told.items() if words != "nobody"]
    shown = f"{', '.join(out) or 'nobody'} gets out, packets that the filter has dropped: {counter.packets}"
    return Observation(out == [WOODGROVE.vm] and counter.packets > 0, shown)


def without_nat(tenant: Tenant) -> Change:
    """A tenant's translator is gone."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        of(bed, tenant).remove_net_nat("office")
        try:
            yield
        finally:
            give_nat(bed, tenant)

    return change


def also_mapped(tenant: Tenant) -> Change:
    """A tenant's web server is at another port, too."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        of(bed, tenant).add_net_nat_static_mapping("office", "TCP", OTHER_PORT, VM_ADDRESS, internal_port=80)
        try:
            yield
        finally:
            of(bed, tenant).remove_net_nat_static_mapping("office", "TCP", OTHER_PORT)

    return change


@contextmanager
def woodgrove_filters(bed: Bed) -> Iterator[None]:
    """Woodgrove has closed its machine's way out."""
    domain = of(bed, WOODGROVE)
    domain.add_remote_access_ip_filter(WOODGROVE.interface, "Allow", NOTHING_OUT, "Inbound")
    try:
        yield
    finally:
        domain.remove_remote_access_ip_filter(WOODGROVE.interface, "Inbound")


@contextmanager
def crossed(bed: Bed) -> Iterator[None]:
    """Each tenant's interface is in the other's routing domain."""
    csp = bed.gateway(PROVIDER)

    def assign(interfaces: tuple[str, str]) -> None:
        with csp.changing():
            for tenant, interface in zip(TENANTS, interfaces, strict=True):
                csp.set_remote_access_routing_domain(tenant.name, interfaces=interface)

    own = (CONTOSO.interface, WOODGROVE.interface)
    assign(own[::-1])
    try:
        yield
    finally:
        assign(own)


LAB = scenario_lab(
    name="tenant-nat",
    title="NAT for two tenants with equal addresses",
    scenarios=("S16",),
    summary="Two tenants with equal addresses are two addresses outside, and everybody gets in to his own",
    report=write,
    scenario=Scenario(
        topology=TenantNat,
        set_up=set_up,
        when_running=servers,
        checks=(
            Check(
                question="Is Contoso's machine Contoso's address outside?",
                ask=seen_as(CONTOSO),
                verdict="It keeps its port, too.",
                twin=Twin(what="Contoso has no translator", change=without_nat(CONTOSO), sees="c-vm is nobody"),
            ),
            Check(
                question="Is Woodgrove's machine, with the same address and port, Woodgrove's?",
                ask=seen_as(WOODGROVE),
                verdict="The interface that a packet comes in by tells whose it is.",
                twin=Twin(
                    what="the interfaces are in the wrong routing domains",
                    change=crossed,
                    sees=f"w-vm is {CONTOSO.public}",
                ),
            ),
            Check(
                question="Does the gateway know two sessions of one inside address and port?",
                ask=two_sessions,
                verdict="Each tenant's connections are in a zone of their own.",
                twin=Twin(
                    what="Woodgrove has no translator",
                    change=without_nat(WOODGROVE),
                    sees=f"there is one of {VM_ADDRESS} of Contoso",
                ),
            ),
            Check(
                question="Does an outsider reach Contoso's web server by Contoso's address?",
                ask=published(CONTOSO),
                verdict="The external address tells whose packet it is.",
                twin=Twin(
                    what="the interfaces are in the wrong routing domains",
                    change=crossed,
                    sees=f"{CONTOSO.public} is answered by w-vm",
                ),
            ),
            Check(
                question="Does an outsider reach Woodgrove's web server by Woodgrove's address?",
                ask=published(WOODGROVE),
                verdict="The same port leads to the same inner address of another tenant.",
                twin=Twin(
                    what="Woodgrove has no translator",
                    change=without_nat(WOODGROVE),
                    sees=f"{WOODGROVE.public} is answered by nobody",
                ),
            ),
            Check(
                question="Does a port that Woodgrove has mapped stay closed at Contoso's address?",
                ask=own_mapping,
                verdict="A mapping is its tenant's, and what is not mapped does not get in.",
                during=also_mapped(WOODGROVE),
                twin=Twin(
                    what="Contoso maps that port too",
                    change=also_mapped(CONTOSO),
                    sees=f"port {OTHER_PORT} of {CONTOSO.public} is answered by c-vm",
                ),
            ),
            Check(
                question="Is Contoso's external address refused to Woodgrove?",
                ask=refused_address,
                verdict="An address that both had could not tell whose answers come in.",
                twin=Twin(
                    what="Contoso has no translator",
                    change=without_nat(CONTOSO),
                    sees=f"Woodgrove has got {CONTOSO.public}",
                ),
            ),
            Check(
                question="Does a filter of Contoso's leave Woodgrove alone?",
                ask=one_is_filtered,
                verdict="It sees Contoso's packets only, though all of them look like Woodgrove's.",
                twin=Twin(
                    what="Woodgrove has the same filter",
                    change=woodgrove_filters,
                    sees="nobody gets out",
                ),
            ),
        ),
    ),
)
