"""The NetRoute cmdlets."""

from __future__ import annotations

from typing import Any

from raslab.gateway import settings
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.edits import Collection
from raslab.gateway.state import NetRoute

ROUTES = Collection("net_routes", NetRoute, "route", "net_route", ("destination_prefix", "next_hop"))


class RouteVerbs(GatewayPart):
    """Static routes."""

    @settings.takes(NetRoute)
    def new_net_route(self, destination_prefix: str, next_hop: str, **values: Any) -> NetRoute:
        """Add a static route; see NetRoute for the settings."""
        given = {"destination_prefix": destination_prefix, "next_hop": next_hop, **values}
        verb = call("new_net_route", destination_prefix, next_hop, **values)
        self._change(verb, lambda state: ROUTES.add(state, self.title, given))
        return ROUTES.get(self.state, self.title, destination_prefix, next_hop)

    def get_net_route(self) -> tuple[NetRoute, ...]:
        """All static routes."""
        return self.state.net_routes

    def remove_net_route(self, destination_prefix: str, next_hop: str) -> None:
        """Remove a static route."""
        verb = call("remove_net_route", destination_prefix, next_hop)
        self._change(verb, lambda state: ROUTES.remove(state, self.title, destination_prefix, next_hop))
