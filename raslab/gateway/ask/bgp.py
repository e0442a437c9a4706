"""bgpd's JSON as records. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from raslab.gateway.records import BgpPeerStatus, BgpRouteInformation, BgpStatistics
from raslab.gateway.state import BgpPeer
from raslab.gateway.state.notation import asn
from raslab.model.addresses import AnyAddress, address, network, readable

Json = Mapping[str, Any]

_COUNTED_TWICE = 2
"""FRR counts a NOTIFICATION when it takes it from the queue, and when it reads it (bgpd/bgp_packet.c, 8.4 to 10)."""
_WAITING = "Waiting for "
_IDLE = "No AFI/SAFI activated for peer"
"""What FRR says of a peer that it has only begun with, in the place of why a session ended (bgpd/bgp_fsm.c)."""
_ORIGINS = {"IGP": "IGP", "EGP": "EGP", "incomplete": "Incomplete"}


def peer_status(peer: BgpPeer, neighbour: Json) -> BgpPeerStatus:
    """The session with a peer. neighbour: its part of `show bgp neighbors json`, empty while bgpd does not run."""
    status, reason = _connectivity(peer, neighbour)
    return BgpPeerStatus(
        peer.name,
        peer.local_ip_address,
        peer.peer_ip_address,
        asn(peer.peer_asn),
        peer.operation_mode,
        peer.peering_mode,
        status,
        reason,
    )


def is_over_limit(neighbour: Json) -> bool:
    """Whether bgpd leaves a peer alone because it sent more prefixes than it may."""
    return bool(neighbour.get("prefixesConfigExceedMax"))


def _connectivity(peer: BgpPeer, neighbour: Json) -> tuple[str, str]:
    if neighbour.get("bgpState") == "Established":
        return "Connected", ""
    if not peer.started:
        return "Stopped", "it has not been started" if peer.peering_mode == "Manual" else "it was stopped"
    if not neighbour:
        return "Stopped", "there is no bgpd"
    if is_over_limit(neighbour):
        return (
            "Stopped",
            f"it sent more than max_allowed_prefix, {peer.max_allowed_prefix}: raise that, or start it anew",
        )
    return "Connecting", _last_reset(neighbour)


def by_address(neighbours: Json) -> dict[AnyAddress, Any]:
    """What `show bgp neighbors json` tells of each, by its address, however that is spelt."""
    return {found: told for text, told in neighbours.items() if (found := readable(address, text)) is not None}


def routes(table: Json, peers: Mapping[AnyAddress, str]) -> Iterator[BgpRouteInformation]:
    """The paths of `show bgp ... json`, of each prefix those in use first. peers: name by address."""
    for prefix, paths in table.get("routes", {}).items():
        for path in sorted(paths, key=lambda path: (_state(path) != "Best", path.get("peerId", ""))):
            hops = [hop for hop in path.get("nexthops", []) if hop.get("scope") != "link-local"]
            used = next((hop for hop in hops if hop.get("used")), hops[0] if hops else {})
            yield BgpRouteInformation(
                destination_network=prefix,
                next_hop=_of_family(prefix, used.get("ip", "")),
                learnt_from=_name(path, peers),
                state=_state(path),
                local_pref=path.get("locPrf"),
                med=path.get("metric"),
                weight=path.get("weight", 0),
                as_path=path.get("path", ""),
                origin=_ORIGINS.get(path.get("origin", ""), path.get("origin", "")),
            )


def statistics(peer: BgpPeer, neighbour: Json) -> BgpStatistics:
    """What a session has exchanged. neighbour: as in `peer_status`."""
    messages = neighbour.get("messageStats", {})
    families = neighbour.get("addressFamilyInfo", {})
    up_ms = neighbour.get("bgpTimerUpMsec") if neighbour.get("bgpState") == "Established" else None

    def count(name: str) -> int:
        return int(messages.get(name, 0))

    def prefixes(family: str) -> int:
        return int(families.get(family, {}).get("acceptedPrefixCounter", 0))

    return BgpStatistics(
        peer_name=peer.name,
        state=str(neighbour.get("bgpState", "Idle")),
        up_s=None if up_ms is None else up_ms // 1000,
        open_sent=count("opensSent"),
        open_received=count("opensRecv"),
        update_sent=count("updatesSent"),
        update_received=count("updatesRecv"),
        notification_sent=count("notificationsSent"),
        notification_received=count("notificationsRecv") // _COUNTED_TWICE,
        keepalive_sent=count("keepalivesSent"),
        keepalive_received=count("keepalivesRecv"),
        route_refresh_sent=count("routeRefreshSent"),
        route_refresh_received=count("routeRefreshRecv"),
        ipv4_prefixes_received=prefixes("ipv4Unicast"),
        ipv6_prefixes_received=prefixes("ipv6Unicast"),
        last_reset=_last_reset(neighbour),
    )


def _last_reset(neighbour: Json) -> str:
    """Why a session ended last, or why it does not begin."""
    due = str(neighbour.get("lastResetDueTo", ""))
    if notification := neighbour.get("lastNotificationReason"):
        way = "received" if due.endswith("received") else "sent"
        told = neighbour.get("lastShutdownDescription")
        return f"{way} {notification}" + (f": {told}" if told else "")
    waits = due.startswith(_WAITING) or due == _IDLE
    return "" if (waits and neighbour.get("bgpState") == "Established") or due == _IDLE else due


def _of_family(prefix: str, hop: str) -> str:
    """A next hop; FRR writes that of an own route as IPv4 at times, whatever the prefix is."""
    found = readable(address, hop)
    if found is None or not found.is_unspecified:
        return hop
    return "::" if network(prefix).version == 6 else "0.0.0.0"


def _name(path: Json, peers: Mapping[AnyAddress, str]) -> str:
    """Of the peer that told of a path, empty for an own one."""
    found = readable(address, path.get("peerId", ""))
    return "" if found is None else peers.get(found, "")


def _state(path: Json) -> str:
    if path.get("damped"):
        return "Damped"
    if path.get("suppressed"):
        return "Suppressed"
    if not path.get("valid"):  # FRR 10 goes on calling a path "multipath" that has been withdrawn, while it is dampened
        return "Unresolved"
    return "Best" if path.get("bestpath") or path.get("multipath") else "Valid"
