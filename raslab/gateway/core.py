"""What all verbs of a gateway stand on: one change of the desired state at a time, checked, planned, applied."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from raslab.errors import GatewayNotRunningError, GatewayRefusedError
from raslab.gateway.bring_about import Transition, bring_about, preview
from raslab.gateway.dialler import Dialler
from raslab.gateway.journal import Deed, Explanation
from raslab.gateway.plan import NOTHING, Plan, plan
from raslab.gateway.records import OfPart
from raslab.gateway.rules import problems_of
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.net import Network, Node
from raslab.services import Supervisor

R = TypeVar("R", bound=OfPart)


class GatewayPart(ABC):
    """What verbs stand on: a gateway, or one routing domain of a multitenant gateway.

    name: of the node; title: what sentences call it.
    """

    name: str
    title: str
    node: Node
    services: Supervisor
    _last_errors: dict[str, str]  # of dialling, by interface
    _cleared: dict[str, dict[str, int]]  # counters by interface, when they were cleared

    @property
    def network(self) -> Network:
        """The network that the node is part of."""
        network: Network = self.services.network
        return network

    @property
    @abstractmethod
    def state(self) -> GatewayState:
        """What it should be."""

    @property
    @abstractmethod
    def surroundings(self) -> Surroundings:
        """Its part of the node, without what the gateway itself has made there."""

    @property
    @abstractmethod
    def vrf(self) -> str | None:
        """The VRF in which it routes, None for the node's own table."""

    @property
    @abstractmethod
    def _dialler(self) -> Dialler | None:
        """The thread that dials by itself, while strongSwan runs."""

    @abstractmethod
    def _change(self, verb: str, edit: Callable[[GatewayState], GatewayState]) -> None:
        """Change the desired state by `edit`; raises GatewayRefusedError and what applying raises."""

    @abstractmethod
    def _note(self, verb: str, *lines: str) -> None:
        """Tell of a verb that changes no desired state."""

    @property
    def _routing_domain(self) -> str | None:
        """The name of the routing domain, None of the gateway itself."""
        return None

    def _of_here(self, records: Iterable[R]) -> tuple[R, ...]:
        """Records that say what routing domain they are about."""
        return tuple(replace(one, routing_domain=self._routing_domain) for one in records)

    def _require_running(self) -> None:
        if not self.network.is_running:
            raise GatewayNotRunningError(self.name)

    def _has_daemon(self, name: str) -> bool:
        return self.network.is_running and any(one.name == name for one in self.services.declared(self.name))


class GatewayCore(GatewayPart):
    """A gateway on one node.

    While its network runs, a verb changes the node at once, or raises and changes nothing. Before that, verbs are
    noted and `start` carries them out.
    """

    def __init__(self, node: Node, services: Supervisor) -> None:
        """node: a router of a network; services: the supervisor of that network."""
        self.node = node
        self.name = self.title = node.name
        self.services = services
        self._state = GatewayState()
        self._lock = threading.RLock()
        self._applied: Plan = NOTHING
        self._journal: list[Deed] = []
        self._pending: list[str] | None = None
        self._last_errors = {}
        self._cleared = {}

    @property
    def state(self) -> GatewayState:
        """What it should be."""
        return self._state

    @property
    def vrf(self) -> None:
        """None: the node's own table."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    # Life

    def start(self) -> Explanation:
        """Carry out what has been noted. Without anything to do it does nothing."""
        start_together([self])
        return self.explain()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All verbs inside are one change: the node gets it whole at the end, or the block raises and it gets none."""
        with self._lock:
            if self._pending is not None:
                yield
                return
            before = self.state
            self._pending = []
            try:
                yield
                verbs, self._pending = self._pending, None
                self._check(self.state)
                self._apply("; ".join(verbs))
            except BaseException:
                self._state = before
                raise
            finally:
                self._pending = None

    # What it became

    def explain(self, everything: bool = False) -> Explanation:
        """The commands and file changes that the last verb became, or those of all verbs so far."""
        return Explanation(tuple(self._journal if everything else self._journal[-1:]))

    def diff(self) -> Explanation:
        """What would change now: what is noted and not carried out, before `start` or within `changing`."""
        self._check(self.state)
        transition = Transition(self._applied, plan(self.state, self.surroundings))
        lines = preview(self.network, self.services, self.name, transition)
        return Explanation((Deed("what would change", lines),))

    @property
    def surroundings(self) -> Surroundings:
        """The node without what the gateway itself has made there."""
        done = self._applied
        own = {one.name for one in done.tunnels}
        return Surroundings.of(self.network.topology(), self.name, own, done.addresses, done.routes)

    # For the verbs

    def _change(self, verb: str, edit: Callable[[GatewayState], GatewayState]) -> None:
        """Change the desired state by `edit`; raises GatewayRefusedError and what applying raises."""
        with self._lock:
            before, wanted = self.state, edit(self.state)
            if self._pending is None:
                self._check(wanted)
            self._state = wanted
            try:
                if self._pending is None:
                    self._apply(verb)
                else:
                    self._pending.append(verb)
            except BaseException:
                self._state = before
                raise

    def _note(self, verb: str, *lines: str) -> None:
        """Tell of a verb that changes no desired state."""
        self._journal.append(Deed(verb, lines))

    def _check(self, state: GatewayState) -> None:
        if problems := problems_of(state, self.surroundings):
            raise GatewayRefusedError(problems)

    def _apply(self, verb: str) -> None:
        if not self.network.is_running:
            return
        wanted = plan(self.state, self.surroundings)
        lines = bring_about(self.network, self.services, {self.name: Transition(self._applied, wanted)})
        self._has_become(wanted, Deed(verb, lines[self.name]))

    def _has_become(self, plan: Plan, deed: Deed) -> None:
        if plan.sysctls and not self._applied.sysctls:
            self.network.before_stop(self._forget_sysctls)
        self._applied = plan
        self._journal.append(deed)
        self._after_change()

    def _after_change(self) -> None:
        """Called when the node has been changed, for what runs beside it."""

    def _forget_sysctls(self) -> None:
        """Kernel settings end with the node's namespace; the network's own description stays."""
        self._applied = replace(self._applied, sysctls={})


def start_together(gateways: Sequence[GatewayCore]) -> None:
    """Start several gateways of one network at once: one change of the network, daemons side by side."""
    if not gateways:
        return
    network, services = gateways[0].network, gateways[0].services
    for gateway in gateways:
        gateway._require_running()
        gateway._check(gateway.state)
    plans = {one.name: plan(one.state, one.surroundings) for one in gateways}
    transitions = {one.name: Transition(one._applied, plans[one.name]) for one in gateways}
    lines = bring_about(network, services, transitions)
    for gateway in gateways:
        gateway._has_become(plans[gateway.name], Deed("start", lines[gateway.name]))


def call(verb: str, *args: Any, **settings: Any) -> str:
    """A verb as it was called, secrets left out."""
    hidden = ("shared_secret", "password", "dial_in_password", "certificate", "private_key", "preshared_key")
    words = [repr(arg) for arg in args]
    words += [f"{name}={'...' if name in hidden else repr(value)}" for name, value in settings.items()]
    return f"{verb}({', '.join(words)})"
