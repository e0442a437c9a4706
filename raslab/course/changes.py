"""Changes that break a lab and are undone: for the twins of its checks. Addresses and commands, for whole labs too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raslab.course.scenario import Change
from raslab.errors import LabFailedError

if TYPE_CHECKING:
    from raslab.course.bed import Bed


def cut(place: str) -> Change:
    """A link is cut, such as ``isp1-isp2``."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        bed.cut(place)
        try:
            yield
        finally:
            bed.restore(place)

    return change


def instead(node: str, verb: str, *names: str, **settings: tuple[Any, Any]) -> Change:
    """A gateway's settings are others. verb: one that sets, such as ``set_bgp_peer``; names: what it is about;
    settings: each with two values, the other one and the one that belongs there.
    """

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        told = getattr(bed.gateway(node), verb)
        told(*names, **{name: other for name, (other, _) in settings.items()})
        try:
            yield
        finally:
            told(*names, **{name: own for name, (_, own) in settings.items()})

    return change


def typed(node: str, line: str, undo: str) -> Change:
    """Somebody has typed a command on a node; `undo` is the one that takes it back. Raises LabFailedError."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        run(bed, node, line)
        try:
            yield
        finally:
            run(bed, node, undo)

    return change


def run(bed: Bed, node: str, line: str) -> None:
    """Type a command on a node; raises LabFailedError with what it says if it fails."""
    done = bed[node].run(line)
    if done.status != 0:
        said = " ".join((done.stdout + done.stderr).split())
        raise LabFailedError(bed.name, f"{line!r} on {node} says {said or 'nothing'} (status {done.status})")


def move_addresses(bed: Bed, old: str, new: str, places: Iterable[tuple[str, str]]) -> None:
    """Take addresses from a node and give them to the interfaces of the same names of another one, at once.

    places: interface and address, such as ``("up0", "31.30.30.1/32")``.
    """
    with bed.network.changing():
        for interface, address in places:
            bed.network.delAddress(old, interface, address)
            bed.network.addAddress(new, interface, address)
