"""Steps that come up for interfaces of every kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.model.topology import Impairment, Vrf
from raslab.net import steps
from raslab.net.names import fits
from raslab.net.quantities import queue_limit
from raslab.net.steps import Step


def local_table_at(node: str, priority: int, instead_of: int) -> Iterator[Step]:
    """Move the rule that looks addresses up in the table of the node's own."""
    for version in (4, 6):
        yield steps.AddLocalRule(node, priority, version)
        yield steps.DeleteLocalRule(node, instead_of, version)


def mark_rules(old: Vrf | None, new: Vrf | None) -> Iterator[Step]:
    """What carries the mark of a VRF is routed in it."""
    if old is not None and new is not None and old.mark == new.mark:
        return
    for version in (4, 6):
        if old is not None and old.mark is not None:
            yield steps.DeleteMarkRule(old.node, old.mark, old.table, version)
        if new is not None and new.mark is not None:
            yield steps.AddMarkRule(new.node, new.mark, new.table, version)


def names(node: str, interface: str) -> Iterator[Step]:
    """The long name that its user gave an interface, if the kernel does not take it as the first one."""
    if not fits(interface):
        yield steps.AddName(node, interface)


def addresses(node: str, interface: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Step]:
    """From old addresses to new ones."""
    for address in old:
        if address not in new:
            yield steps.DeleteAddress(node, interface, address)
    for address in new:
        if address not in old:
            yield steps.AddAddress(node, interface, address)


def impairment(node: str, interface: str, old: Impairment, new: Impairment) -> Iterator[Step]:
    """From an old wire to a new one."""
    if new == old:
        return
    if not new.is_perfect:
        yield steps.SetImpairment(node, interface, new, queue_limit(new))
    elif not old.is_perfect:
        yield steps.DeleteImpairment(node, interface)
