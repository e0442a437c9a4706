"""The Bgp cmdlets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields, replace
from typing import Any

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.ask.bgp import by_address, is_over_limit
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.edits import Collection
from raslab.gateway.plan.bgp import instance
from raslab.gateway.state import (
    BgpCustomRoute,
    BgpPeer,
    BgpRouteAggregate,
    BgpRouteFlapDampening,
    BgpRouter,
    GatewayState,
)
from raslab.model.addresses import AnyAddress, address

PEERS = Collection("bgp_peers", BgpPeer, "BGP peer", "bgp_peer")
AGGREGATES = Collection("bgp_route_aggregates", BgpRouteAggregate, "aggregate", "bgp_route_aggregate", ("prefix",))

Texts = str | Sequence[str]


class BgpVerbs(GatewayPart):
    """Router, peers, custom routes, aggregates and dampening."""

    @settings.takes(BgpRouter)
    def add_bgp_router(self, **values: Any) -> BgpRouter:
        """Make the gateway a BGP router; see BgpRouter for the settings."""
        new = settings.record(BgpRouter, self._router_title, values)

        def edit(state: GatewayState) -> GatewayState:
            if state.bgp_router not in (None, new):
                raise GatewayRefusedError([f"{self.title} is a BGP router already: change it with set_bgp_router."])
            return replace(state, bgp_router=new)

        self._change(call("add_bgp_router", **values), edit)
        return new

    @settings.takes(BgpRouter)
    def set_bgp_router(self, **values: Any) -> BgpRouter:
        """Change settings of the BGP router."""
        self._change(
            call("set_bgp_router", **values),
            lambda state: replace(state, bgp_router=settings.changed(self._router(state), self._router_title, values)),
        )
        return self.get_bgp_router()

    def get_bgp_router(self) -> BgpRouter:
        """The BGP router; raises GatewayRefusedError if there is none."""
        return self._router(self.state)

    def remove_bgp_router(self) -> None:
        """Remove the BGP router with its peers, policies and everything else about BGP."""

        def edit(state: GatewayState) -> GatewayState:
            self._router(state)
            nothing = GatewayState()
            about_bgp: dict[str, Any] = {
                field.name: getattr(nothing, field.name) for field in fields(state) if field.name.startswith("bgp_")
            }
            return replace(state, **about_bgp)

        self._change("remove_bgp_router()", edit)

    @settings.takes(BgpPeer)
    def add_bgp_peer(self, name: str, **values: Any) -> BgpPeer:
        """Add a neighbour; see BgpPeer for the settings. One with peering_mode ``Manual`` waits for start_bgp_peer."""
        given = {"started": values.get("peering_mode") != "Manual", "name": name, **values}
        self._change(call("add_bgp_peer", name, **values), lambda state: PEERS.add(state, self.title, given))
        return PEERS.get(self.state, self.title, name)

    @settings.takes(BgpPeer)
    def set_bgp_peer(self, name: str, **values: Any) -> BgpPeer:
        """Change a neighbour.

        Its session begins anew if addresses, AS numbers, timers or graceful restart change, and if it was over its
        max_allowed_prefix or has just reached it.
        """
        self._change(
            call("set_bgp_peer", name, **values), lambda state: PEERS.change(state, self.title, (name,), values)
        )
        return PEERS.get(self.state, self.title, name)

    def remove_bgp_peer(self, name: str) -> None:
        """Remove a neighbour, and the policies bound to it."""

        def edit(state: GatewayState) -> GatewayState:
            left = PEERS.remove(state, self.title, name)
            uses = tuple(use for use in left.bgp_routing_policies_for_peers if use.peer_name != name)
            return replace(left, bgp_routing_policies_for_peers=uses)

        self._change(call("remove_bgp_peer", name), edit)

    def start_bgp_peer(self, name: str) -> None:
        """Let the session with a neighbour come up, also after it was over its limit."""
        self._change(
            call("start_bgp_peer", name), lambda state: PEERS.change(state, self.title, (name,), {"started": True})
        )
        peer = PEERS.get(self.state, self.title, name)
        if is_over_limit(self._neighbours().get(address(peer.peer_ip_address), {})):
            with closing(self.services.vty(self.name, "bgpd")) as vty:
                vty.run(f"clear bgp{self._instance} {address(peer.peer_ip_address)}")

    def _neighbours(self) -> dict[AnyAddress, Any]:
        """What bgpd tells of each neighbour, by its address; nothing while it does not run."""
        if self.state.bgp_router is None or not self._has_daemon("bgpd"):
            return {}
        with closing(self.services.vty(self.name, "bgpd")) as vty:
            return by_address(vty.show(f"show bgp{self._instance} neighbors json"))

    @property
    def _instance(self) -> str:
        return instance(self.vrf)

    def stop_bgp_peer(self, name: str) -> None:
        """End the session with a neighbour until start_bgp_peer."""
        self._change(
            call("stop_bgp_peer", name), lambda state: PEERS.change(state, self.title, (name,), {"started": False})
        )

    def add_bgp_custom_route(self, network: Texts = (), interface: Texts = ()) -> BgpCustomRoute:
        """Announce prefixes that the node has routes for, and all routes of interfaces."""
        new = self._custom_route(network, interface)

        def edit(state: GatewayState) -> GatewayState:
            old = state.bgp_custom_route
            joined = BgpCustomRoute(
                network=tuple(dict.fromkeys((*old.network, *new.network))),
                interface=tuple(dict.fromkeys((*old.interface, *new.interface))),
            )
            return replace(state, bgp_custom_route=joined)

        self._change(call("add_bgp_custom_route", network=network, interface=interface), edit)
        return self.state.bgp_custom_route

    def remove_bgp_custom_route(self, network: Texts = (), interface: Texts = ()) -> BgpCustomRoute:
        """Stop announcing prefixes and interfaces that were added."""
        gone = self._custom_route(network, interface)

        def edit(state: GatewayState) -> GatewayState:
            old = state.bgp_custom_route
            unknown = [one for one in (*gone.network, *gone.interface) if one not in (*old.network, *old.interface)]
            if unknown:
                known = ", ".join((*old.network, *old.interface)) or "nothing"
                raise GatewayRefusedError(
                    [f"{self.title} announces no {one}: it announces {known}." for one in unknown]
                )
            left = BgpCustomRoute(
                network=tuple(one for one in old.network if one not in gone.network),
                interface=tuple(one for one in old.interface if one not in gone.interface),
            )
            return replace(state, bgp_custom_route=left)

        self._change(call("remove_bgp_custom_route", network=network, interface=interface), edit)
        return self.state.bgp_custom_route

    def get_bgp_custom_route(self) -> BgpCustomRoute:
        """What is announced."""
        return self.state.bgp_custom_route

    @settings.takes(BgpRouteAggregate)
    def add_bgp_route_aggregate(self, prefix: str, **values: Any) -> BgpRouteAggregate:
        """Announce a prefix while routes inside it are known; see BgpRouteAggregate."""
        given = {"prefix": prefix, **values}
        verb = call("add_bgp_route_aggregate", prefix, **values)
        self._change(verb, lambda state: AGGREGATES.add(state, self.title, given))
        return AGGREGATES.get(self.state, self.title, prefix)

    @settings.takes(BgpRouteAggregate)
    def set_bgp_route_aggregate(self, prefix: str, **values: Any) -> BgpRouteAggregate:
        """Change an aggregate."""
        verb = call("set_bgp_route_aggregate", prefix, **values)
        self._change(verb, lambda state: AGGREGATES.change(state, self.title, (prefix,), values))
        return AGGREGATES.get(self.state, self.title, prefix)

    def get_bgp_route_aggregate(self) -> tuple[BgpRouteAggregate, ...]:
        """All aggregates."""
        return self.state.bgp_route_aggregates

    def remove_bgp_route_aggregate(self, prefix: str) -> None:
        """Remove an aggregate."""
        verb = call("remove_bgp_route_aggregate", prefix)
        self._change(verb, lambda state: AGGREGATES.remove(state, self.title, prefix))

    @settings.takes(BgpRouteFlapDampening)
    def enable_bgp_route_flap_dampening(self, **values: Any) -> BgpRouteFlapDampening:
        """Hold back routes that come and go; see BgpRouteFlapDampening for the settings."""
        new = settings.record(BgpRouteFlapDampening, f"route flap dampening of {self.title}", values)
        self._change(
            call("enable_bgp_route_flap_dampening", **values),
            lambda state: replace(state, bgp_route_flap_dampening=new),
        )
        return new

    @settings.takes(BgpRouteFlapDampening)
    def set_bgp_route_flap_dampening(self, **values: Any) -> BgpRouteFlapDampening:
        """Change settings of dampening, which has to be on; what is held back already goes by the new ones."""
        title = f"route flap dampening of {self.title}"

        def edit(state: GatewayState) -> GatewayState:
            old = state.bgp_route_flap_dampening
            if old is None:
                raise GatewayRefusedError(
                    [f"Route flap dampening of {self.title} is off: call enable_bgp_route_flap_dampening first."]
                )
            return replace(state, bgp_route_flap_dampening=settings.changed(old, title, values))

        self._change(call("set_bgp_route_flap_dampening", **values), edit)
        assert self.state.bgp_route_flap_dampening is not None
        return self.state.bgp_route_flap_dampening

    def disable_bgp_route_flap_dampening(self) -> None:
        """Let all routes pass again."""
        self._change("disable_bgp_route_flap_dampening()", lambda state: replace(state, bgp_route_flap_dampening=None))

    def get_bgp_route_flap_dampening(self) -> BgpRouteFlapDampening | None:
        """The settings of dampening, None if it is off."""
        return self.state.bgp_route_flap_dampening

    @property
    def _router_title(self) -> str:
        return f"the BGP router of {self.title}"

    def _router(self, state: GatewayState) -> BgpRouter:
        if state.bgp_router is None:
            raise GatewayRefusedError([f"{self.title} is no BGP router: call add_bgp_router first."])
        return state.bgp_router

    def _custom_route(self, network: Texts, interface: Texts) -> BgpCustomRoute:
        values = {"network": network, "interface": interface}
        return settings.record(BgpCustomRoute, f"custom route of {self.title}", values)
