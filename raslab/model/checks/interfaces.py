"""Addresses, MTUs, MAC addresses and impairments of single interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Interface

from raslab.model.checks.facts import Address, Facts, is_integer, is_number
from raslab.model.topology import AnyInterface, Impairment, Interface, Vrf

MIN_MTU_IPV4 = 68  # RFC 791, section 3.2
MIN_MTU_IPV6 = 1280  # RFC 8200, section 5
MAX_MTU = 65535

MIN_RATE_MBPS = 8e-6  # the kernel counts in bytes per second
MAX_RATE_MBPS = 1e6
MAX_DELAY_MS = 3_600_000
MAX_QUEUE_PACKETS = 0xFFFFFFFF

_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_MULTICAST_BIT = 0x01  # of a MAC address's first byte


def check(facts: Facts) -> Iterator[str]:
    """What is wrong with an interface looked at alone."""
    for interface in facts.all_interfaces():
        where = f"interface {interface.name} of node {interface.node}"
        yield from _addresses(facts, interface, where)
        if isinstance(interface, Vrf):
            continue
        if interface.mtu is not None:
            yield from mtu_problems(interface.mtu, interface.addresses, where)
        if interface.mac is not None:
            yield from _mac(str(interface.mac), where)
        if isinstance(interface, Interface):
            yield from _impairment(interface.impairment, where)


def _addresses(facts: Facts, interface: AnyInterface, where: str) -> Iterator[str]:
    node = facts.nodes.get(interface.node)
    if interface.addresses and isinstance(interface, Interface) and node is not None and node.kind.is_switch:
        yield (f"Switch port {interface.name} of {interface.node} has an address: put it on a host or router instead.")
    for text in map(str, interface.addresses):
        address = facts.address(text)
        if address is not None:
            yield from _host_address(address, text, where)
        elif "/" not in text and facts.address(text + "/32") is not None:
            example = f"{text}/{64 if ':' in text else 24}"
            yield f"Address {text} on {where} has no prefix length: write {example}, for example."
        else:
            yield (f"Address {text} on {where} cannot be read: write an IPv4 or IPv6 address with its prefix length.")


def _host_address(address: Address, text: str, where: str) -> Iterator[str]:
    network = address.network
    has_own_address = network.prefixlen < network.max_prefixlen - 1  # RFC 3021 and RFC 6164 use all addresses
    if address.ip.is_multicast or address.ip.is_unspecified:
        yield f"Address {text} on {where} is no host's address: choose a unicast address."
    elif has_own_address and address.ip == network.network_address:
        yield (f"Address {text} on {where} is the address of the subnet itself: choose a host address in {network}.")
    elif has_own_address and isinstance(address, IPv4Interface) and address.ip == network.broadcast_address:
        yield (f"Address {text} on {where} is the broadcast address of its subnet: choose another one in {network}.")


def mtu_problems(mtu: object, addresses: tuple[str, ...], where: str) -> Iterator[str]:
    """An MTU that the kernel or an address family refuses."""
    if not isinstance(mtu, int) or isinstance(mtu, bool):
        yield f"MTU {mtu!r} of {where} is not a whole number of bytes."
    elif not MIN_MTU_IPV4 <= mtu <= MAX_MTU:
        yield f"MTU {mtu} of {where} is impossible: choose {MIN_MTU_IPV4} to {MAX_MTU} bytes."
    elif mtu < MIN_MTU_IPV6 and any(":" in str(address) for address in addresses):
        yield f"MTU {mtu} of {where} is too small for its IPv6 address: choose at least {MIN_MTU_IPV6} bytes."


def _mac(mac: str, where: str) -> Iterator[str]:
    if not _MAC.fullmatch(mac):
        yield f"MAC address {mac} of {where} cannot be read: write six bytes like 02:00:00:00:00:01."
    elif int(mac[:2], 16) & _MULTICAST_BIT:
        yield f"MAC address {mac} of {where} is a group address: make its first byte even."


def _impairment(impairment: Impairment, where: str) -> Iterator[str]:
    numbers = {
        "Rate": impairment.rate_mbps,
        "Delay": impairment.delay_ms,
        "Jitter": impairment.jitter_ms,
        "Loss": impairment.loss_percent,
    }
    wrong = [(name, value) for name, value in numbers.items() if value is not None and not is_number(value)]
    for name, value in wrong:
        yield f"{name} {value!r} of {where} is not a finite number."
    if not wrong:
        yield from _impairment_values(impairment, where)
    limit = impairment.limit_packets
    if limit is not None and not (is_integer(limit) and 1 <= limit <= MAX_QUEUE_PACKETS):
        yield f"Queue limit {limit!r} of {where} is impossible: choose a whole number of packets, 1 or more."


def _impairment_values(impairment: Impairment, where: str) -> Iterator[str]:
    if impairment.rate_mbps is not None and impairment.rate_mbps < MIN_RATE_MBPS:
        yield (
            f"Rate {impairment.rate_mbps:g} Mbit/s of {where} lets nothing through: "
            "choose a rate above zero, or None for unlimited."
        )
    if impairment.rate_mbps is not None and impairment.rate_mbps > MAX_RATE_MBPS:
        yield f"Rate {impairment.rate_mbps:g} Mbit/s of {where} is impossible: choose at most {MAX_RATE_MBPS:.0f}."
    if impairment.delay_ms > MAX_DELAY_MS:
        yield f"Delay {impairment.delay_ms:g} ms of {where} is impossible: choose at most {MAX_DELAY_MS}."
    if impairment.delay_ms < 0:
        yield f"Delay {impairment.delay_ms:g} ms of {where} is negative: choose zero or more."
    if impairment.jitter_ms < 0:
        yield f"Jitter {impairment.jitter_ms:g} ms of {where} is negative: choose zero or more."
    elif impairment.jitter_ms > max(impairment.delay_ms, 0):
        yield (
            f"Jitter {impairment.jitter_ms:g} ms of {where} is larger than its delay of {impairment.delay_ms:g} ms: "
            "choose at most the delay."
        )
    if not 0 <= impairment.loss_percent <= 100:
        yield f"Loss {impairment.loss_percent:g} % of {where} is impossible: choose 0 to 100."
