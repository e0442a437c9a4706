"""Changes that break a lab and are undone: for the twins of its checks. Addresses and commands, for whole labs too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raslab.course.scenario import Change
from raslab.errors import LabFailedError

if TYPE_CHECKING:
    from raslab.course.bed import Bed
    from raslab.net import Intf


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


def in_vlans(port: str, **vlans: Any) -> Change:
    """A switch's port is in other VLANs. port: such as ``rack:to-csp``; vlans: of `raslab.net.Intf.set_vlans`."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        with _in_other_vlans(bed, [bed.interface(port)], **vlans):
            yield

    return change


def passing_every_tag(switch: str) -> Change:
    """A switch heeds no VLANs: every frame goes everywhere, whatever its tag."""

    @contextmanager
    def change(bed: Bed) -> Iterator[None]:
        with _in_other_vlans(bed, bed.network[switch].intfList(), vlans=None, untagged_vlan=None):
            yield

    return change


@contextmanager
def _in_other_vlans(bed: Bed, ports: Sequence[Intf], **vlans: Any) -> Iterator[None]:
    own = [{name: getattr(port.spec, name) for name in vlans} for port in ports]
    with bed.network.changing():
        for port in ports:
            port.set_vlans(**vlans)
    try:
        yield
    finally:
        with bed.network.changing():
            for port, before in zip(ports, own, strict=True):
                port.set_vlans(**before)


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
