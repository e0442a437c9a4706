"""Access lists of ports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from raslab.hnv.state import ACTIONS, DIRECTIONS, PROTOCOLS, AclRule, DatacenterState
from raslab.model import addresses

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


def check(state: DatacenterState) -> Iterator[str]:
    """Rules that cannot be read."""
    for one in state.attachments:
        where = f"the access list of {one.node} in virtual subnet {one.vsid}"
        for number, rule in enumerate(one.acl, start=1):
            yield from _rule(rule, f"rule {number} of {where}")


def _rule(rule: AclRule, where: str) -> Iterator[str]:
    for what, value, known in (
        ("Direction", rule.direction, DIRECTIONS),
        ("Action", rule.action, ACTIONS),
        ("Protocol", rule.protocol, PROTOCOLS),
    ):
        if value not in known:
            yield f"{what} {value!r} of {where} is unknown: choose one of {', '.join(known)}."
    versions = set()
    for text in (rule.source_prefix, rule.destination_prefix):
        if text == "*":
            continue
        try:
            versions.add(addresses.network_or_host(text).version)
        except ValueError:
            yield f"Prefix {text} of {where} cannot be read: write one like 10.1.1.0/24, or * for any."
    if len(versions) > 1:
        yield f"Source and destination of {where} are of different address families: use one family."
    for text in (rule.source_ports, rule.destination_ports):
        if text == "*":
            continue
        match = _PORTS.fullmatch(text) if isinstance(text, str) else None
        if match is None or not 0 <= int(match[1]) <= int(match[2] or match[1]) <= 65535:
            yield f"Ports {text} of {where} cannot be read: write '443', '8000-8080', or '*' for any."
        elif rule.protocol not in ("TCP", "UDP"):
            yield f"Ports {text} of {where} mean nothing without a protocol: choose TCP or UDP."
