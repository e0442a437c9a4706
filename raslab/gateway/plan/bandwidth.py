"""Bandwidth limits of S2S interfaces, and of all those of a routing domain together."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.gateway.plan.interfaces import tunnels
from raslab.gateway.scopes import Scope
from raslab.services import Limit, Shaping, SharedLimit


def shaping(parts: Sequence[Scope]) -> Shaping | None:
    """The limits of all enabled interfaces of all parts, or None without any."""
    made_of = {one.name: f"{one.kind} {one.local} {one.remote} {one.key}" for scope in parts for one in tunnels(*scope)}
    limits = tuple(
        Limit(one.name, one.tx_bandwidth_kbps, one.rx_bandwidth_kbps, made_of[one.name])
        for state, _ in parts
        for one in state.s2s_interfaces
        if one.enable_qos and one.admin_status and (one.tx_bandwidth_kbps or one.rx_bandwidth_kbps)
    )
    shared = tuple(
        SharedLimit(
            where.domain.name,
            tuple((one.name, made_of[one.name]) for one in state.s2s_interfaces if one.admin_status),
            where.domain.tx_bandwidth_kbps,
            where.domain.rx_bandwidth_kbps,
        )
        for state, where in parts
        if where.domain is not None and where.domain.is_limited
    )
    shared = tuple(one for one in shared if one.interfaces)
    return Shaping(limits, shared) if limits or shared else None
