"""Which BGP sessions have to begin anew for a change to hold. Pure.

Hold time, keepalives and graceful restart are agreed upon in the OPEN message (RFC 4271, 4.2; RFC 4724, 3), so FRR
keeps what was agreed until a session ends. Windows restarts the session of a peer that is edited, and so does raslab.
"""

from __future__ import annotations

from collections.abc import Iterable

from raslab.services import Bgpd, Service


def to_begin_anew(old: Iterable[Service], new: Iterable[Service]) -> tuple[str, ...]:
    """The neighbours, by address, that both configurations have and agree upon something else with."""
    before, after = _agreed(old), _agreed(new)
    return tuple(one for one in after if one in before and before[one] != after[one])


def command(neighbour: str) -> str:
    """What restarts a session: it ends with a Cease and is opened again a second later."""
    return f"clear bgp {neighbour}"


def _agreed(services: Iterable[Service]) -> dict[str, set[str]]:
    """What is agreed upon with each neighbour."""
    found: dict[str, set[str]] = {}
    for service in services:
        for line in service.config.splitlines() if isinstance(service, Bgpd) else ():
            match line.split():
                case ["neighbor", neighbour, "remote-as", *_]:
                    found.setdefault(neighbour, set())
                case ["neighbor", neighbour, "timers", time, _] if time != "connect":
                    found.setdefault(neighbour, set()).add(line)
                case ["neighbor", neighbour, "graceful-restart"]:
                    found.setdefault(neighbour, set()).add(line)
    return found
