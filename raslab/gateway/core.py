"""What all verbs of a gateway stand on: one change of the desired state at a time, checked, planned, applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from raslab.errors import GatewayNotRunningError, GatewayRefusedError
from raslab.gateway.bring_about import Outcome, bring_about, preview
from raslab.gateway.dialler import Dialler
from raslab.gateway.plan import NOTHING, Plan, plan
from raslab.gateway.records import OfPart
from raslab.gateway.rules import problems_of
from raslab.gateway.state import SECRET_SETTINGS, GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.gateway.transition import Transition
from raslab.model.secrets import HIDDEN
from raslab.model.sentences import quoted
from raslab.net import Network, Node
from raslab.services import Supervisor
from raslab.services.desired import Desired
from raslab.services.journal import Deed, Explanation

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


class GatewayCore(Desired[GatewayState], GatewayPart):
    """A gateway on one node.

    While its network runs, a verb changes the node at once, or raises and changes nothing. Before that, verbs are
    noted and `start` carries them out.
    """

    def __init__(self, node: Node, services: Supervisor) -> None:
        """node: a router of a network; services: the supervisor of that network."""
        self.node = node
        self.name = self.title = node.name
        self.services = services
        super().__init__(GatewayState())
        self._applied: Plan = NOTHING
        self._last_errors = {}
        self._cleared = {}
        self._incidents = 0  # that are in the journal

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

    # What it became

    def explain(self, everything: bool = False) -> Explanation:
        """The commands and file changes that the last verb became, or those of all verbs so far.

        What has happened to daemons of the node before that verb or after it, and what came of it, is told too, and
        which of them hang now.
        """
        self._note_incidents()
        told = super().explain(everything)
        if not self.network.is_running:
            return told
        ill = (Deed(sentence, (), by_itself=True) for sentence in self.services.ailments(self.name, ask=True))
        known = {deed.verb for deed in told.deeds}
        return Explanation((*told.deeds, *(one for one in ill if one.verb not in known)))

    def _note_incidents(self) -> None:
        """Take into the journal what has happened to daemons since the last time."""
        happened = self.services.incidents(self.name)
        for one in happened[self._incidents :]:
            self._journal.append(Deed(str(one), (), by_itself=True))
        self._incidents = len(happened)

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
        own = {one.name for one in done.tunnels} | {one.name for one in done.vrfs}
        return Surroundings.of(self.network.topology(), self.name, own, done.addresses, done.routes)

    # For the verbs

    def _note(self, verb: str, *lines: str) -> None:
        """Tell of a verb that changes no desired state."""
        self._journal.append(Deed(verb, lines))

    def _check(self, state: GatewayState) -> None:
        if problems := problems_of(state, self.surroundings):
            raise GatewayRefusedError(problems)

    def _apply(self, verb: str) -> None:
        if not self.network.is_running:
            return
        self._note_incidents()
        wanted = plan(self.state, self.surroundings)
        outcomes = bring_about(self.network, self.services, {self.name: Transition(self._applied, wanted)})
        self._has_become(wanted, verb, outcomes[self.name])

    def _has_become(self, plan: Plan, verb: str, outcome: Outcome) -> None:
        if plan.sysctls and not self._applied.sysctls:
            self.network.before_stop(self._forget_sysctls)
        self._applied = plan
        self._journal.append(Deed(verb, outcome.lines))
        self._last_errors |= outcome.ended
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
    outcomes = bring_about(network, services, transitions)
    for gateway in gateways:
        gateway._has_become(plans[gateway.name], "start", outcomes[gateway.name])


def call(verb: str, *args: Any, **settings: Any) -> str:
    """A verb as it was called, secrets left out."""
    words = [_written(arg) for arg in args]
    words += [f"{name}={HIDDEN if name in SECRET_SETTINGS else _written(value)}" for name, value in settings.items()]
    return f"{verb}({', '.join(words)})"


def _written(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # a number of thousands of digits, which no verb takes
        return quoted(value)
