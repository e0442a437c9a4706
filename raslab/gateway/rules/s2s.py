"""IKEv2 interfaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from math import prod

from raslab.gateway.rules import credentials, transport
from raslab.gateway.rules.filters import line_problems
from raslab.gateway.rules.reading import address, choice_problem, given, range_problem
from raslab.gateway.selectors import MOST_PAIRS, pieces
from raslab.gateway.state import CustomPolicy, GatewayState, VpnS2SInterface
from raslab.gateway.state import policy as words
from raslab.gateway.state.s2s import VpnTrafficSelector
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress

OUTAGE_TIMES = (3, 6, 9, 12, 15, 30, 60, 120, 240, 360, 720, 900)  # seconds, those the cmdlet takes
AUTHENTICATION_METHODS = ("PSKOnly", "MachineCertificates", "EAP")
EAP_METHODS = ("EAP-MSCHAPv2", "EAP-TLS")
_SECONDS = 2**31 - 1
_SHORTEST_LIFE_S = 60


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Everything about IKEv2 interfaces but their names, subnets and addresses."""
    for interface in state.vpn_s2s_interfaces:
        where = f"S2S interface {interface.name} of {surroundings.title}"
        yield from _words(interface, where)
        yield from _destinations(interface, where, surroundings)
        yield from credentials.check(interface, where)
        yield from _times(interface, where)
        yield from _policy(interface, where)
        yield from _triggers(interface, where)
        yield from transport.check(interface, where, surroundings)
        yield from _selectors(interface, where)


def _words(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    if interface.protocol != "IKEv2":
        yield f"Protocol {interface.protocol!r} of {where} is not available: use IKEv2, or add_gre_interface for GRE."
    yield from given(
        choice_problem(interface.authentication_method, AUTHENTICATION_METHODS, "Authentication method", where),
        choice_problem(interface.encryption_type, words.ENCRYPTION_TYPES, "Encryption type", where),
    )
    if interface.authentication_method == "EAP":
        yield from given(choice_problem(interface.eap_method, EAP_METHODS, "EAP method", where))


def _destinations(interface: VpnS2SInterface, where: str, surroundings: Surroundings) -> Iterator[str]:
    if not interface.destination:
        yield f"The {where} has no destination: give the other gateway's address."
    for text in interface.destination:
        target = address(text)
        if target is None:
            if interface.authentication_method == "PSKOnly":
                yield (
                    f"Destination {text} of {where} is no IP address, and a pre-shared key is chosen by the address "
                    "of the caller: write the address."
                )
            else:
                yield f"Destination {text} of {where} cannot be read: write an IP address, labs have no DNS."
        else:
            yield from _other_end(target, where, surroundings, needs_route=interface.source_ip_address is None)
    yield from source_problems(interface.source_ip_address, interface.destination, where, surroundings)


def only_destination(
    destinations: tuple[str, ...], where: str, surroundings: Surroundings, *, needs_route: bool
) -> Iterator[str]:
    """Of an interface that has one destination, an address. needs_route: it has to be reachable already."""
    if len(destinations) != 1:
        yield f"The {where} has {len(destinations)} destinations: give the one address of the other gateway."
    for text in destinations:
        target = address(text)
        if target is None:
            yield f"Destination {text} of {where} cannot be read: write an address without prefix length."
        else:
            yield from _other_end(target, where, surroundings, needs_route=needs_route)


def _other_end(target: AnyAddress, where: str, surroundings: Surroundings, *, needs_route: bool) -> Iterator[str]:
    node = surroundings.underlay
    if node.owner_of(target):
        yield f"Destination {target} of {where} is an address of {node.title} itself: name the other gateway."
    elif needs_route and node.towards(target) is None:
        yield f"Destination {target} of {where} cannot be reached from {node.title}: add a route there first."


def source_problems(
    source: str | None,
    destinations: tuple[str, ...],
    where: str,
    surroundings: Surroundings,
    tunnels: Sequence[str] = (),
) -> Iterator[str]:
    """A source address that is not the node's, or not of the destinations' family. tunnels: addresses of its own."""
    if source is None:
        return
    found = address(source)
    if found is None:
        yield f"Source address {source} of {where} cannot be read: write an address without prefix length."
        return
    node = surroundings.underlay
    if node.owner_of(found) is None and str(found) not in tunnels:
        own = ", ".join(str(one.ip) for _, one in node.addresses if one.version == found.version)
        yield (
            f"Source address {source} of {where} is not an address of that node: use one of {own or 'its interfaces'}."
        )
    for text in destinations:
        target = address(text)
        if target is not None and target.version != found.version:
            yield (
                f"Source address {source} and destination {text} of {where} are of different families: use one family."
            )


def _times(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    if interface.network_outage_time_seconds not in OUTAGE_TIMES:
        choices = ", ".join(map(str, OUTAGE_TIMES))
        yield (
            f"Network outage time {interface.network_outage_time_seconds} s of {where} is not available: "
            f"choose one of {choices}."
        )
    yield from given(
        range_problem(interface.number_of_tries, 0, 2**31 - 1, "Number of tries", where),
        range_problem(interface.retry_interval_seconds, 1, _SECONDS, "Retry interval", where),
        range_problem(interface.idle_disconnect_seconds, 0, _SECONDS, "Idle disconnect time", where),
        range_problem(interface.sa_life_time_seconds, _SHORTEST_LIFE_S, _SECONDS, "SA life time", where),
        range_problem(interface.mm_sa_life_time_seconds, _SHORTEST_LIFE_S, _SECONDS, "Main mode SA life time", where),
        range_problem(interface.sa_data_size_for_renegotiation_kilobytes, 1024, 2**32 - 1, "SA data size (kB)", where),
    )


def _policy(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    policy = interface.custom_policy
    if policy is None:
        return
    if not isinstance(policy, CustomPolicy):
        yield from given(choice_problem(policy, list(words.PRESETS), "Custom policy", where))
        return
    fields = (
        ("encryption_method", words.ENCRYPTION_METHODS),
        ("integrity_check_method", words.INTEGRITY_CHECK_METHODS),
        ("dh_group", words.DH_GROUPS),
        ("cipher_transform_constants", words.CIPHER_TRANSFORM_CONSTANTS),
        ("authentication_transform_constants", words.AUTHENTICATION_TRANSFORM_CONSTANTS),
        ("pfs_group", words.PFS_GROUPS),
    )
    for name, known in fields:
        yield from given(choice_problem(getattr(policy, name), known, name, where))
    if policy.dh_group == "None":
        yield f"dh_group None of {where} leaves IKEv2 without a key exchange (RFC 7296, 1.2): choose a group."
    cipher, check_value = policy.cipher_transform_constants, policy.authentication_transform_constants
    if cipher in words.AEAD_CIPHERS and check_value not in (cipher, "None"):
        yield f"{cipher} of {where} authenticates by itself: set authentication_transform_constants to {cipher} too."
    if cipher not in words.AEAD_CIPHERS and check_value in (*words.AEAD_CIPHERS, "None"):
        yield (
            f"{cipher} of {where} does not authenticate by itself: set authentication_transform_constants to SHA256128."
        )


def _triggers(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    for family, lines, action in (
        ("IPv4", interface.ipv4_trigger_filter, interface.ipv4_trigger_filter_action),
        ("IPv6", interface.ipv6_trigger_filter, interface.ipv6_trigger_filter_action),
    ):
        title = f"the {family} trigger filter of {where}"
        yield from given(choice_problem(action, ("Allow", "Deny"), "Action", title))
        for text in lines:
            yield from line_problems(text, family, title)
        if lines and interface.persistent:
            yield f"The {where} is persistent, so nothing has to dial it: leave out persistent or its trigger filter."


def _selectors(interface: VpnS2SInterface, where: str) -> Iterator[str]:
    ends = (interface.local_vpn_traffic_selector, interface.remote_vpn_traffic_selector)
    found = [problem for selector in chain(*ends) for problem in _selector(selector, where)]
    yield from found
    pairs = prod(sum(len(pieces(selector)) for selector in end) or 1 for end in ends) if not found else 0
    if pairs > MOST_PAIRS:
        yield (
            f"The traffic selectors of {where} are {pairs} pairs of prefixes and blocks of ports, and more than"
            f" {MOST_PAIRS} are too many for the kernel: choose ranges that are prefixes, such as 10.2.0.0-10.2.0.255."
        )


def _selector(selector: VpnTrafficSelector, where: str) -> Iterator[str]:
    yield from given(
        choice_problem(selector.type, ("IPv4", "IPv6"), "Type of a traffic selector", where),
        range_problem(selector.protocol_id, 0, 255, "Protocol of a traffic selector", where),
    )
    ends = [address(text) for text in selector.ip_address_range]
    version = 6 if selector.type == "IPv6" else 4
    if len(ends) != 2 or any(end is None or end.version != version for end in ends):
        shown = "-".join(selector.ip_address_range) or "nothing"
        yield (
            f"Address range {shown} of a traffic selector of {where} is no {selector.type} range: give first and last."
        )
    elif any(int(low) > int(high) for low, high in pairwise(end for end in ends if end is not None)):
        yield f"Address range {'-'.join(selector.ip_address_range)} of {where} runs backwards: swap its ends."
    ports = selector.port_range
    if len(ports) != 2 or not 0 <= ports[0] <= ports[1] <= 65535:
        shown = "-".join(map(str, ports)) or "nothing"
        yield f"Port range {shown} of a traffic selector of {where} is impossible: give first and last, 0 to 65535."
    elif ports != (0, 65535) and not selector.protocol_id:
        yield (
            f"Port range {'-'.join(map(str, ports))} of a traffic selector of {where} is of no protocol: "
            "give protocol_id, 6 for TCP or 17 for UDP."
        )
