"""From the desired state of a gateway to what its node has to be. Pure: nothing here touches a kernel or a daemon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from raslab.gateway.plan import bandwidth, bgp, dialling, filters, forced, interfaces, nat, nat_timeouts, s2s, wireguard
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.model.topology import Route, Rule, Tunnel, Vrf
from raslab.services import Nftables, Service


@dataclass(frozen=True)
class Plan:
    """What a gateway makes of its node.

    vrfs: one per routing domain; masters: the VRF of each interface of the node that belongs to one. ways_out: those of
    the routes that lead where nothing may go untranslated, so that they come after the rules and go before them.
    rules: which tables are asked for what.
    addresses: what interfaces of the node get besides their own, as pairs of interface and address. sysctls: kernel
    settings. services: daemons and tables, as `raslab.services` takes them. zones: of conntrack, those of tenants.
    """

    vrfs: tuple[Vrf, ...] = ()
    masters: dict[str, str] = field(default_factory=dict)
    tunnels: tuple[Tunnel, ...] = ()
    routes: tuple[Route, ...] = ()
    ways_out: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)
    services: tuple[Service, ...] = ()
    zones: tuple[int, ...] = ()


NOTHING = Plan()


def plan(state: GatewayState, surroundings: Surroundings) -> Plan:
    """The plan for a valid state."""
    if state.remote_access is None:
        return NOTHING
    parts = list(scopes(state, surroundings))
    translations = nat.table(parts)
    wanted = (translations, filters.table(parts), dialling.table(parts))
    tables = tuple(table for table in wanted if table is not None)
    charon = s2s.charon(parts)
    keys = wireguard.service(parts)
    shaping = bandwidth.shaping(parts)
    ways_out = tuple(route for scope in parts for route in forced.without_other_ways(nat.routes(*scope), *scope))
    added = tuple(dict.fromkeys(pair for scope in parts for pair in nat.addresses(*scope)))
    tunnels = tuple(_with_addresses(one, added) for scope in parts for one in interfaces.tunnels(*scope))
    own = {one.name for one in tunnels}
    return Plan(
        vrfs=tuple(_vrf(*scope) for scope in parts if scope.surroundings.domain is not None),
        masters={name: one.vrf for one in state.routing_domains for name in one.interfaces},
        tunnels=tunnels,
        routes=(*(route for scope in parts for route in interfaces.routes(*scope)), *ways_out),
        ways_out=ways_out,
        rules=forced.rules(parts),
        addresses=tuple(pair for pair in added if pair[0] not in own),
        sysctls=nat_timeouts.sysctls(parts),
        services=(
            *bgp.daemons(parts),
            *([charon] if charon else []),
            *([keys] if keys else []),
            *([Nftables(tables)] if tables else []),
            *([shaping] if shaping else []),
        ),
        zones=tuple(one.number for one in state.routing_domains) if translations else (),
    )


def _with_addresses(tunnel: Tunnel, added: Sequence[tuple[str, str]]) -> Tunnel:
    """A tunnel with those of the addresses, pairs of interface and address, that are for it."""
    return replace(tunnel, addresses=(*tunnel.addresses, *(text for name, text in added if name == tunnel.name)))


def _vrf(state: GatewayState, surroundings: Surroundings) -> Vrf:
    """The VRF of a routing domain."""
    domain = surroundings.domain
    assert domain is not None
    mark = domain.number if nat.is_shared(state, surroundings) else None
    return Vrf(surroundings.node, domain.vrf, domain.table, mark=mark)
