"""What charon's events say about dialling. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from raslab.gateway.plan.s2s import interface_of

KINDS = ("log", "ike-updown", "child-updown", "child-rekey")
"""The events of VICI that are read here."""

_INITIATING = re.compile(r"initiating IKE_SA (?P<name>.+)\[(?P<number>\d+)\] to ")
_FAILED = re.compile(
    r"establishing IKE_SA failed|failed to establish CHILD_SA|EAP authentication failed|EAP_\w+ method failed"
    r"|received [A-Z_]+ notify error|no trusted \S+ public key found|constraint check failed"
    r"|but MAC mismatched|no shared key found|no matching peer config found|received proposals unacceptable"
    r"|EAP-MS-CHAPv2 verification failed|generating .* N\(AUTH_FAILED\)"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """An attempt begins or fails, a tunnel is up or ends, or has new keys.

    name: of the interface, empty if charon has not known yet whose attempt it is; number: charon's of the IKE SA; why:
    of what fails, the reason; peer: the address that has called; refused: it is the other side that does not want it.
    """

    what: Literal["begins", "fails", "up", "ends", "rekeyed"]
    name: str
    number: str
    why: str = ""
    peer: str = ""
    refused: bool = False


def heard(kind: str, message: Mapping[str, Any]) -> Heard | None:
    """The meaning of one event, if it has any for dialling."""
    if kind == "log":
        text, number = message.get("msg", ""), message.get("ikesa-uniqueid", "")
        if match := _INITIATING.search(text):
            return Heard("begins", interface_of(match["name"]), match["number"])
        return Heard("fails", interface_of(message.get("ikesa-name", "")), number) if _FAILED.search(text) else None
    for name, sa in message.items():
        if not isinstance(sa, Mapping):
            continue
        number = sa.get("uniqueid", "")
        if kind == "child-rekey":
            return Heard("rekeyed", interface_of(name), number)
        if message.get("up") != "yes":
            return Heard("ends", interface_of(name), number)
        for child in sa.get("child-sas", {}).values() if kind == "child-updown" else ():
            return Heard("up", child.get("name", ""), number)
    return None


def begun(log: Iterable[str]) -> set[str]:
    """The numbers of the IKE SAs that were begun according to lines of charon's log."""
    return {match["number"] for line in log if (match := _INITIATING.search(line))}
