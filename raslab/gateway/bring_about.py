"""From one plan to another on running nodes: interfaces and routes by the network, daemons by the supervisor.

At start the old plan is empty, so start-up and live changes are one code path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from operator import itemgetter
from typing import Any, NamedTuple

from raslab.errors import RaslabError, TunnelRefusedError
from raslab.gateway import conntrack
from raslab.gateway.change_network import change_network
from raslab.gateway.plan import dialling, sessions
from raslab.gateway.plan.s2s import interface_of
from raslab.gateway.transition import Transition, with_plan
from raslab.net import Network
from raslab.net.namespaces import write_sysctls
from raslab.net.plan import difference
from raslab.services import Bgpd, Charon, Nftables, Supervisor
from raslab.services.journal import service_lines


class Outcome(NamedTuple):
    """What came of a transition: what one would have typed instead; which interfaces' tunnels had to end, and why."""

    lines: tuple[str, ...]
    ended: dict[str, str]


def bring_about(network: Network, services: Supervisor, wanted: Mapping[str, Transition]) -> dict[str, Outcome]:
    """Carry out the transitions, completely or not at all; return by node what came of it.

    Raises what the network and the supervisor raise.
    """
    done = len(network.commands)
    change_network(network, {node: one.first for node, one in wanted.items()})
    before = len(network.commands)
    try:
        for node, one in wanted.items():
            _write_sysctls(network, node, one)
        changes = services.apply({node: one.new.services for node, one in wanted.items()})
        if any(one.last.is_needed for one in wanted.values()):
            change_network(network, {node: one.last for node, one in wanted.items()})
    except BaseException:
        with suppress(RaslabError):  # the first failure is the one to tell
            change_network(network, {node: one.reversed for node, one in wanted.items()})
            services.apply({node: one.old.services for node, one in wanted.items()})
        for node, one in wanted.items():
            _write_sysctls(network, node, one.reversed)
        raise
    commands, ways_out = network.commands[done:before], network.commands[before:]
    found = {}
    for node, one in wanted.items():
        ended: dict[str, str] = {}
        lines = (
            *(line for line in commands if line.startswith(_on(node))),
            *_sysctl_lines(node, one),
            *service_lines(change for change in changes if change.node == node),
            *(line for line in ways_out if line.startswith(_on(node))),
            *_after(services, node, one, ended),
        )
        found[node] = Outcome(lines, ended)
    return found


def preview(network: Network, services: Supervisor, node: str, wanted: Transition) -> tuple[str, ...]:
    """What `bring_about` would do on one node, as one would type it."""
    before = network.topology()
    halfway = with_plan(before, node, wanted.first)
    return (
        *difference(before, halfway).commands,
        *_sysctl_lines(node, wanted),
        *service_lines(services.plan({node: wanted.new.services})),
        *difference(halfway, with_plan(halfway, node, wanted.last)).commands,
        *(f"vtysh -c '{sessions.command(one)}'" for one in wanted.sessions),
    )


def _write_sysctls(network: Network, node: str, wanted: Transition) -> None:
    namespace = network.namespace_of(node)
    write_sysctls((namespace, key, value) for key, value in wanted.sysctls.items())


def _sysctl_lines(node: str, wanted: Transition) -> Iterator[str]:
    return (f"ip netns exec {node} sysctl -w {key}={value}" for key, value in wanted.sysctls.items())


def _on(node: str) -> tuple[str, ...]:
    """How command lines begin that are about a node."""
    return f"ip -n {node} ", f"tc -n {node} ", f"ip netns exec {node} "


def _after(services: Supervisor, node: str, wanted: Transition, ended: dict[str, str]) -> Iterator[str]:
    """What concerns sessions and tunnels that are up, and connections that are known. ended: gets those that end."""
    for zone in wanted.gone_zones:
        # The next tenant may get that number, and must not be taken for this one.
        conntrack.forget(services.network[node], zone)
        yield f"ip netns exec {node} conntrack -D --zone {zone}"
    for neighbour in wanted.sessions:
        with closing(services.vty(node, Bgpd.name)) as vty:
            vty.run(sessions.command(neighbour))
        yield f"vtysh -c '{sessions.command(neighbour)}'"
    if any(isinstance(service, Charon) for service in services.declared(node)):
        sas = services.vici(node).list_sas()
        yield from _end_tunnels(services, node, wanted, sas, ended)
        yield from _note_tunnels(services, node, wanted, sas)


def _end_tunnels(
    services: Supervisor, node: str, wanted: Transition, sas: list[dict[str, Any]], ended: dict[str, str]
) -> Iterator[str]:
    """Security associations outlive the connections, credentials and policy that they were made under."""
    outdated = wanted.outdated
    for name in dict.fromkeys(sa["name"] for sa in sorted(sas, key=itemgetter("name"))):
        interface = interface_of(name)
        if name not in wanted.gone_connections and interface not in outdated:
            continue
        with suppress(TunnelRefusedError):  # it has ended meanwhile
            services.vici(node).terminate(ike=name, force=True)
        why = outdated.get(interface)
        yield f"swanctl --terminate --ike {name} --force" + (f"  # its {why} changed" if why else "")
        if why:
            ended[interface] = (
                f"Node {node}: tunnel {interface} was ended, as its {why} changed: "
                "what was agreed on before counts no more."
            )


def _note_tunnels(services: Supervisor, node: str, wanted: Transition, sas: list[dict[str, Any]]) -> Iterator[str]:
    """A trigger filter that comes to a tunnel which is up has to be told so; later strongSwan tells it."""
    if not wanted.begins_to_filter_triggers:
        return
    for name in dict.fromkeys(child["name"] for sa in sas for child in sa.get("child-sas", {}).values()):
        services.place(node, Nftables.name).run(["nft", dialling.is_connected(name)])
        yield f"nft '{dialling.is_connected(name)}'"
