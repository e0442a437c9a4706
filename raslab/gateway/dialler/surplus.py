"""Which of several tunnels of one interface have to go. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raslab.gateway.ask.ipsec import tunnel_of

Sa = Mapping[str, Any]


def surplus(name: str, sas: Sequence[Sa]) -> tuple[str, ...]:
    """charon's numbers of the IKE SAs that an interface does not need, as both sides have dialled at once.

    The one whose initiator chose the lowest SPI stays: both sides know it by that number, so both choose the same.
    """
    carrying = [sa for sa in sas if tunnel_of(name, [sa]) is not None]
    return tuple(str(sa["uniqueid"]) for sa in sorted(carrying, key=_spi)[1:])


def _spi(sa: Sa) -> int:
    return int(sa["initiator-spi"], 16)
