"""Records of a datacenter's state, found by what names them, and put back changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from raslab.errors import DatacenterRefusedError
from raslab.hnv.state import AclRule, Attachment, DatacenterState, VirtualNetwork

_FIRST_TABLE = 1001


def need(known: Sequence[str], name: str, noun: str) -> None:
    """Raise DatacenterRefusedError unless there is such a thing."""
    if name not in known:
        close = get_close_matches(str(name), known, n=1)
        choice = f"did you mean {close[0]}?" if close else f"there is {', '.join(known) or 'none'}."
        raise DatacenterRefusedError([f"The datacenter has no {noun} {name}: {choice}"])


def need_new(known: Sequence[str], name: str, noun: str) -> None:
    """Raise DatacenterRefusedError if there is such a thing already."""
    if name in known:
        raise DatacenterRefusedError([f"The datacenter has a {noun} {name} already: choose another name."])


def network(state: DatacenterState, name: str) -> VirtualNetwork:
    """The virtual network of that name; raises DatacenterRefusedError if there is none."""
    need([one.name for one in state.networks], name, "virtual network")
    return next(one for one in state.networks if one.name == name)


def network_of(state: DatacenterState, vsid: int) -> VirtualNetwork:
    """The virtual network with that subnet; raises DatacenterRefusedError if there is none."""
    vsids = [str(subnet.vsid) for one in state.networks for subnet in one.subnets]
    need(vsids, str(vsid), "virtual subnet")
    return state.network_of(vsid)


def with_network(state: DatacenterState, new: VirtualNetwork) -> DatacenterState:
    """The state with `new` in the place of the virtual network of its name."""
    return replace(state, networks=tuple(new if one.name == new.name else one for one in state.networks))


def attachment(state: DatacenterState, node: str, vsid: int | None) -> Attachment:
    """A node's port, its only one if `vsid` is None; raises DatacenterRefusedError if that is not clear."""
    found = [one for one in state.attachments if one.node == str(node) and vsid in (None, one.vsid)]
    if not found:
        where = "a virtual subnet" if vsid is None else f"virtual subnet {vsid}"
        raise DatacenterRefusedError([f"Node {node} has no port in {where}: attach it first."])
    if len(found) > 1:
        vsids = ", ".join(str(one.vsid) for one in found)
        raise DatacenterRefusedError([f"Node {node} has several ports: say which by vsid, one of {vsids}."])
    return found[0]


def attached_already(known: Attachment) -> str:
    """That a node has a port in a virtual subnet, otherwise than it is wanted."""
    where = f"on {known.host} with {' and '.join(known.addresses)}"
    return f"Node {known.node} is in virtual subnet {known.vsid} already, {where}: migrate it, or detach it first."


def rules(given: object) -> tuple[AclRule, ...]:
    """The rules of an access list; raises DatacenterRefusedError if that is no list of rules."""
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    for one in found:
        if not isinstance(one, AclRule) or not isinstance(given, Iterable):
            raise DatacenterRefusedError([f"{given!r} is no access list: write [AclRule(...), AclRule(...)]."])
    return found


def free_table(state: DatacenterState) -> int:
    """The number of a routing table that no virtual network has."""
    taken = {one.table for one in state.networks}
    return next(number for number in range(_FIRST_TABLE, _FIRST_TABLE + len(taken) + 1) if number not in taken)
