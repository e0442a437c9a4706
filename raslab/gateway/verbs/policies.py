"""The BgpRoutingPolicy cmdlets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.core import GatewayPart, call
from raslab.gateway.edits import Collection
from raslab.gateway.state import BgpRoutingPolicy, BgpRoutingPolicyForPeer, GatewayState

POLICIES = Collection("bgp_routing_policies", BgpRoutingPolicy, "BGP routing policy", "bgp_routing_policy")
USES = Collection(
    "bgp_routing_policies_for_peers",
    BgpRoutingPolicyForPeer,
    "routing policies for peer",
    "bgp_routing_policy_for_peer",
    ("peer_name", "direction"),
)

Texts = str | Sequence[str]


class PolicyVerbs(GatewayPart):
    """Routing policies, and their use for peers."""

    @settings.takes(BgpRoutingPolicy)
    def add_bgp_routing_policy(self, name: str, policy_type: str, **values: Any) -> BgpRoutingPolicy:
        """Add a policy, which does nothing until it is given to a peer; see BgpRoutingPolicy."""
        given = {"name": name, "policy_type": policy_type, **values}
        verb = call("add_bgp_routing_policy", name, policy_type, **values)
        self._change(verb, lambda state: POLICIES.add(state, self.title, given))
        return POLICIES.get(self.state, self.title, name)

    @settings.takes(BgpRoutingPolicy)
    def set_bgp_routing_policy(self, name: str, **values: Any) -> BgpRoutingPolicy:
        """Change a policy. Sessions stay up: routes are asked for again (RFC 2918)."""
        verb = call("set_bgp_routing_policy", name, **values)
        self._change(verb, lambda state: POLICIES.change(state, self.title, (name,), values))
        return POLICIES.get(self.state, self.title, name)

    def get_bgp_routing_policy(self) -> tuple[BgpRoutingPolicy, ...]:
        """All policies."""
        return self.state.bgp_routing_policies

    def remove_bgp_routing_policy(self, name: str) -> None:
        """Remove a policy that nobody uses."""
        self._change(call("remove_bgp_routing_policy", name), lambda state: POLICIES.remove(state, self.title, name))

    def add_bgp_routing_policy_for_peer(self, peer_name: Texts, policy_name: Texts, direction: str) -> None:
        """Give policies to peers, after those that they have. direction: ``Ingress`` or ``Egress``."""
        self._change(
            call("add_bgp_routing_policy_for_peer", peer_name, policy_name, direction),
            lambda state: self._bind(state, peer_name, policy_name, direction, keep=True),
        )

    def set_bgp_routing_policy_for_peer(self, peer_name: Texts, policy_name: Texts, direction: str) -> None:
        """Give policies to peers in the place of those that they have in that direction."""
        self._change(
            call("set_bgp_routing_policy_for_peer", peer_name, policy_name, direction),
            lambda state: self._bind(state, peer_name, policy_name, direction, keep=False),
        )

    def remove_bgp_routing_policy_for_peer(self, peer_name: Texts, policy_name: Texts, direction: str) -> None:
        """Take policies from peers."""

        def edit(state: GatewayState) -> GatewayState:
            gone = self._texts("policy_name", policy_name)
            for peer in self._texts("peer_name", peer_name):
                old = USES.get(state, self.title, peer, direction)
                unknown = [name for name in gone if name not in old.policy_name]
                if unknown:
                    known = ", ".join(old.policy_name)
                    raise GatewayRefusedError(
                        [
                            f"BGP peer {peer} of {self.title} has no {direction} policy {name}: it has {known}."
                            for name in unknown
                        ]
                    )
                left = tuple(name for name in old.policy_name if name not in gone)
                state = USES.remove(state, self.title, peer, direction)
                if left:
                    state = USES.put(state, _use(peer, direction, left))
            return state

        self._change(call("remove_bgp_routing_policy_for_peer", peer_name, policy_name, direction), edit)

    def get_bgp_routing_policy_for_peer(self) -> tuple[BgpRoutingPolicyForPeer, ...]:
        """Which peer has which policies."""
        return self.state.bgp_routing_policies_for_peers

    def _texts(self, name: str, value: Texts) -> tuple[str, ...]:
        return settings.texts(f"policies for peers of {self.title}", name, value)

    def _bind(self, state: GatewayState, peers: Texts, policies: Texts, direction: str, *, keep: bool) -> GatewayState:
        for peer in self._texts("peer_name", peers):
            known = USES.find(state, peer, direction)
            before = known.policy_name if known is not None and keep else ()
            names = tuple(dict.fromkeys((*before, *self._texts("policy_name", policies))))
            state = USES.put(state, _use(peer, direction, names))
        return state


def _use(peer: str, direction: str, names: tuple[str, ...]) -> BgpRoutingPolicyForPeer:
    values = {"peer_name": peer, "direction": direction, "policy_name": names}
    return settings.record(BgpRoutingPolicyForPeer, f"policies for peer {peer}", values)
