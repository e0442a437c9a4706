"""Bandwidth limits of S2S interfaces."""

from __future__ import annotations

from collections.abc import Sequence

from raslab.gateway.plan.interfaces import tunnels
from raslab.gateway.scopes import Scope
from raslab.services import Limit, Shaping


def shaping(parts: Sequence[Scope]) -> Shaping | None:
    """The limits of all enabled interfaces of all parts, or None without any."""
    made_of = {one.name: f"{one.kind} {one.local} {one.remote} {one.key}" for scope in parts for one in tunnels(*scope)}
    limits = tuple(
        Limit(one.name, one.tx_bandwidth_kbps, one.rx_bandwidth_kbps, made_of[one.name])
        for state, _ in parts
        for one in state.s2s_interfaces
        if one.enable_qos and one.admin_status and (one.tx_bandwidth_kbps or one.rx_bandwidth_kbps)
    )
    return Shaping(limits) if limits else None
