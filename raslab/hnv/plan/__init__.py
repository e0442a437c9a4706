"""From the desired state of a datacenter to what its compute hosts have to be. Pure: nothing here touches a kernel."""

from __future__ import annotations

from raslab.hnv.plan import access, flows, open_vswitch, overlay, provider, segments
from raslab.hnv.plan.parts import NOTHING, Plan, Wire
from raslab.hnv.state import DatacenterState
from raslab.services import Nftables

__all__ = ["NOTHING", "Plan", "Wire", "plan"]


def plan(state: DatacenterState, provider_interfaces: dict[str, str]) -> Plan:
    """The plan for a valid state. provider_interfaces: by compute host, the interface with its provider address."""
    parts = [part for host in state.hosts for part in (segments.of(state, host), overlay.of(state, host))]
    tables = {
        host.node: (
            *access.tables(state, host, overlay.names(state, host)),
            *provider.tables(state, host),
            *flows.tables(state, host, provider_interfaces),
        )
        for host in state.hosts
    }
    return Plan(
        wires=tuple(wire for part in parts for wire in part.wires),
        devices=tuple(device for part in parts for device in part.devices),
        tunnels=tuple(tunnel for part in parts for tunnel in part.tunnels),
        routes=tuple(route for part in parts for route in part.routes),
        ports=tuple(port for part in parts for port in part.ports),
        forwarding=tuple(entry for part in parts for entry in part.forwarding),
        neighbours=tuple(neighbour for part in parts for neighbour in part.neighbours),
        services={node: (Nftables(found),) if found else () for node, found in tables.items()},
        switches={host.node: open_vswitch.services(state, host) for host in state.hosts if state.switch == "ovs"},
    )
