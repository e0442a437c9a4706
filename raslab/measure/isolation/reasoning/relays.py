"""Processes that take something from one tenant and could give it to another. Pure.

A program can pass on whatever it likes, so what counts is where its sockets are, and those of programs that it can talk
to: by pipes, UNIX sockets (abstract ones too), shared memory and files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from raslab.measure.isolation.reasoning.node import NodeModel
from raslab.measure.isolation.reasoning.state import Process, Snapshot, Socket
from raslab.measure.isolation.tenants import PROVIDER, Owners, Tenant

_ANY = ("", "0.0.0.0", "[::]")


class Relays:
    """Groups of processes by the tenants whose packets they get."""

    def __init__(
        self, snapshot: Snapshot, tenants: tuple[Tenant, ...], owners: Owners, models: Mapping[str, NodeModel]
    ) -> None:
        self._owners, self._models = owners, models
        self._node_owner = {node: one.name for one in tenants for node in one.nodes}
        self._tenants = tenants
        self._groups: dict[int, list[Process]] = defaultdict(list)
        for one in snapshot.processes:
            self._groups[one.group].append(one)
        self._found: dict[int, dict[str, tuple[Process, Socket]]] = {}
        self._vague: dict[int, tuple[Process, Socket]] = {}
        for number, members in self._groups.items():
            self._found[number] = {}
            for process in members:
                for name, held in self._named(process):
                    self._found[number].setdefault(name, (process, held))
                for held in process.sockets:
                    for name in self._whose(held):
                        self._found[number].setdefault(name, (process, held))
                    if self._is_vague(held):
                        self._vague[number] = (process, held)

    def _whose(self, held: Socket) -> Iterator[str]:
        """The tenants whose packets a socket gets or sends."""
        if held.node in self._node_owner:
            yield self._node_owner[held.node]
            return
        model = self._models.get(held.node)
        if model is None or not model.has_vrfs:
            return
        if held.device:
            link = model.by_kernel.get(held.device)
            name = link.name if link else held.device
            yield self._owner(model, held.node, name)
            return
        host = held.local.rpartition(":")[0].strip("[]")
        if host and held.local.rpartition(":")[0] not in _ANY:
            for link in model.state.links:
                if host in model.addresses_of(model.kernel(link)):
                    yield self._owner(model, held.node, link.name)
            return
        if model.state.settings.get(f"{held.kind}_l3mdev_accept") == "1" and held.kind in ("tcp", "udp"):
            yield from (one.name for one in self._tenants if any(place[0] == held.node for place in one.interfaces))
        yield PROVIDER

    def _owner(self, model: NodeModel, node: str, name: str) -> str:
        """Whose an interface is: by itself, or by the VRF that it is in."""
        vrf = model.vrf_of(model.links.get(name))
        places = ((node, name), *([(node, vrf.name)] if vrf else []))
        return next((owner for one in places if (owner := self._owners.owner_of(one))), PROVIDER)

    def _named(self, process: Process) -> Iterator[tuple[str, Socket]]:
        """The tenants whose interfaces a process's command line names, on nodes where it has sockets."""
        for held in process.sockets:
            model = self._models.get(held.node)
            if model is None or held.node in self._node_owner or not model.has_vrfs:
                continue
            for word in process.words & model.by_kernel.keys():
                owner = self._owner(model, held.node, model.by_kernel[word].name)
                if owner != PROVIDER:
                    yield owner, Socket(held.node, "named", word, "", "")

    def _is_vague(self, held: Socket) -> bool:
        """True of sockets that get packets of all VRFs of a node."""
        model = self._models.get(held.node)
        everything = held.kind in ("raw", "packet") and not held.device
        return model is not None and held.node not in self._node_owner and model.has_vrfs and everything

    def connected(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Pairs of tenants that a group of processes could pass packets between, each with the way."""
        for found in self._found.values():
            names = [name for name in found if name != PROVIDER]
            for sender in names:
                for other in names:
                    if other != sender:
                        yield sender, other, _way(found[sender], found[other])

    def unproven(self) -> Iterator[str]:
        """Sentences about processes of which nobody knows."""
        for number, found in self._found.items():
            names = [name for name in found if name != PROVIDER]
            shared = [one for one in found.values() if one[1].node not in self._node_owner]
            if len(names) == 1 and shared:
                process, held = shared[0]
                yield f"what process {process.name} on {held.node} does with packets of {names[0]} ({held})"
            elif number in self._vague:
                process, held = self._vague[number]
                yield f"process {process.name} on {held.node} gets packets of all tenants ({held})"


def _way(one: tuple[Process, Socket], other: tuple[Process, Socket]) -> tuple[str, ...]:
    (first, taken), (last, given) = one, other
    names = [first.name] if first is last else [first.name, last.name]
    return (f"{taken.node}", f"({taken})", *(f"process {name}" for name in names), f"({given})", f"{given.node}")
