"""Bandwidth limits of S2S interfaces."""

from __future__ import annotations

from raslab.gateway.plan.interfaces import tunnels
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.services import Limit, Shaping


def shaping(state: GatewayState, surroundings: Surroundings) -> Shaping | None:
    """The limits of all enabled interfaces, or None without any."""
    made_of = {one.name: f"{one.kind} {one.local} {one.remote} {one.key}" for one in tunnels(state, surroundings)}
    limits = tuple(
        Limit(one.name, one.tx_bandwidth_kbps, one.rx_bandwidth_kbps, made_of[one.name])
        for one in state.s2s_interfaces
        if one.enable_qos and one.admin_status and (one.tx_bandwidth_kbps or one.rx_bandwidth_kbps)
    )
    return Shaping(limits) if limits else None
