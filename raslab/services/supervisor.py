"""The supervisor of a network's services: brings about what is declared, and notices what dies."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any

from raslab.errors import DaemonDiedError, NoSuchServiceError, RaslabError
from raslab.net import Network
from raslab.services.changes import Action, Change, Declared, changes, fallen_with
from raslab.services.frr import FrrDaemon
from raslab.services.incidents import Incident, Incidents
from raslab.services.mgmtd import as_installed
from raslab.services.nftables import Nft
from raslab.services.place import Place
from raslab.services.running import Running, bring_up
from raslab.services.service import Service
from raslab.services.strongswan import vici_at
from raslab.services.vici import Vici
from raslab.services.vty import Vty
from raslab.services.watch import Watcher

_LOG_LINES = 20


class Supervisor:
    """The services of one network.

    restart: start a daemon again that died, and after it those that had told it something; else the next `apply` does
    so. on_death: called with each death, in a thread of the supervisor. Of a death the next question or change warns.
    Everything ends with the network; if that is started again, it has no services until they are applied again.
    """

    def __init__(
        self, network: Network, restart: bool = False, on_death: Callable[[DaemonDiedError], None] | None = None
    ) -> None:
        self.network = network
        self.restart = restart
        self.on_death = on_death
        self._lock = threading.RLock()
        self._running: dict[str, dict[str, Running]] = {}
        self._incidents = Incidents()
        self._dead: dict[str, dict[str, Service]] = {}  # by node and name: died, and not yet cleared up after
        self._watcher: Watcher | None = None  # made with the first service, ended with the network

    # What shall run

    def plan(self, wanted: Declared) -> tuple[Change, ...]:
        """What `apply` would do. Raises ServiceDeclarationError."""
        with self._lock:
            return changes({node: self.declared(node) for node in wanted}, _as_installed(wanted))

    def apply(self, wanted: Declared) -> tuple[Change, ...]:
        """Bring about what is wanted on the nodes that are named; return what was done, when all of it is ready.

        Services that run on know by then of interfaces that their node has got, be there anything to do or not.
        If anything fails, what ran before runs on, or again, and the failure is raised: ServiceDeclarationError,
        ConfigurationRefusedError, DaemonDiedError, ServiceNotReadyError, NotObservedError, or what starting a program
        raises.
        """
        self._incidents.tell()
        wanted = deepcopy(_as_installed(wanted))  # what the caller changes in it later is not meant for now
        with self._lock:
            before = {node: self.declared(node) for node in wanted}
            todo = changes(before, wanted)
            self._refuse_hanging(wanted, todo)
            self._catch_up(wanted, todo)
            try:
                self._carry_out(todo)
            except BaseException:
                with suppress(RaslabError):  # the first failure is the one to tell
                    self._carry_out(changes({node: self.declared(node) for node in wanted}, before))
                raise
            return todo

    def stop(self) -> None:
        """End all services; the network runs on."""
        with self._lock:
            self.apply(dict.fromkeys(self._running, ()))

    def declared(self, node: str) -> tuple[Service, ...]:
        """The services that run on a node."""
        with self._lock:
            return tuple(one.declared for one in self._running.get(node, {}).values())

    # What is asked

    def place(self, node: str, service: str) -> Place:
        """Where a service runs. Raises NoSuchServiceError, as all below."""
        return self._find(node, service).place

    def vty(self, node: str, daemon: str) -> Vty:
        """A connection to one of FRR's daemons."""
        self._incidents.tell()
        one = self._find(node, daemon)
        if not isinstance(one.declared, FrrDaemon):
            raise NoSuchServiceError(node, f"{daemon} of FRR", self._names(node))
        return one.declared.vty(one.place)

    def vici(self, node: str) -> Vici:
        """A connection to strongSwan."""
        self._incidents.tell()
        return vici_at(self.place(node, "charon"))

    def nft(self, node: str) -> Nft:
        """The node's nftables."""
        return Nft(self.place(node, "nftables"))

    def log(self, node: str, service: str, lines: int = _LOG_LINES) -> str:
        """The last lines that a daemon printed."""
        return self.place(node, service).log(lines)

    def deaths(self) -> tuple[DaemonDiedError, ...]:
        """The daemons that died by themselves so far, in order."""
        with self._lock:
            return self._incidents.errors

    def incidents(self, node: str) -> tuple[Incident, ...]:
        """The deaths on one node so far, in order, and what came of each."""
        with self._lock:
            return self._incidents.of(node)

    def ailments(self, node: str | None = None, ask: bool = False) -> tuple[str, ...]:
        """Sentences about daemons, of one node or all, that have died and not come back, and that hang.

        ask: ask each whether it answers, which takes `SILENT_S` for one that does not; else only those that have been
        stopped are noticed.
        """
        # Without the lock: who looks at a live view shall not wait for the end of a verb.
        nodes = list(self._running) if node is None else [node]
        running = [one for name in nodes for one in list(self._running.get(name, {}).values())]
        found = [str(one) for one in self._incidents.unhealed(node)]
        for one in running:
            error = one.place.patience().stopped() or (one.silence() if ask else None)
            if error is not None:
                found.append(str(error))
        return tuple(found)

    def kill(self, node: str, service: str) -> None:
        """Let a daemon crash."""
        self._find(node, service).kill()

    # Inside

    def _find(self, node: str, service: str) -> Running:
        with self._lock:
            try:
                return self._running[node][service]
            except KeyError:
                raise NoSuchServiceError(node, service, self._names(node)) from None

    def _names(self, node: str) -> Sequence[str]:
        return list(self._running.get(node, {}))

    def _refuse_hanging(self, nodes: Iterable[str], todo: Iterable[Change]) -> None:
        """Raise if a daemon that is to run on has been stopped: nothing that it is told would come about."""
        ending = {(one.node, one.service) for one in todo if one.action in (Action.STOP, Action.RESTART)}
        for node in nodes:
            for name, one in self._running.get(node, {}).items():
                if (node, name) not in ending and (error := one.place.patience().stopped()):
                    raise error

    def _catch_up(self, nodes: Iterable[str], todo: Iterable[Change]) -> None:
        """Let the services that run on know what their nodes have got."""
        ending = {(one.node, one.service) for one in todo if one.action in (Action.STOP, Action.RESTART)}
        for node in nodes:
            for name, one in self._running.get(node, {}).items():
                if (node, name) not in ending:
                    one.declared.catch_up(one.place)

    def _carry_out(self, todo: Iterable[Change]) -> None:
        """Stop all that ends, then start all that is new, then tell the others of their changes."""
        todo = list(todo)
        starting = [
            Running(Place(self.network[change.node], change.service, change.new.folders), change.new)
            for change in todo
            if change.new is not None and change.action in (Action.START, Action.RESTART)
        ]
        self._end([change for change in todo if change.action in (Action.STOP, Action.RESTART)])
        self._start(starting)
        for change in todo:
            if change.action is Action.RELOAD and change.new is not None:
                running = self._find(change.node, change.service)
                change.new.reload(running.place, change.old)
                running.declared = change.new

    def _start(self, starting: Sequence[Running]) -> None:
        """Start services all at once; if one fails, none of them is left."""
        for one in starting:
            if dead := self._dead.get(one.place.name, {}).pop(one.declared.name, None):
                dead.clear_up(one.place)
        try:
            bring_up(starting)
        except BaseException:
            for one in starting:
                one.kill()
                one.end()
            raise
        for one in starting:
            self._adopt(one)

    def _end(self, ending: Iterable[Change]) -> None:
        services = [self._running[change.node].pop(change.service) for change in ending]
        for one in services:
            if one.process is not None:
                self._watching().forget(one.process)
            if self._dead.get(one.place.name, {}).keys().isdisjoint(one.declared.falls_with):
                one.ask_to_end()
            else:
                one.kill()  # who would have to be told of its end is dead
        for one in services:
            one.end()

    def _adopt(self, one: Running) -> None:
        self._incidents.heal(one.place.name, one.declared.name)
        watcher = self._watching()  # be there a process or not: all services end with the network
        self._running.setdefault(one.place.name, {})[one.declared.name] = one
        if one.process is not None:
            watcher.watch(one.process)

    def _watching(self) -> Watcher:
        if self._watcher is None:
            self._watcher = Watcher(self._ended)
            self.network.before_stop(self._close)
        return self._watcher

    def _ended(self, process: subprocess.Popen[Any]) -> None:
        """In the watcher's thread: a process has ended that nobody had asked to."""
        with self._lock:
            found = [one for services in self._running.values() for one in services.values() if one.process is process]
            if not found:
                return
            (one,) = found
            del self._running[one.place.name][one.declared.name]
            error = one.died()
            if error is None or self.network.nameToNode.get(one.place.name) is not one.place.node:
                return  # the node was removed with all of its processes
            self._dead.setdefault(one.place.name, {})[one.declared.name] = one.declared
            if not self.restart:
                self._report(Incident(error))
            elif self._incidents.may_try(one.place.name, one.declared.name):
                self._start_again(one, error)
            else:
                why = "It dies again and again, so it has not been started any more."
                self._report(Incident(error, hopeless=why))

    def _start_again(self, one: Running, error: DaemonDiedError) -> None:
        """Start a daemon that has died again, with those that fall with it."""
        fallen = self._fallen_with(one)
        deaths = [error, *(died for other in fallen if (died := other.died()))]  # which came at the same moment
        again = [Running(one.place, one.declared), *(Running(other.place, other.declared) for other in fallen)]
        try:
            for other in fallen:
                other.kill()
                other.end()
            self._start(again)
        except RaslabError as why:
            outcomes = [Incident(death, hopeless=f"It could not be started again: {why}") for death in deaths]
        else:
            names = tuple(other.declared.name for other in again)
            outcomes = [Incident(death, names[names.index(death.service) :]) for death in deaths]
        for outcome in outcomes:
            self._report(outcome)

    def _fallen_with(self, dead: Running) -> list[Running]:
        """The services, not watched any more, that have lost what they had told to one that has died."""
        node = dead.place.name
        fallen = [self._running[node].pop(one.name) for one in fallen_with(dead.declared.name, self.declared(node))]
        for one in fallen:
            if one.process is not None:
                self._watching().forget(one.process)
            self._dead[node][one.declared.name] = one.declared
        return fallen

    def _report(self, incident: Incident) -> None:
        self._incidents.add(incident)
        if self.on_death is not None:
            self.on_death(incident.error)

    def _close(self) -> None:
        """The network is about to kill every process: none of them dies by itself."""
        with self._lock:
            watcher, self._watcher = self._watcher, None
            self._running.clear()
            self._dead.clear()
        if watcher is not None:
            watcher.close()


def _as_installed(wanted: Declared) -> dict[str, Sequence[Service]]:
    return {node: as_installed(services) for node, services in wanted.items()}
