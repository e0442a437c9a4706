"""When an interface dials which of its destinations. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from raslab.gateway.state import VpnS2SInterface


@dataclass(frozen=True, slots=True)
class Call:
    """How far the dialling of one interface has come.

    position: of the destination whose turn it is; rounds: how often all of them have been dialled in vain; due_s: when
    to dial (seconds of the monotonic clock), None while somebody is dialling.
    """

    position: int = 0
    rounds: int = 0
    due_s: float | None = None


def failed(call: Call, interface: VpnS2SInterface, now_s: float) -> Call | None:
    """What follows an attempt in vain: the next destination at once, all of them after the interval, or None: enough.

    A persistent interface never has enough, and 0 tries are any number.
    """
    if call.position + 1 < len(interface.destination):
        return replace(call, position=call.position + 1, due_s=now_s)
    rounds = call.rounds + 1
    if not interface.auto_connect_enabled:
        return None
    if rounds >= interface.number_of_tries > 0 and not interface.persistent:
        return None
    return Call(0, rounds, now_s + interface.retry_interval_seconds)
