"""One tenant's part of a multitenant gateway, which is told what a gateway of its own would be told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from raslab.gateway.core import GatewayCore
from raslab.gateway.dialler import Dialler
from raslab.gateway.edits import Collection
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState, RoutingDomain
from raslab.gateway.surroundings import Surroundings
from raslab.gateway.verbs import PartVerbs
from raslab.services.journal import Explanation

DOMAINS = Collection("routing_domains", RoutingDomain, "routing domain", "remote_access_routing_domain")


class RoutingDomainOfGateway(PartVerbs):
    """A routing domain with all the verbs of a gateway in single tenant mode.

    It keeps nothing itself: each verb changes the gateway's desired state.
    """

    def __init__(self, gateway: GatewayCore, name: str) -> None:
        """gateway: a multitenant one; name: of a routing domain that has been, or will be, enabled there."""
        self._gateway = gateway
        self._domain = name
        self.name = gateway.name
        self.title = f"{name} on {gateway.name}"
        self.node = gateway.node
        self.services = gateway.services
        self._last_errors = gateway._last_errors
        self._cleared = gateway._cleared

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title}>"

    @property
    def domain(self) -> RoutingDomain:
        """The routing domain; raises GatewayRefusedError if the gateway has none of that name."""
        return routing_domain(self._gateway.state, self._gateway.name, self._domain)

    @property
    def state(self) -> GatewayState:
        """What the routing domain should be."""
        return self.domain.state

    @property
    def vrf(self) -> str:
        """The VRF of the routing domain."""
        return self.domain.vrf

    @property
    def surroundings(self) -> Surroundings:
        """Its interfaces and routes, without what the gateway itself has made."""
        everything = scopes(self._gateway.state, self._gateway.surroundings)
        return next(where for _, where in everything if where.domain == self.domain)

    @property
    def _routing_domain(self) -> str | None:
        return self._domain

    def changing(self) -> AbstractContextManager[None]:
        """All verbs inside are one change of the gateway, of whichever routing domain they are."""
        return self._gateway.changing()

    def explain(self, everything: bool = False) -> Explanation:
        """The commands and file changes that the gateway's last verb became, or those of all its verbs so far."""
        return self._gateway.explain(everything)

    @property
    def _dialler(self) -> Dialler | None:
        return self._gateway._dialler

    def _change(self, verb: str, edit: Callable[[GatewayState], GatewayState]) -> None:
        def edit_here(state: GatewayState) -> GatewayState:
            here = routing_domain(state, self._gateway.name, self._domain)
            return DOMAINS.put(state, replace(here, state=edit(here.state)))

        self._gateway._change(self._call(verb), edit_here)

    def _note(self, verb: str, *lines: str) -> None:
        self._gateway._note(self._call(verb), *lines)

    def _call(self, verb: str) -> str:
        """The verb as it would be told to the gateway itself."""
        told = verb.removesuffix(")")
        return f"{told}{'' if told.endswith('(') else ', '}routing_domain={self._domain!r})"


def routing_domain(state: GatewayState, gateway: str, name: str) -> RoutingDomain:
    """The routing domain of that name or GUID; raises GatewayRefusedError if there is none."""
    for one in state.routing_domains:
        if one.routing_domain_id.lower() == name.lower():
            return one
    return DOMAINS.get(state, gateway, name)
