"""The RemoteAccessRoutingDomain cmdlets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.core import GatewayCore, call
from raslab.gateway.records import RemoteAccessRoutingDomain
from raslab.gateway.routing_domain import DOMAINS, RoutingDomainOfGateway, routing_domain
from raslab.gateway.state import GatewayState, RoutingDomain
from raslab.model import tenants
from raslab.model.sentences import shown

Texts = str | Sequence[str]


class RoutingDomainVerbs(GatewayCore):
    """Tenants of a multitenant gateway."""

    def enable_remote_access_routing_domain(
        self,
        name: str,
        type: Texts = "All",  # noqa: A002 - the cmdlet's word
        interfaces: Texts = (),
        routing_domain_id: str | None = None,
    ) -> RoutingDomain:
        """Make room for a tenant; see RoutingDomain. Without a GUID it gets one that follows from its name.

        The same again changes nothing; raises GatewayRefusedError if it is there with other settings.
        """
        values = {
            "name": name,
            "type": type,
            "interfaces": interfaces,
            "routing_domain_id": routing_domain_id or tenants.routing_domain_id(shown(name)),
        }
        wanted = settings.record(RoutingDomain, f"routing domain {shown(name)} of {self.name}", values)

        def edit(state: GatewayState) -> GatewayState:
            known = DOMAINS.find(state, name)
            if known is None:
                return DOMAINS.put(state, replace(wanted, number=_free_number(state)))
            told = {name: getattr(wanted, name) for name in ("type", "interfaces", "routing_domain_id")}
            if replace(known, **told) != known:
                raise GatewayRefusedError(
                    [
                        f"Routing domain {name} of {self.name} exists with other settings: "
                        "change them with set_remote_access_routing_domain."
                    ]
                )
            return state

        del values["name"]
        self._change(call("enable_remote_access_routing_domain", name, **values), edit)
        return routing_domain(self.state, self.name, name)

    def set_remote_access_routing_domain(self, name: str, **values: Any) -> RoutingDomain:
        """Change type, interfaces, GUID or bandwidth of a routing domain; what it was told stays."""
        title = f"routing domain {shown(name)} of {self.name}"
        changeable = ("type", "interfaces", "routing_domain_id", "tx_bandwidth_kbps", "rx_bandwidth_kbps")
        if unknown := [one for one in values if one not in changeable]:
            raise GatewayRefusedError(
                [f"{one} of {title} cannot be set: choose one of {', '.join(changeable)}." for one in unknown]
            )

        def edit(state: GatewayState) -> GatewayState:
            known = routing_domain(state, self.name, name)
            return DOMAINS.put(state, settings.changed(known, title, values))

        self._change(call("set_remote_access_routing_domain", name, **values), edit)
        return routing_domain(self.state, self.name, name)

    def get_remote_access_routing_domain(self, name: str | None = None) -> tuple[RemoteAccessRoutingDomain, ...]:
        """All routing domains, or the one of that name or GUID."""
        chosen = self.state.routing_domains if name is None else (routing_domain(self.state, self.name, name),)
        return tuple(
            RemoteAccessRoutingDomain(
                one.name,
                one.routing_domain_id,
                one.type,
                one.interfaces,
                one.vrf,
                one.table,
                one.tx_bandwidth_kbps,
                one.rx_bandwidth_kbps,
            )
            for one in chosen
        )

    def disable_remote_access_routing_domain(self, name: str) -> None:
        """Remove a routing domain with all that it was told; its interfaces are the node's own again."""

        def edit(state: GatewayState) -> GatewayState:
            gone = routing_domain(state, self.name, name)
            return DOMAINS.keep(state, lambda one: one != gone)

        self._change(call("disable_remote_access_routing_domain", name), edit)

    def routing_domain(self, name: str) -> RoutingDomainOfGateway:
        """A routing domain, by name or GUID, with all the verbs of a gateway in single tenant mode."""
        return RoutingDomainOfGateway(self, routing_domain(self.state, self.name, name).name)


def _free_number(state: GatewayState) -> int:
    taken = {one.number for one in state.routing_domains}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)
