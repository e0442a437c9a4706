"""Who calls with a pre-shared key, and by which of two identities strongSwan finds that key. Pure.

strongSwan looks for the keys that have the identity of one side *or* of the other among their owners, and tries all
that it finds. So a key has one owner: an identity that no other interface of the node has on either side. Then the key
of one interface can never be tried for another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from raslab.gateway.plan.interfaces import known_source
from raslab.gateway.scopes import Scope
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.state.identity import Identity, identity
from raslab.gateway.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class KeyedEnd:
    """An interface with a pre-shared key and one of its destinations.

    part: the title of the gateway or routing domain; target: the destination; source: the address that calls it; mine,
    theirs: what the two sides call themselves.
    """

    part: str
    name: str
    target: str
    source: str
    mine: Identity
    theirs: Identity

    @property
    def is_of(self) -> tuple[str, str]:
        """The interface."""
        return self.part, self.name


def keyed_ends(parts: Sequence[Scope]) -> tuple[KeyedEnd, ...]:
    """All that is enabled on a node, of parts that the rules have seen."""
    return tuple(
        end
        for state, where in parts
        for one in state.vpn_s2s_interfaces
        if one.admin_status and one.authentication_method == "PSKOnly"
        for end in ends_of(one, where)
    )


def ends_of(interface: VpnS2SInterface, where: Surroundings) -> Iterator[KeyedEnd]:
    """Those of one interface, by destination; destinations that cannot be reached, or read, are left out."""
    for target in interface.destination:
        read = identity(target)
        if read is None or read.kind != "address":
            continue
        source = known_source(replace(interface, destination=(target,)), where)
        mine = identity(interface.local_identity or source or "")
        theirs = identity(interface.peer_identity or target)
        if source is not None and mine is not None and theirs is not None:
            yield KeyedEnd(where.title, interface.name, read.value, source, mine, theirs)


def owners(ends: Sequence[KeyedEnd]) -> dict[KeyedEnd, Identity | None]:
    """By which identity the key of each end is found, the caller's if possible; None where it would be others' too.

    By its own identity it is found for callers only who say whom they call, which Windows does not.
    """
    users: dict[Identity, set[tuple[str, str]]] = {}
    for end in ends:
        for known in (end.mine, end.theirs):
            users.setdefault(known, set()).add(end.is_of)
    return {end: next((one for one in (end.theirs, end.mine) if len(users[one]) == 1), None) for end in ends}
