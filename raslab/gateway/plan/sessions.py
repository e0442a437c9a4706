"""Which BGP sessions have to begin anew for a change to hold. Pure.

Hold time, keepalives and graceful restart are agreed upon in the OPEN message (RFC 4271, 4.2; RFC 4724, 3), so FRR
keeps what was agreed until a session ends. Windows restarts the session of a peer that is edited, and so does raslab.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from raslab.services import Bgpd, Service


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A BGP neighbour. router: the words by which FRR names the router that it is a neighbour of."""

    router: str
    address: str


def to_begin_anew(old: Iterable[Service], new: Iterable[Service]) -> tuple[Neighbour, ...]:
    """The neighbours that both configurations have and agree upon something else with."""
    before, after = _agreed(old), _agreed(new)
    return tuple(one for one in after if one in before and before[one] != after[one])


def command(neighbour: Neighbour) -> str:
    """What restarts a session: it ends with a Cease and is opened again a second later."""
    _, _, vrf = neighbour.router.partition(" vrf ")
    return f"clear bgp {f'vrf {vrf} ' if vrf else ''}{neighbour.address}"


def _agreed(services: Iterable[Service]) -> dict[Neighbour, set[str]]:
    """What is agreed upon with each neighbour."""
    found: dict[Neighbour, set[str]] = {}
    router = ""
    for service in services:
        for line in service.config.splitlines() if isinstance(service, Bgpd) else ():
            match line.split():
                case ["router", "bgp", *_]:
                    router = line
                case ["neighbor", address, "remote-as", *_]:
                    found.setdefault(Neighbour(router, address), set())
                case ["neighbor", address, "timers", time, _] if time != "connect":
                    found.setdefault(Neighbour(router, address), set()).add(line)
                case ["neighbor", address, "graceful-restart"]:
                    found.setdefault(Neighbour(router, address), set()).add(line)
    return found
