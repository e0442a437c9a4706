"""Packet filters."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules.reading import choice_problem, given, range_problem
from raslab.gateway.state import GatewayState
from raslab.gateway.state.notation import Filter, packet_filter
from raslab.gateway.surroundings import Surroundings

PROTOCOLS = ("ANY", "TCP", "UDP", "ICMP")


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Unknown interfaces and words, and lines that cannot be read."""
    names = [*surroundings.names, *(one.name for one in state.s2s_interfaces)]
    for one in state.ip_filters:
        where = f"{one.direction} {one.address_family} filter on {one.interface_alias} of {surroundings.title}"
        if one.interface_alias not in names:
            yield (
                f"{surroundings.title} has no interface {one.interface_alias} to filter on: "
                f"use one of {', '.join(names)}."
            )
        yield from given(
            choice_problem(one.action, ("Allow", "Deny"), "Action", where),
            choice_problem(one.direction, ("Inbound", "Outbound"), "Direction", where),
            choice_problem(one.address_family, ("IPv4", "IPv6"), "Address family", where),
        )
        for text in one.list:
            yield from line_problems(text, one.address_family, where)


def line_problems(text: str, family: str, where: str) -> Iterator[str]:
    """Sentences if a line of a filter cannot be read or is not of that family."""
    version = 6 if family == "IPv6" else 4
    try:
        line = packet_filter(text)
    except ValueError:
        example = "10.0.0.0/16:10.2.0.0/16:TCP:0:443" if version == 4 else "2001:db8:1::/48:::/0:TCP:0:443"
        yield f"Line {text} of {where} cannot be read: write source, destination, protocol and ports like {example}."
        return
    if {line.source.version, line.destination.version} != {version}:
        yield f"Line {text} of {where} is of another address family: write {family} prefixes."
    yield from _protocol(line, text, where)


def _protocol(line: Filter, text: str, where: str) -> Iterator[str]:
    if line.protocol.isdigit():
        yield from given(range_problem(int(line.protocol), 0, 255, "Protocol", f"line {text} of {where}"))
    elif line.protocol not in PROTOCOLS:
        yield f"Protocol {line.protocol} in line {text} of {where} is unknown: use {', '.join(PROTOCOLS)} or a number."
    limit = 255 if line.protocol == "ICMP" else 65535
    for value in (line.first, line.second):
        yield from given(range_problem(value, 0, limit, "Port or type", f"line {text} of {where}"))
    if line.protocol not in ("TCP", "UDP", "ICMP") and (line.first, line.second) != (None, None):
        yield f"Line {text} of {where} has ports, which {line.protocol} does not know: leave them out."
