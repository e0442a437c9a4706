"""What has to be done to come from the services that run to those that are wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from raslab.errors import ServiceDeclarationError
from raslab.services.service import Service

Declared = Mapping[str, Sequence[Service]]  # services by node


class Action(StrEnum):
    """What is done to a service."""

    START = "start"
    RELOAD = "reload"
    RESTART = "restart"
    STOP = "stop"


@dataclass(frozen=True)
class Change:
    """One service that is not as it shall be. lines: what is done, as an administrator would type it.

    old, new: the declarations before and after; None where there is none.
    """

    node: str
    action: Action
    old: Service | None
    new: Service | None
    lines: tuple[str, ...]

    @property
    def service(self) -> str:
        """The name of the service."""
        one = self.new or self.old
        assert one is not None
        return one.name


def changes(old: Declared, new: Declared) -> tuple[Change, ...]:
    """The changes on the nodes that are named in `new`: of each, first what ends, then the rest by dependency.

    Raises ServiceDeclarationError for two services of one name and for dependencies that go in a circle.
    """
    return tuple(change for node, wanted in new.items() for change in _of_node(node, old.get(node, ()), wanted))


def in_order(node: str, services: Iterable[Service]) -> list[Service]:
    """Each service after those of the node that it depends on; otherwise as given. Raises as `changes`."""
    left = {service.name: service for service in services}
    ordered: list[Service] = []
    while left:
        free = [one for one in left.values() if not any(name in left for name in one.depends)]
        if not free:
            raise ServiceDeclarationError(f"Node {node}: the services {', '.join(left)} wait for each other.")
        ordered += free
        for service in free:
            del left[service.name]
    return ordered


def _of_node(node: str, old: Iterable[Service], new: Sequence[Service]) -> Iterable[Change]:
    names = [service.name for service in new]
    for name in names:
        if names.count(name) > 1:
            raise ServiceDeclarationError(f"Node {node} has more than one service {name}: declare each once.")
    before = {service.name: service for service in old}
    for service in reversed(in_order(node, before.values())):
        if service.name not in names:
            yield Change(node, Action.STOP, service, None, (f"kill {service.name}",) if service.argv() else ())
    afresh: set[str] = set()
    for service in in_order(node, new):
        falls = not afresh.isdisjoint(service.falls_with)
        if change := _of_service(node, before.get(service.name), service, falls):
            yield change
            if change.action is not Action.RELOAD:
                afresh.add(service.name)


def fallen_with(name: str, services: Iterable[Service]) -> list[Service]:
    """Those of the services of a node that have lost what they had told to one that has died, in order of dependency.

    A service is among them, too, whose own `falls_with` names one that is. Raises as `changes`.
    """
    gone = {name}
    for one in (ordered := in_order("", services)):
        if not gone.isdisjoint(one.falls_with):
            gone.add(one.name)
    return [one for one in ordered if one.name in gone and one.name != name]


def _of_service(node: str, old: Service | None, new: Service, falls: bool) -> Change | None:
    """falls: it cannot stay as it is, because a service that holds what it has told is started afresh."""
    if old == new and not (falls and old is not None):
        return None
    if old is not None and not falls and type(old) is type(new) and new.reloads_from(old):
        return Change(node, Action.RELOAD, old, new, new.plan(old))
    command = (" ".join(new.argv()),) if new.argv() else ()
    action = Action.START if old is None else Action.RESTART
    return Change(node, action, old, new, (*command, *new.plan(None)))
