"""Two tenants with equal addresses on two compute hosts, by VXLAN (scenario S8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import cut, typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.hnv import AclRule
from raslab.hnv.state import GUEST_MTU
from raslab.measure import capture
from raslab.measure.path_mtu import path_mtu
from raslab.model.observation import Observation
from topologies.datacenter import CORE, PROVIDER_MTU, Datacenter, provider_address

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

VSIDS = {"Contoso": 5001, "Fabrikam": 6001}
SUBNET = "10.1.1.0/24"
SQL, WEB, NOBODY = "10.1.1.11", "10.1.1.12", "10.1.1.99"
HOSTS = ("host1", "host2")
USUAL_MTU = 1500
ONLY_HTTP = (
    AclRule(direction="Inbound", action="Allow", protocol="TCP", destination_ports="80"),
    AclRule(direction="Outbound", action="Allow"),
)
LISTS = {"contoso-web": None, "fabrikam-web": ONLY_HTTP}


def set_up(bed: Bed) -> None:
    """A virtual network per tenant; the SQL servers live on host1, the web servers on host2."""
    datacenter = bed.datacenter()
    for number, host in enumerate(HOSTS, start=1):
        datacenter.add_compute_host(host, provider_address(number))
    for tenant, vsid in VSIDS.items():
        name = tenant.lower()
        datacenter.add_virtual_network(tenant)
        datacenter.add_virtual_subnet(tenant, vsid, SUBNET)
        datacenter.attach(f"{name}-sql", vsid, host="host1", addresses=f"{SQL}/24")
        datacenter.attach(f"{name}-web", vsid, host="host2", addresses=f"{WEB}/24", acl=LISTS[f"{name}-web"])


def names(bed: Bed) -> None:
    """Each virtual machine says who it is."""
    bed.greet(*(one.node for one in bed.datacenter().get_attachment()))


def finds(source: str, wanted: str) -> Ask:
    """Is it its own tenant's web server that a machine finds?"""

    def ask(bed: Bed) -> Observation:
        found = bed.who_answers(source, WEB)
        return Observation(found == wanted, f"{source} finds {found} at {WEB}")

    return ask


def shows(bed: Bed) -> Observation:
    """Which addresses the provider's router sees while a machine looks for two others, of which one is there."""
    bed["contoso-sql"].run("ip neigh flush all")
    with capture(bed.interface(f"{CORE}:to-host1"), "udp port 4789") as seen:
        bed.reaches("contoso-sql", WEB)
        bed.reaches("contoso-sql", NOBODY, count=1)
    outside = sorted({packet["IP"].src for packet in seen.packets} | {packet["IP"].dst for packet in seen.packets})
    asking = sum(_inner_type(bytes(packet)) == 0x0806 for packet in seen.packets)
    words = f"the router sees {' and '.join(outside)}, and {asking or 'no'} ARP inside"
    return Observation(bool(outside) and not asking, words)


def _inner_type(frame: bytes) -> int:
    """The type of the Ethernet frame inside of VXLAN: after Ethernet, IPv4, UDP, VXLAN and two addresses."""
    begin = 14 + 20 + 8 + 8 + 12
    return int.from_bytes(frame[begin : begin + 2])


def largest(bed: Bed) -> Observation:
    """How large a packet may be from machine to machine."""
    found = path_mtu(bed["contoso-sql"], WEB)
    return Observation(found == GUEST_MTU, f"packets of up to {found} bytes pass")


def answers_everywhere(bed: Bed) -> Observation:
    """Move a web server from host to host, and ask it on each."""
    found = []
    for host in ("host1", "host2"):
        bed.datacenter().migrate("contoso-web", host)
        found.append(f"{bed.who_answers('contoso-sql', WEB)} on {host}")
    return Observation(all(one.startswith("contoso-web") for one in found), f"there answers {' and '.join(found)}")


def only_its_service(bed: Bed) -> Observation:
    """Whether a web server can be called, and pinged."""
    called = bed.who_answers("fabrikam-sql", WEB)
    pinged = bed.reaches("fabrikam-sql", WEB)
    return Observation(called == "fabrikam-web" and not pinged, f"{called} can be called, of pings {pinged.seen}")


@contextmanager
def any_list(bed: Bed) -> Iterator[None]:
    """Somebody has put a rule before the others."""
    bed.datacenter().set_acl("fabrikam-web", [AclRule(direction="Inbound", action="Allow"), *ONLY_HTTP])
    try:
        yield
    finally:
        bed.datacenter().set_acl("fabrikam-web", ONLY_HTTP)


@contextmanager
def usual_mtu(bed: Bed) -> Iterator[None]:
    """The provider network has the MTU that Ethernet has everywhere."""

    def give(mtu: int) -> None:
        with bed.network.changing():
            for host in HOSTS:
                for end in bed.link(f"{host}-{CORE}").ends:
                    end.change(mtu=mtu)

    give(USUAL_MTU)
    try:
        yield
    finally:
        give(PROVIDER_MTU)
        for node in (*HOSTS, *(one.node for one in bed.datacenter().get_attachment())):
            bed[node].run("ip route flush cache")  # else it remembers the small MTU for ten minutes (RFC 1191)


@contextmanager
def flooding(bed: Bed) -> Iterator[None]:
    """The port to other hosts is one as any switch has."""
    port = "dev vx5001"
    everywhere = f"00:00:00:00:00:00 {port} dst {provider_address(2)}"
    with (
        typed(
            "host1",
            f"bridge link set {port} bcast_flood on neigh_suppress off",
            undo=f"bridge link set {port} bcast_flood off neigh_suppress on",
        )(bed),
        typed("host1", f"bridge fdb append {everywhere}", undo=f"bridge fdb delete {everywhere}")(bed),
    ):
        yield


@contextmanager
def forgotten(bed: Bed) -> Iterator[None]:
    """host1 has no mapping for Contoso's web server."""
    (web,) = bed.datacenter().get_attachment("contoso-web")
    entry = f"{web.mac} dev vx{web.vsid} dst {provider_address(2)}"
    with (
        typed("host1", f"bridge fdb delete {entry}", undo=f"bridge fdb append {entry}")(bed),
        typed(
            "host1",
            f"ip neigh delete {WEB} dev vs{web.vsid}",
            undo=f"ip neigh replace {WEB} lladdr {web.mac} dev vs{web.vsid} nud permanent",
        )(bed),
    ):
        bed["contoso-sql"].run("ip neigh flush all")
        yield


@contextmanager
def exchanged(bed: Bed) -> Iterator[None]:
    """Fabrikam's web server is plugged into Contoso's subnet, and Contoso's into Fabrikam's."""
    datacenter = bed.datacenter()

    def plug(vsids: dict[str, int]) -> None:
        with datacenter.changing():
            for node in vsids:
                datacenter.detach(node)
        with datacenter.changing():
            for node, vsid in vsids.items():
                datacenter.attach(node, vsid, host="host2", addresses=f"{WEB}/24", acl=LISTS[node])
        for tenant in ("contoso", "fabrikam"):
            bed[f"{tenant}-sql"].run("ip neigh flush all")  # else it asks only when the old one has not answered

    plug({"contoso-web": VSIDS["Fabrikam"], "fabrikam-web": VSIDS["Contoso"]})
    try:
        yield
    finally:
        plug({"contoso-web": VSIDS["Contoso"], "fabrikam-web": VSIDS["Fabrikam"]})


LAB = scenario_lab(
    name="hnv-two-hosts",
    title="Virtual networks on two hosts",
    scenarios=("S8",),
    summary="Two tenants, the same addresses, one provider network that sees none of them",
    report=write,
    scenario=Scenario(
        topology=Datacenter,
        set_up=set_up,
        when_running=names,
        checks=(
            Check(
                question="Does Contoso's SQL server find Contoso's web server at 10.1.1.12?",
                ask=finds("contoso-sql", "contoso-web"),
                verdict="The virtual subnet decides, not the address.",
                twin=Twin(
                    what="the web servers are in each other's virtual subnet",
                    change=exchanged,
                    sees="contoso-sql finds fabrikam-web",
                ),
            ),
            Check(
                question="Does Fabrikam's SQL server find Fabrikam's at the same address?",
                ask=finds("fabrikam-sql", "fabrikam-web"),
                verdict="Both answer at the same time.",
                twin=Twin(what="the cable of host2 is cut", change=cut(f"host2-{CORE}"), sees="nobody"),
            ),
            Check(
                question="Is the address resolved on the host, by what the controller has told it?",
                ask=finds("contoso-sql", "contoso-web"),
                verdict="The host answers ARP in the other's name.",
                twin=Twin(what="host1 has no mapping for it", change=forgotten, sees="nobody (no route to host)"),
            ),
            Check(
                question="Does the provider network see provider addresses only?",
                ask=shows,
                verdict="Frames go from one known machine to another, never to all.",
                twin=Twin(
                    what="the port to other hosts floods, as any switch's does", change=flooding, sees="ARP inside"
                ),
            ),
            Check(
                question="Do full-sized packets pass?",
                ask=largest,
                verdict="The provider network is larger inside than the machines know.",
                twin=Twin(
                    what="the provider network has an MTU of 1500, as anywhere",
                    change=usual_mtu,
                    sees="packets of up to 1450 bytes pass",
                ),
            ),
            Check(
                question="Does a machine answer wherever it lives?",
                ask=answers_everywhere,
                verdict="It moves with its addresses, and all hosts are told.",
                twin=Twin(
                    what="the cable of host2 is cut", change=cut(f"host2-{CORE}"), sees="nobody (timed out) on host2"
                ),
            ),
            Check(
                question="Can only the service of the web server be called?",
                ask=only_its_service,
                verdict="Every port has an access list.",
                twin=Twin(
                    what="somebody has put a rule before the others that allows everything",
                    change=any_list,
                    sees="of pings 2 of 2 echoes came back",
                ),
            ),
        ),
    ),
)
