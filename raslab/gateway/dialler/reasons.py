"""Why attempts fail, in the words of either side: the one that has called and the one that was called. Pure.

charon tells a caller little, as RFC 7296 wants it (section 2.21), but writes what it does not like into its own log.
The lines of one attempt carry the number of its IKE SA, from before it is known which interface it is for.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from raslab.gateway.dialler.events import Heard, heard
from raslab.gateway.state import PRESETS, CustomPolicy, VpnS2SInterface
from raslab.services.vici import why

_ATTEMPTS, _LINES = 64, 60  # that are remembered
_CALLED_BY = re.compile(r"(?P<peer>\S+) is initiating an IKE_SA")
_WHOM = re.compile(r"looking for peer configs matching \S+\[(?P<mine>.*)\]\.\.\.\S+\[(?P<theirs>.*)\]")
_REFUSED = re.compile(r"received (?P<notify>[A-Z_]+) notify, no CHILD_SA built")
_PROPOSALS = re.compile(r"(?P<whose>received|configured) proposals: (?P<list>.*)")
_GROUP = re.compile(r"(MODP|ECP|CURVE|KE)_")
_SAID = (
    (
        re.compile(r"tried \d+ shared keys? for '(?P<mine>.*)' - '(?P<theirs>.*)', but MAC mismatched"),
        "the caller {theirs} has another pre-shared key than {mine} here",
    ),
    (
        re.compile(r"no shared key found for '(?P<mine>.*)' - '(?P<theirs>.*)'"),
        "there is no pre-shared key for the caller {theirs} that calls {mine}",
    ),
    (
        re.compile(r"traffic selectors (?P<mine>.*) === (?P<theirs>.*) unacceptable"),
        "the caller wants a tunnel between {theirs} and {mine}, which the traffic selectors here do not allow",
    ),
    (
        re.compile(r"no EAP key found for hosts '.*' - '(?P<theirs>.*)'"),
        "the caller's user {theirs} is not known here",
    ),
    (re.compile(r"(?P<what>EAP-MS-CHAPv2 verification failed)"), "the caller's password is wrong ({what})"),
    (re.compile(r"(?P<what>certificate was revoked on .*)"), "{what}"),
    (re.compile(r"(?P<what>subject certificate invalid.*)"), "{what}"),
    (
        re.compile(r"(?P<what>no issuer certificate found for .*)"),
        "{what}: it comes from an authority not trusted here",
    ),
)


class Conversations:
    """Events of one charon, with what its log has said before them."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[str]] = {}

    def heard(self, kind: str, message: Mapping[str, Any]) -> Heard | None:
        """The meaning of one event; of a failure with its reason."""
        found = heard(kind, message)
        number = message.get("ikesa-uniqueid", "") if kind == "log" else ""
        if number:
            self._lines.setdefault(number, deque(maxlen=_LINES)).append(message.get("msg", ""))
            if len(self._lines) > _ATTEMPTS:
                del self._lines[next(iter(self._lines))]
        if found is None or found.what != "fails":
            return found
        lines = list(self._lines.get(found.number, ()))
        self._lines.pop(found.number, None) if found.name else None
        called = next((match["peer"] for line in lines if (match := _CALLED_BY.search(line))), "")
        return replace(found, why=reason(lines), peer=called, refused=any(map(_REFUSED.search, lines)))


def reason(lines: Sequence[str]) -> str:
    """The most telling words about an attempt that has failed, empty if nothing tells."""
    for line in reversed(lines):
        for pattern, words in _SAID:
            if match := pattern.search(line):
                return words.format(**match.groupdict())
    if any("no matching peer config found" in line for line in lines):
        for match in filter(None, map(_WHOM.search, reversed(lines))):
            return f"the caller calls itself {match['theirs']} and this side {match['mine']}: nobody is expected so"
    if any("unacceptable" in line or "no acceptable proposal" in line for line in lines):
        return _no_common_suite(lines)
    return why(lines)


def refused_keys(interface: VpnS2SInterface, said: str) -> str:
    """The other side does not want new keys for what it had agreed to: only the group of these can be to blame."""
    policy = interface.custom_policy
    chosen = policy if isinstance(policy, CustomPolicy) or policy is None else PRESETS[policy]
    mine = f"pfs_group {chosen.pfs_group}" if chosen is not None else "new keys with or without a group"
    return (
        f"the other side refuses new keys ({said or 'without a reason'}): it does not agree to this side's {mine}, "
        "so the tunnel is dialled anew at the end of each lifetime; "
        "perfect forward secrecy has to be the same on both"
    )


def _no_common_suite(lines: Sequence[str]) -> str:
    lists = {match["whose"]: match["list"] for line in lines if (match := _PROPOSALS.search(line))}
    theirs, mine = lists.get("received", ""), lists.get("configured", "")
    if theirs.startswith("ESP") and _without_groups(theirs) & _without_groups(mine):
        return (
            f"the caller wants new keys with {_groups(theirs)} and this side with {_groups(mine)}: "
            "perfect forward secrecy (pfs_group) has to be the same on both"
        )
    return f"NO_PROPOSAL_CHOSEN: the caller offers {theirs or 'nothing known'}, and this side wants {mine or 'nothing'}"


def _without_groups(proposals: str) -> set[frozenset[str]]:
    return {
        frozenset(word for word in one.split("/") if not _GROUP.match(word)) for one in proposals.split(", ") if one
    }


def _groups(proposals: str) -> str:
    found = dict.fromkeys(word for word in re.split(r"/|, ", proposals) if _GROUP.match(word))
    return " or ".join(found) or "no group of their own"
