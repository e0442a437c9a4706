"""A software load balancer for two tenants with equal addresses: one address, two machines, answers past the MUXes
(scenario S19).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labs.scenario_page import write
from labs.tenant_load_balancing.balancer import LoadBalancer
from labs.tenant_load_balancing.plan import TWO_TUPLE
from labs.tenant_load_balancing.talks import start, talks
from raslab.course.changes import typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Change, Check, Scenario, Twin
from raslab.gateway import conntrack
from raslab.measure import capture
from raslab.model.observation import Observation
from topologies.software_load_balancer import (
    CLIENT,
    CLIENT_ADDRESS,
    COMPUTE_HOSTS,
    CONTOSO,
    EDGE,
    MUXES,
    TENANTS,
    UPLINK,
    WOODGROVE,
    SoftwareLoadBalancer,
    Tenant,
)

if TYPE_CHECKING:
    from raslab.course.bed import Bed

    Ask = Callable[[Bed], Observation]

CALLS = 16
"""So many that they do not fall to one of two by chance."""
MUX, OTHER_MUX = (mux.name for mux in MUXES)
HOST, MACHINE = COMPUTE_HOSTS[0], CONTOSO.machine(COMPUTE_HOSTS[0])
BY_MUX = 100  # a routing table of the edge


def machines_and_balancer(bed: Bed) -> None:
    """Each machine says who it is; then MUXes, hosts and probes get to work."""
    bed.greet(*(tenant.machine(host) for tenant in TENANTS for host in COMPUTE_HOSTS))
    for host in COMPUTE_HOSTS:
        start(bed, CONTOSO.machine(host))
    bed.keep(LoadBalancer(bed))


def call(bed: Bed, tenant: Tenant) -> list[str]:
    """Who answers the client's calls to a tenant's address."""
    return [bed.who_answers(CLIENT, tenant.vip) for _ in range(CALLS)]


def spread(tenant: Tenant) -> Ask:
    """Are all machines of a tenant, and nobody else, found by his address?"""

    def ask(bed: Bed) -> Observation:
        found = set(call(bed, tenant))
        own = {tenant.machine(host) for host in COMPUTE_HOSTS}
        alone = " alone" if len(found) == 1 and found < own else ""
        return Observation(found == own, f"{tenant.vip} is answered by {' and '.join(sorted(found))}{alone}")

    return ask


def answered_from_vip(bed: Bed) -> Observation:
    """Which addresses answer the client's calls to both tenants."""
    with capture(bed[CLIENT], f"tcp and dst host {CLIENT_ADDRESS}", interface="wan0") as seen:
        for tenant in TENANTS:
            bed.who_answers(CLIENT, tenant.vip)
    sources = {packet["IP"].src for packet in seen.packets}
    shown = " and ".join(sorted(sources)) or "nowhere"
    return Observation(sources == {tenant.vip for tenant in TENANTS}, f"answers come from {shown}")


def past_the_muxes(bed: Bed) -> Observation:
    """What the MUXes see of calls, and what of answers."""
    expression = f"tcp and host {CONTOSO.vip}"
    with (
        capture(bed[MUX], expression, interface=UPLINK) as one,
        capture(bed[OTHER_MUX], expression, interface=UPLINK) as other,
    ):
        answers = call(bed, CONTOSO)
    seen = {name: {packet["IP"].src for packet in found.packets} for name, found in ((MUX, one), (OTHER_MUX, other))}
    by = {word: _names(seen, address) for word, address in (("calls", CLIENT_ADDRESS), ("answers", CONTOSO.vip))}
    right = by == {"calls": [MUX, OTHER_MUX], "answers": []} and not _lost(answers)
    shown = ", ".join(f"{word} by way of {' and '.join(names) or 'no MUX'}" for word, names in by.items())
    return Observation(right, shown)


def _names(seen: dict[str, set[str]], source: str) -> list[str]:
    return [name for name, sources in seen.items() if source in sources]


def _lost(answers: list[str]) -> int:
    return sum(answer.startswith("nobody") for answer in answers)


def remembers_nothing(bed: Bed) -> Observation:
    """How many connections the MUXes' kernels know after some calls."""
    call(bed, CONTOSO)
    known = {mux.name: len(conntrack.dump(bed[mux.name], zone=0)) for mux in MUXES}
    words = {name: f"{count} connections" if count else "nothing" for name, count in known.items()}
    shown = ", ".join(f"{name} remembers {what}" for name, what in words.items())
    return Observation(not any(known.values()), shown)


def connections_go_on(bed: Bed) -> Observation:
    """What becomes of open connections when a MUX stops."""
    syn = f"dst host {CONTOSO.vip} and tcp[tcpflags] & tcp-syn != 0"
    watched = capture(bed[MUX], syn, interface=UPLINK)
    with watched, talks(bed, CLIENT, CONTOSO.vip, CALLS) as opened:
        before = [one.says() for one in opened]
        with stopped(MUX)(bed):
            after = [one.says() for one in opened]
    ports = {packet["TCP"].sport for packet in watched.packets} & {one.port for one in opened}
    changed = {now for was, now in zip(before, after, strict=True) if was != now}
    fate = f"some find {' and '.join(sorted(changed))}" if changed else "all of them go on"
    return Observation(
        bool(ports) and not changed, f"{len(ports)} of {CALLS} connections were {MUX}'s; when it stops, {fate}"
    )


def in_rotation(bed: Bed) -> Observation:
    """Which machines of Contoso's are out of rotation, and who answers."""
    out = " and ".join(sorted(bed.kept(LoadBalancer).settings.out)) or "nobody"
    answered = spread(CONTOSO)(bed)
    return Observation(bool(answered) and out == "nobody", f"{out} is out of rotation, and {answered.seen}")


def none_lost(bed: Bed) -> Observation:
    """Whether somebody answers every call."""
    lost = _lost(call(bed, CONTOSO))
    return Observation(not lost, "nobody answers some calls" if lost else f"all of {CALLS} calls are answered")


def otherwise(**settings: Any) -> Change:
    """Some settings of the load balancer are others; see `labs.tenant_load_balancing.plan.Settings`."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        balancer = bed.kept(LoadBalancer)
        own = {name: getattr(balancer.settings, name) for name in settings}
        balancer.change(**settings)
        try:
            yield
        finally:
            balancer.change(**own)

    return change


def stopped(mux: str) -> Change:
    """A MUX ends its BGP session."""

    def change(bed: Bed) -> Any:
        return otherwise(stopped=bed.kept(LoadBalancer).settings.stopped | {mux})(bed)

    return change


@contextmanager
def unprobed(bed: Bed) -> Iterator[None]:
    """Nobody asks machines for their health, so all are held to be well."""
    balancer = bed.kept(LoadBalancer)
    balancer.close()
    balancer.change(out=frozenset())
    try:
        yield
    finally:
        balancer.probe()


def closed(packets: str) -> Change:
    """Contoso's first machine has an access control list that drops some packets."""
    chain = "add chain ip acl in { type filter hook input priority filter; }"
    line = f"nft 'add table ip acl; {chain}; add rule ip acl in {packets} drop'"
    return typed(MACHINE, line, undo="nft delete table ip acl")


@contextmanager
def tracking(bed: Bed) -> Iterator[None]:
    """A rule on each MUX asks whether packets belong to a connection."""
    lines = "add table ip own; add chain ip own pre { type filter hook prerouting priority filter; }"
    for mux in MUXES:
        bed[mux.name].run(["nft", f"{lines}; add rule ip own pre ct state established counter"])
    try:
        yield
    finally:
        for mux in MUXES:
            bed[mux.name].run("nft delete table ip own")
            conntrack.forget(bed[mux.name], zone=0)


def answers_by_mux() -> Change:
    """The edge sends what comes from the hosts to a MUX first."""
    rules = [f"ip rule %s iif to-{host.name} lookup {BY_MUX}" for host in COMPUTE_HOSTS]
    lines = [*rules, f"ip route %s default via {MUXES[0].address} table {BY_MUX}"]
    add, delete = (" && ".join(line % word for line in lines) for word in ("add", "del"))
    return typed(EDGE, f"sh -c '{add}'", undo=f"sh -c '{delete}'")


LAB = scenario_lab(
    name="tenant-load-balancing",
    title="A load balancer for tenants",
    scenarios=("S19",),
    summary="One address leads to two machines of its tenant, and answers go past the load balancer",
    report=write,
    scenario=Scenario(
        topology=SoftwareLoadBalancer,
        when_running=machines_and_balancer,
        checks=(
            Check(
                question="Are both of Contoso's machines found by Contoso's address?",
                ask=spread(CONTOSO),
                verdict="A MUX chooses by a hash of addresses and ports, so each call may find another machine.",
                twin=Twin(
                    what="the hash is of the addresses only",
                    change=otherwise(flow=TWO_TUPLE),
                    sees=f"{CONTOSO.vip} is answered by c-vm2 alone",
                ),
            ),
            Check(
                question="Does Woodgrove's address lead to Woodgrove's machines, which have the same addresses?",
                ask=spread(WOODGROVE),
                verdict="The tunnel's number tells a host whose packet it is.",
                twin=Twin(
                    what="MUXes put the other tenant's number before packets",
                    change=otherwise(crossed=True),
                    sees=f"{WOODGROVE.vip} is answered by c-vm1 and c-vm2",
                ),
            ),
            Check(
                question="Do answers come from the address that was called?",
                ask=answered_from_vip,
                verdict="The machine's host translates, in both directions.",
                twin=Twin(
                    what="hosts leave answers as they are",
                    change=otherwise(translates_back=False),
                    sees="answers come from 10.10.",
                ),
            ),
            Check(
                question="Do answers go past the MUXes?",
                ask=past_the_muxes,
                verdict="They go straight from the host to the edge (direct server return).",
                twin=Twin(
                    what="the edge sends what hosts send by way of a MUX",
                    change=answers_by_mux(),
                    sees=f"answers by way of {MUX}",
                ),
            ),
            Check(
                question="Do MUXes remember nothing of calls?",
                ask=remembers_nothing,
                verdict="None of their rules needs to know of connections, so there is no table that could fill up.",
                twin=Twin(
                    what="a rule asks whether packets belong to a connection",
                    change=tracking,
                    sees="connections",
                ),
            ),
            Check(
                question="Do open connections go on when the MUX that carries them stops?",
                ask=connections_go_on,
                verdict="MUXes remember nothing, and both compute the same hash.",
                deadline_s=60,
                twin=Twin(
                    what="the other MUX has another seed",
                    change=otherwise(seeds=(1, 2)),
                    sees="some find nobody (connection reset by peer)",
                    deadline_s=60,
                ),
            ),
            Check(
                question="Are new calls answered when a MUX has stopped?",
                ask=spread(CONTOSO),
                verdict="Its routes are gone with its BGP session, and the edge goes by the other one.",
                during=stopped(MUX),
                twin=Twin(
                    what="the other MUX has stopped too",
                    change=stopped(OTHER_MUX),
                    sees=f"{CONTOSO.vip} is answered by nobody",
                ),
            ),
            Check(
                question="Are both machines in rotation while they answer probes?",
                ask=in_rotation,
                verdict="Probes come from the first address of the machine's subnet, which must not be blocked.",
                deadline_s=30,
                twin=Twin(
                    what=f"{MACHINE} drops what comes from {HOST.first_address}",
                    change=closed(f"ip saddr {HOST.first_address}"),
                    sees=f"{MACHINE} is out of rotation, and {CONTOSO.vip} is answered by c-vm2 alone",
                    deadline_s=30,
                ),
            ),
            Check(
                question="Is every call answered while a machine answers nobody?",
                ask=none_lost,
                verdict="Its share goes to the other one.",
                during=closed("tcp dport 80"),
                deadline_s=60,
                twin=Twin(
                    what="nobody probes",
                    change=unprobed,
                    sees="nobody answers some calls",
                    deadline_s=60,
                ),
            ),
        ),
    ),
)
