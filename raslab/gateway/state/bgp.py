"""The BGP router of a gateway, as the Bgp cmdlets take it."""

from __future__ import annotations

from dataclasses import dataclass, field

from raslab.gateway.state.written import Address, Asn, ClusterId, Community, Prefix, Secret
from raslab.model.secrets import SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpRouter:
    """The router itself: Add-BgpRouter.

    bgp_identifier: an IPv4 address; local_asn: 1 to 4294967295, or as RFC 5396 writes it, ``0.64512``.
    transit_routing: whether routes of one peer are passed on to others. local_ipv6_address: next hop of IPv6 routes
    that go out over an IPv4 session. cluster_id: of a route reflector (RFC 4456), None takes the identifier.
    """

    bgp_identifier: Address = ""
    local_asn: Asn = 0
    ipv6_routing: bool = False
    local_ipv6_address: Address | None = None
    compare_med_across_asn: bool = False
    default_gateway_routing: bool = False
    transit_routing: bool = False
    route_reflector: bool = False
    cluster_id: ClusterId | None = None
    client_to_client_reflection: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpPeer:
    """A neighbour: Add-BgpPeer.

    operation_mode: ``Mixed`` calls and listens, ``Server`` only listens. peering_mode: ``Automatic`` or ``Manual``,
    which waits for start_bgp_peer; started is what start and stop change. hold_time_sec: 0 (never) or 3 to 65535
    (RFC 4271, 4.2); a keepalive goes out every third of it. idle_hold_time_sec: pause between attempts to
    connect, None takes 5. max_allowed_prefix: 2 or more of each family, None is unlimited; the session with a peer that
    sends one more ends, until the limit is raised or start_bgp_peer is called.

    Beyond Windows: bfd with bfd_interval_ms and bfd_multiplier (RFC 5880), password (RFC 2385), ebgp_multihop and
    ttl_security (RFC 5082), both in hops, graceful_restart (RFC 4724). enforce_first_as: the AS path of an
    external peer has to begin with its own number, as that of a route server does not (RFC 7947).
    next_hop_self: what it is told leads to this gateway.
    default_originate: it is told a default route, whether there is one or not.
    """

    name: str
    local_ip_address: Address = ""
    peer_ip_address: Address = ""
    peer_asn: Asn = 0
    local_asn: Asn | None = None
    operation_mode: str = "Mixed"
    peering_mode: str = "Automatic"
    hold_time_sec: int = 180
    idle_hold_time_sec: int | None = None
    max_allowed_prefix: int | None = None
    weight: int = 32768
    route_reflector_client: bool = False
    started: bool = True
    bfd: bool = False
    bfd_interval_ms: int = 300
    bfd_multiplier: int = 3
    password: Secret | None = field(default=None, repr=False, metadata=SECRET)
    ebgp_multihop: int | None = None
    ttl_security: int | None = None
    graceful_restart: bool = False
    enforce_first_as: bool = True
    next_hop_self: bool = False
    default_originate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpCustomRoute:
    """What is announced: Add-BgpCustomRoute. network: prefixes; interface: those whose routes go out."""

    network: tuple[Prefix, ...] = ()
    interface: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpRouteAggregate:
    """A prefix announced for those inside it: Add-BgpRouteAggregate.

    preserve_as_path: its path names the AS numbers of the parts (AS_SET, RFC 4271, 9.2.2.2).
    attribute_policy: names of policies of type ModifyAttribute.
    """

    prefix: Prefix
    summary_only: bool = False
    preserve_as_path: bool = False
    attribute_policy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpRoutingPolicy:
    """A rule for routes: Add-BgpRoutingPolicy.

    policy_type: ``Allow``, ``Deny`` or ``ModifyAttribute``. A route fits if it fits each match that is given; of one
    match with several values it need fit one. match_asn_range: first and last AS number, somewhere in the AS path.
    ignore_prefix: routes that the policy leaves alone. Communities are written ``65001:100``. force: no match is meant,
    the policy is for all routes.
    """

    name: str
    policy_type: str = ""
    match_prefix: tuple[Prefix, ...] = ()
    match_asn_range: tuple[Asn, ...] = ()
    match_community: tuple[Community, ...] = ()
    match_next_hop: tuple[Address, ...] = ()
    ignore_prefix: tuple[Prefix, ...] = ()
    new_local_pref: int | None = None
    new_med: int | None = None
    new_next_hop: Address | None = None
    add_community: tuple[Community, ...] = ()
    remove_community: tuple[Community, ...] = ()
    remove_all_communities: bool = False
    clear_med: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpRoutingPolicyForPeer:
    """The policies of one peer in one direction, ``Ingress`` or ``Egress``, in order."""

    peer_name: str
    direction: str
    policy_name: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpRouteFlapDampening:
    """How long unstable routes are held back (RFC 2439): Enable-BgpRouteFlapDampening.

    Times in seconds (FRR counts in minutes, so they are rounded up). Thresholds are penalties, of which a withdrawal
    costs 1000.
    """

    half_life: int = 900
    reuse_threshold: int = 750
    suppress_threshold: int = 2000
    max_suppress_time: int = 3600
