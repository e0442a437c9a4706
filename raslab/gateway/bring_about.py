"""From one plan to another on running nodes: interfaces and routes by the network, daemons by the supervisor.

At start the old plan is empty, so start-up and live changes are one code path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

from raslab.errors import RaslabError
from raslab.gateway import conntrack
from raslab.gateway.change_network import change_network
from raslab.gateway.plan import dialling, sessions
from raslab.gateway.transition import Transition, with_plan
from raslab.net import Network
from raslab.net.namespaces import write_sysctls
from raslab.net.plan import difference
from raslab.services import Bgpd, Charon, Nftables, Supervisor
from raslab.services.journal import service_lines


def bring_about(network: Network, services: Supervisor, wanted: Mapping[str, Transition]) -> dict[str, tuple[str, ...]]:
    """Carry out the transitions, completely or not at all; return by node what one would have typed instead.

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
    return {
        node: (
            *(line for line in commands if line.startswith(_on(node))),
            *_sysctl_lines(node, one),
            *service_lines(change for change in changes if change.node == node),
            *(line for line in ways_out if line.startswith(_on(node))),
            *_after(services, node, one),
        )
        for node, one in wanted.items()
    }


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


def _after(services: Supervisor, node: str, wanted: Transition) -> Iterator[str]:
    """What concerns sessions and tunnels that are up, and connections that are known."""
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
        yield from _end_tunnels(services, node, wanted, sas)
        yield from _note_tunnels(services, node, wanted, sas)


def _end_tunnels(services: Supervisor, node: str, wanted: Transition, sas: list[dict[str, Any]]) -> Iterator[str]:
    """Security associations outlive the connections that they were made for, so they are ended with these."""
    for name in sorted(wanted.gone_connections & {sa["name"] for sa in sas}):
        services.vici(node).terminate(ike=name, force=True)
        yield f"swanctl --terminate --ike {name} --force"


def _note_tunnels(services: Supervisor, node: str, wanted: Transition, sas: list[dict[str, Any]]) -> Iterator[str]:
    """A trigger filter that comes to a tunnel which is up has to be told so; later strongSwan tells it."""
    if not wanted.begins_to_filter_triggers:
        return
    for name in dict.fromkeys(child["name"] for sa in sas for child in sa.get("child-sas", {}).values()):
        services.place(node, Nftables.name).run(["nft", dialling.is_connected(name)])
        yield f"nft '{dialling.is_connected(name)}'"
