"""From one plan of a datacenter to another: interfaces and tables by the network, access lists by nftables.

At start the old plan is empty, so start-up and live changes are one code path.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from raslab.errors import RaslabError
from raslab.hnv.plan import Plan, Wire
from raslab.model.switching import Vxlan
from raslab.net import Network
from raslab.services import Service, Supervisor
from raslab.services.journal import service_lines

T = TypeVar("T")


def own_interfaces(plan: Plan) -> frozenset[tuple[str, str]]:
    """Node and name of each interface that a plan makes."""
    ends = [end for wire in plan.wires for end in ((wire.node, wire.interface), (wire.host, wire.port))]
    return frozenset([*ends, *((one.node, one.name) for one in (*plan.devices, *plan.tunnels))])


def bring_about(network: Network, services: Supervisor, old: Plan, new: Plan) -> tuple[str, ...]:
    """Carry out the difference, completely or not at all; return what one would have typed instead.

    Access lists come first, so that a new port has its own from the beginning, switches that are programs last. All of
    these need a network that runs: until then ports are off. Raises what the network and the supervisor raise.
    """
    done = len(network.commands)
    if not network.is_running:
        change_network(network, old, new, on=False)
        return ()
    hosts = list(dict.fromkeys((*old.services, *new.services)))
    told = services.apply(_services(hosts, new.services, old.switches))
    try:
        change_network(network, old, new)
        switched = services.apply(_services(hosts, new.services, new.switches))
    except BaseException:
        with suppress(RaslabError):  # the first failure is the one to tell
            change_network(network, new, old)
            services.apply(_services(hosts, old.services, old.switches))
        raise
    return (*service_lines(told), *network.commands[done:], *service_lines(switched))


def _services(hosts: Iterable[str], *kinds: dict[str, tuple[Service, ...]]) -> dict[str, tuple[Service, ...]]:
    return {host: tuple(one for kind in kinds for one in kind.get(host, ())) for host in hosts}


def change_network(network: Network, old: Plan, new: Plan, on: bool = True) -> None:
    """Bring the network's own description in step with the new plan, in one change. on: its ports are."""
    with network.changing():
        _wires(network, old.wires, new.wires, on)
        for device in old.devices:
            if (device.node, device.name) not in {(one.node, one.name) for one in new.devices}:
                network.delDevice(device.node, device.name)
        for tunnel in old.tunnels:
            if (tunnel.node, tunnel.name) not in {(one.node, one.name) for one in new.tunnels}:
                network.delTunnel(tunnel.node, tunnel.name)
        for device in (replace(one, up=on) if isinstance(one, Vxlan) else one for one in new.devices):
            here = network[device.node].device_interfaces
            here[device.name].take(device) if device.name in here else network.take_device(device)
        for tunnel in (replace(one, up=on) for one in new.tunnels):
            here = network[tunnel.node].tunnel_interfaces
            if tunnel.name in here:
                here[tunnel.name].take(replace(tunnel, mac=here[tunnel.name].mac))
            else:
                network.take_tunnel(tunnel)
        for name in ("routes", "ports", "forwarding", "neighbours"):
            setattr(network, name, _instead(getattr(network, name), getattr(old, name), getattr(new, name)))


def _instead(present: Iterable[T], old: Iterable[T], new: Iterable[T]) -> list[T]:
    """What is present, with the new ones in the place of the old ones. Those that are in both stay where they are."""
    gone, come = set(old) - set(new), list(new)
    kept = [one for one in present if one not in gone]
    there = set(kept)
    return [*kept, *(one for one in come if one not in there)]


def _wires(network: Network, old: tuple[Wire, ...], new: tuple[Wire, ...], on: bool) -> None:
    before = {(wire.node, wire.interface): wire for wire in old}
    after = {(wire.node, wire.interface): wire for wire in new}
    for key, wire in before.items():
        if key not in after or after[key].port != wire.port:
            network.delLink(_link(network, wire))
    for key, wire in after.items():
        known = before.get(key)
        if known is None or known.port != wire.port:
            network.addLink(
                wire.node,
                wire.host,
                params1={"name": wire.interface, "ips": list(wire.addresses), "mac": wire.mac},
                params2={"name": wire.port},
            )
        link = _link(network, wire if known is None or known.port != wire.port else known)
        if known is not None and known.port == wire.port and known.host != wire.host:
            network.moveIntf(link.intf2, wire.host)
        link.intf1.change(addresses=wire.addresses, mac=wire.mac)
        link.intf2.change(master=wire.master, up=on)


def _link(network: Network, wire: Wire) -> Any:
    return network[wire.node].intf(wire.interface).link
