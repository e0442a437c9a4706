"""What all parts of a node have in common: the identities that callers are known by, ports, addresses outside, and
settings that the kernel has once. Two tenants may be alike in everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

from raslab.gateway.outside import Outside, outside
from raslab.gateway.rules import callers
from raslab.gateway.rules.reading import address, given, range_problem
from raslab.gateway.rules.subnets import MAX_KBPS, title
from raslab.gateway.scopes import Scope, scopes
from raslab.gateway.state import GatewayState, NetNat
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Whatever two parts of the node want for themselves, or want differently."""
    parts = list(scopes(state, surroundings))
    yield from callers.check(parts)
    yield from _passwords(parts)
    yield from _bandwidths(parts)
    yield from _ports(parts)
    yield from _icmp_timeouts(parts)
    yield from _outsides(parts)
    yield from _external_addresses(parts)


def _passwords(parts: Sequence[Scope]) -> Iterator[str]:
    """strongSwan finds a password by the name of the user, whether he calls or is called."""
    passwords: dict[str, tuple[str, str]] = {}
    for state, where in parts:
        for one in state.vpn_s2s_interfaces:
            if one.authentication_method != "EAP" or one.eap_method != "EAP-MSCHAPv2" or not one.admin_status:
                continue
            shown = title(one, where.title)
            for user, password in ((one.user_name, one.password), (one.name, one.dial_in_password)):
                if user is None or password is None:
                    continue
                known, other = passwords.setdefault(user.casefold(), (password, shown))
                if known != password:
                    what = f"The {other} and the {shown} have" if other != shown else f"The {shown} has"
                    yield f"{what} two passwords of the user {user}: give one of the users another name."


def _bandwidths(parts: Sequence[Scope]) -> Iterator[str]:
    """Limits of a routing domain, and of its interfaces within."""
    for state, where in parts:
        if where.domain is None:
            continue
        for name in ("tx_bandwidth_kbps", "rx_bandwidth_kbps"):
            yield from given(range_problem(getattr(where.domain, name), 0, MAX_KBPS, name, where.title))
        for one in state.s2s_interfaces:
            if where.domain.is_limited and one.enable_qos and one.rx_bandwidth_kbps:
                yield (
                    f"The {title(one, where.title)} has rx_bandwidth_kbps, and its routing domain has a bandwidth for "
                    "all: what comes in can wait in one place only, so leave one of them out."
                )


def _ports(parts: Sequence[Scope]) -> Iterator[str]:
    """Where WireGuard listens. Two of one part are spoken of elsewhere."""
    owners: dict[int, tuple[str, str]] = {}
    for state, where in parts:
        for one in state.wireguard_interfaces:
            shown = title(one, where.title)
            part, other = owners.setdefault(one.listen_port, (where.title, shown))
            if part != where.title:
                yield (
                    f"The {other} and the {shown} both listen on port {one.listen_port}: "
                    "give one of them another listen_port."
                )


def _icmp_timeouts(parts: Sequence[Scope]) -> Iterator[str]:
    wanted = [
        (nat.icmp_query_timeout, where, nat.name)
        for state, where in parts
        for nat in state.net_nats
        if nat.icmp_query_timeout is not None
    ]
    for seconds, where, name in wanted[1:]:
        known, first, other = wanted[0]
        if known != seconds and first.title != where.title:
            yield (
                f"NAT {other} of {first.title} wants icmp_query_timeout {known} and NAT {name} of {where.title} "
                f"{seconds}, and the kernel of {where.node} has one value: give both the same."
            )


def _outsides(parts: Sequence[Scope]) -> Iterator[str]:
    """An outside that tenants share has to be the way to the Internet."""
    for state, where in parts:
        for nat in state.net_nats:
            found = outside(nat, state, where)
            default = where.underlay.default_interface(4)
            if _is_shared(found, where) and default not in found.interfaces:
                yield (
                    f"NAT {nat.name} of {where.title} has its outside on {', '.join(found.interfaces)}, and the "
                    f"default route of {where.node} does not go there: give it an interface of the routing domain, or "
                    "the one of the default route."
                )


def _external_addresses(parts: Sequence[Scope]) -> Iterator[str]:
    """On an interface that tenants share, only the address says for whom a packet is."""
    owners: list[tuple[int, int, str, str]] = []
    for state, where in parts:
        for nat in state.net_nats:
            if not _is_shared(outside(nat, state, where), where):
                continue
            for first, last, text in _ranges(nat, state):
                for name, own in where.underlay.addresses:
                    if own.version == 4 and first <= int(own.ip) <= last:
                        yield (
                            f"External address {text} of {where.title} is the address of {name}, where the node itself "
                            "is called: give the tenant another one."
                        )
                for other_first, other_last, other, part in owners:
                    if part != where.title and first <= other_last and other_first <= last:
                        yield (
                            f"External addresses {other} of {part} and {text} of {where.title} have addresses in "
                            "common, on an interface that both share: give each tenant its own."
                        )
                owners.append((first, last, text, where.title))


def _is_shared(found: Outside, where: Surroundings) -> bool:
    return found.around is not where


def _ranges(nat: NetNat, state: GatewayState) -> Iterator[tuple[int, int, str]]:
    """The external addresses of a NAT as numbers, with what its user wrote; those that cannot be read left out."""
    texts = [one.ip_address for one in state.net_nat_external_addresses if one.nat_name == nat.name]
    texts += [one.external_ip_address for one in state.net_nat_static_mappings if one.nat_name == nat.name]
    for text in dict.fromkeys(texts):
        ends = [address(end) for end in text.split("-")]
        numbers = [int(end) for end in ends if isinstance(end, IPv4Address)]
        if len(numbers) == len(ends) and any(numbers):
            yield numbers[0], numbers[-1], text
