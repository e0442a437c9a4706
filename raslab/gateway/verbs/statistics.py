"""The cmdlets that ask what runs: statistics, sessions, routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from raslab.errors import GatewayRefusedError
from raslab.gateway import settings
from raslab.gateway.ask import bgp, ipsec, links
from raslab.gateway.core import call
from raslab.gateway.records import BgpPeerStatus, BgpRouteInformation, BgpStatistics, VpnS2SInterfaceStatistics
from raslab.gateway.rules.reading import choice_problem, given, prefix_problem
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.state.notation import asn
from raslab.gateway.verbs.bgp import PEERS, BgpVerbs
from raslab.gateway.verbs.wireguard import WireguardVerbs
from raslab.model.addresses import address
from raslab.model.addresses import network as read_network

Texts = str | Sequence[str]

ROUTE_TYPES = ("All", "Best", "Valid", "Unresolved", "Damped", "Suppressed")


class StatisticsVerbs(WireguardVerbs, BgpVerbs):
    """What runs, as records."""

    def get_vpn_s2s_interface_statistics(self, name: str | None = None) -> tuple[VpnS2SInterfaceStatistics, ...]:
        """What the interfaces, or the one of that name, carried since they exist or were cleared."""
        self._require_running()
        if name is not None:
            self._kind(name)
        sas = self._sas()
        return self._of_here(
            links.statistics(
                one, now, self._cleared.get(one, {}), ipsec.tunnel_of(one, sas), self._last_errors.get(one, "")
            )
            for one, now in self._counted(name, sas).items()
        )

    def clear_vpn_s2s_interface_statistics(self, name: str | None = None) -> None:
        """Count from 0 again."""
        self._require_running()
        if name is not None:
            self._kind(name)
        self._cleared.update(self._counted(name, self._sas()))

    def _counted(self, name: str | None, sas: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
        """The counters of all interfaces, or of one. In transport mode nothing passes the interface, so SAs count."""
        chosen = [one for one in self.state.s2s_interfaces if name in (None, one.name)]
        protecting = {one.name for one in chosen if isinstance(one, VpnS2SInterface) and one.is_transport}
        counted = links.counters(self.node, [one.name for one in chosen if one.name not in protecting])
        return {
            one.name: ipsec.counters(ipsec.tunnel_of(one.name, sas)) if one.name in protecting else counted[one.name]
            for one in chosen
        }

    def get_bgp_peer(self, name: str | None = None) -> tuple[BgpPeerStatus, ...]:
        """All peers, or the one of that name, with the state of their sessions."""
        if name is not None:
            PEERS.get(self.state, self.title, name)
        known = self._neighbours()
        peers = [peer for peer in self.state.bgp_peers if name in (None, peer.name)]
        return self._of_here(bgp.peer_status(peer, known.get(address(peer.peer_ip_address), {})) for peer in peers)

    def get_bgp_statistics(self, peer_name: str | None = None) -> tuple[BgpStatistics, ...]:
        """What the sessions have exchanged."""
        if peer_name is not None:
            PEERS.get(self.state, self.title, peer_name)
        known = self._neighbours()
        peers = [peer for peer in self.state.bgp_peers if peer_name in (None, peer.name)]
        return self._of_here(bgp.statistics(peer, known.get(address(peer.peer_ip_address), {})) for peer in peers)

    def get_bgp_route_information(
        self,
        network: Texts = (),
        type: str = "All",  # noqa: A002 - the cmdlet's word
    ) -> tuple[BgpRouteInformation, ...]:
        """The paths that BGP knows. network: only to these; type: one of ROUTE_TYPES.

        Raises GatewayRefusedError if one of these cannot be read.
        """
        texts = settings.texts("this question", "network", network)
        problems = [*(prefix_problem(text, "Network", "this question") for text in texts)]
        problems.append(choice_problem(type, ROUTE_TYPES, "Type", "this question"))
        if any(problems):
            raise GatewayRefusedError(list(given(*problems)))
        if self.state.bgp_router is None or not self._has_daemon("bgpd"):
            return ()
        wanted = set(map(read_network, texts))
        names = {address(peer.peer_ip_address): peer.name for peer in self.state.bgp_peers}
        families = ["ipv4", *(["ipv6"] if self.get_bgp_router().ipv6_routing else [])]
        with closing(self.services.vty(self.name, "bgpd")) as vty:
            found = [
                route
                for family in families
                for route in bgp.routes(vty.show(f"show bgp{self._instance} {family} unicast json"), names)
            ]
        return self._of_here(
            route
            for route in found
            if (not wanted or read_network(route.destination_network) in wanted) and type in ("All", route.state)
        )

    def clear_bgp_route_flap_dampening(self, prefix: str | None = None) -> None:
        """Let held back routes, or those to one prefix, pass at once.

        Raises GatewayRefusedError for a prefix in a routing domain: FRR knows only those of the node itself.
        """
        self._require_running()
        if prefix is not None and self._instance:
            raise GatewayRefusedError(
                [
                    f"Prefix {prefix} of {self.title}: FRR lets all routes of a routing domain pass, or none: "
                    "leave prefix out."
                ]
            )
        clear = " ".join(["clear ip bgp dampening", *([prefix] if prefix else [])])
        # FRR knows whose routes are meant only within the router. They may pass then, but are used only when it next
        # chooses among paths; the last line lets it choose.
        lines = (
            f"router bgp {asn(self.get_bgp_router().local_asn)}{self._instance}",
            f"do {clear}",
            "no bgp bestpath compare-routerid",
        )
        with closing(self.services.vty(self.name, "bgpd")) as vty:
            vty.configure(lines)
        typed = " ".join(f"-c '{line}'" for line in ("configure terminal", *lines))
        self._note(call("clear_bgp_route_flap_dampening", prefix), f"vtysh {typed}")
