"""From the desired state of a gateway to what its node has to be. Pure: nothing here touches a kernel or a daemon."""

from __future__ import annotations

from dataclasses import dataclass, field

from raslab.gateway.plan import bandwidth, bgp, dialling, filters, interfaces, nat, s2s, wireguard
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Route, Tunnel
from raslab.services import Nftables, Service


@dataclass(frozen=True)
class Plan:
    """What a gateway makes of its node.

    addresses: what interfaces get besides their own, as pairs of interface and address. sysctls: kernel settings.
    services: daemons and tables, as `raslab.services` takes them.
    """

    tunnels: tuple[Tunnel, ...] = ()
    routes: tuple[Route, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()


NOTHING = Plan()


def plan(state: GatewayState, surroundings: Surroundings) -> Plan:
    """The plan for a valid state."""
    if state.remote_access is None:
        return NOTHING
    wanted = (nat.table(state, surroundings), filters.table(state), dialling.table(state))
    tables = tuple(table for table in wanted if table is not None)
    charon = s2s.charon(state, surroundings)
    keys = wireguard.service(state)
    shaping = bandwidth.shaping(state, surroundings)
    return Plan(
        tunnels=interfaces.tunnels(state, surroundings),
        routes=interfaces.routes(state, surroundings),
        addresses=nat.addresses(state, surroundings),
        sysctls=nat.timeouts(state),
        services=(
            *bgp.daemons(state, surroundings),
            *([charon] if charon else []),
            *([keys] if keys else []),
            *([Nftables(tables)] if tables else []),
            *([shaping] if shaping else []),
        ),
    )
