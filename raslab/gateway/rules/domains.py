"""Routing domains, and what they must not have in common."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from raslab.gateway.rules.reading import given, name_problem
from raslab.gateway.rules.subnets import title
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState, GreInterface, RoutingDomain
from raslab.gateway.state.gateway import ROUTING_DOMAIN_TYPES
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Names, GUIDs, types and interfaces of each domain; names and tunnels that two of them would share."""
    gateway = surroundings.node
    if state.routing_domains and state.remote_access is not None and not state.remote_access.multi_tenancy:
        yield (
            f"{gateway} is not multitenant and cannot have the routing domain {state.routing_domains[0].name}: "
            "call install_remote_access(multi_tenancy=True) first."
        )
    owners: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for domain in state.routing_domains:
        yield from _domain(domain, surroundings)
        for name in domain.interfaces:
            other = owners.setdefault(name, domain.name)
            if other != domain.name:
                yield f"Interface {name} of {gateway} is in both {other} and {domain.name}: leave it to one of them."
        other = numbers.setdefault(domain.routing_domain_id.lower(), domain.name)
        if other != domain.name:
            yield (
                f"Routing domains {other} and {domain.name} of {gateway} have the same GUID "
                f"{domain.routing_domain_id}: give one of them another."
            )
    yield from _shared_names(state, surroundings)
    yield from _shared_tunnels(state, surroundings)


def _domain(domain: RoutingDomain, surroundings: Surroundings) -> Iterator[str]:
    where = f"routing domain {domain.name} of {surroundings.node}"
    yield from given(name_problem(domain.name, f"a routing domain of {surroundings.node}"))
    try:
        UUID(domain.routing_domain_id)
    except ValueError:
        yield (
            f"routing_domain_id {domain.routing_domain_id!r} of {where} is no GUID: "
            "write one like 1f8e2c3a-0000-4000-8000-000000000001, or leave it out."
        )
    for one in domain.type:
        if one not in ROUTING_DOMAIN_TYPES:
            yield f"Type {one!r} of {where} is unknown: choose one of {', '.join(ROUTING_DOMAIN_TYPES)}."
    if not domain.type:
        yield f"The {where} has no type and could do nothing: choose one of {', '.join(ROUTING_DOMAIN_TYPES)}."
    for name in domain.interfaces:
        if name not in surroundings.names:
            yield (
                f"{surroundings.node} has no interface {name} for the {where}: "
                f"use one of {', '.join(surroundings.names)}."
            )


def _shared_names(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Interfaces are found by their names on the whole node."""
    owners: dict[str, str] = {}
    for inside, where in scopes(state, surroundings):
        for name in dict.fromkeys(one.name for one in inside.s2s_interfaces):
            other = owners.setdefault(name, where.title)
            if other != where.title:
                yield f"{other} and {where.title} both have an S2S interface {name}: give one of them another name."
            if where.domain is not None and name in surroundings.names and name not in where.names:
                yield f"{surroundings.node} already has an interface {name}: give the S2S interface another name."


def _shared_tunnels(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Only the key tells GRE tunnels between the same two addresses apart (RFC 2890, section 2.1)."""
    owners: dict[tuple[str | None, str, int | None], tuple[str, str]] = {}
    for inside, where in scopes(state, surroundings):
        for one in inside.gre_interfaces:
            shown = title(one, where.title)
            owner, other = owners.setdefault(_ends(one), (where.title, shown))
            if owner != where.title:
                key = "no key" if one.gre_key is None else f"the key {one.gre_key}"
                yield (
                    f"The {other} and the {shown} go from {one.source_ip_address} to {', '.join(one.destination)} with "
                    f"{key}: give one of them another gre_key."
                )


def _ends(one: GreInterface) -> tuple[str | None, str, int | None]:
    return one.source_ip_address, ", ".join(one.destination), one.gre_key
