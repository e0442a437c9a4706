"""What charon's events say about dialling. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

KINDS = ("log", "ike-updown", "child-updown")
"""The events of VICI that are read here."""

_INITIATING = re.compile(r"initiating IKE_SA (?P<name>.+)\[(?P<number>\d+)\] to ")
_FAILED = re.compile(
    r"establishing IKE_SA failed|failed to establish CHILD_SA|EAP authentication failed"
    r"|received [A-Z_]+ notify error|no trusted \S+ public key found|constraint check failed"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """An attempt begins or fails, or a tunnel is up or ends. number: charon's of the IKE SA."""

    what: Literal["begins", "fails", "up", "ends"]
    name: str
    number: str


def heard(kind: str, message: Mapping[str, Any]) -> Heard | None:
    """The meaning of one event, if it has any for dialling."""
    if kind == "log":
        text, number = message.get("msg", ""), message.get("ikesa-uniqueid", "")
        if match := _INITIATING.search(text):
            return Heard("begins", match["name"], match["number"])
        return Heard("fails", message.get("ikesa-name", ""), number) if _FAILED.search(text) else None
    for name, sa in message.items():
        if not isinstance(sa, Mapping):
            continue
        if message.get("up") != "yes":
            return Heard("ends", name, sa.get("uniqueid", ""))
        for child in sa.get("child-sas", {}).values() if kind == "child-updown" else ():
            return Heard("up", child.get("name", ""), sa.get("uniqueid", ""))
    return None


def begun(log: Iterable[str]) -> set[str]:
    """The numbers of the IKE SAs that were begun according to lines of charon's log."""
    return {match["number"] for line in log if (match := _INITIATING.search(line))}
