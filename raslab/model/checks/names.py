"""Names of nodes and interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from raslab.model import sentences
from raslab.model.checks.facts import Facts

_NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NODE_LENGTH = 63  # of a host name, RFC 1123, 2.1
_INTERFACE = re.compile(r"[\w.@+~=^][\w.@+~=^-]*")
RESERVED_INTERFACES = ("all", "default")
"""Linux speaks of all interfaces, and of those to come, by these names (net.ipv4.conf.all)."""
_INTERFACE_LENGTH = 127  # of an alternative name, ALTIFNAMSIZ less the terminating zero


def check(facts: Facts) -> Iterator[str]:
    """Duplicate and impossible names, and links to nodes that are not there."""
    yield from _nodes(facts)
    yield from _links(facts)
    yield from _interfaces(facts)


def _nodes(facts: Facts) -> Iterator[str]:
    seen: set[str] = set()
    for node in facts.topology.nodes:
        if node.name in seen:
            yield sentences.duplicate_node(node.name)
        seen.add(node.name)
        if not _NODE.fullmatch(node.name):
            yield (
                f"Node name {sentences.quoted(node.name)} cannot be a host name: "
                "use letters, digits, dots, dashes and underscores, and no dash or dot first."
            )
        elif len(node.name) > _NODE_LENGTH:
            yield f"Node name {node.name} has {len(node.name)} characters: use at most {_NODE_LENGTH}."


def _links(facts: Facts) -> Iterator[str]:
    known = list(facts.nodes)
    for link in facts.topology.links:
        for end in link.ends:
            if end.node not in facts.nodes:
                yield sentences.unknown_node(f"the link {link.a.node} - {link.b.node}", end.node, known)
        if link.a.node == link.b.node:
            yield sentences.link_to_itself(link.a.node)


def _interfaces(facts: Facts) -> Iterator[str]:
    for name, node in facts.nodes.items():
        # The bridge device of a switch has the name of the node.
        seen = {"lo", name} if node.kind.is_switch else {"lo"}
        for interface in facts.interfaces.get(name, []):
            if interface.name in seen:
                yield sentences.duplicate_interface(name, interface.name)
            seen.add(interface.name)
            if not _is_text(interface.name):
                yield sentences.name_not_text(f"Interface name {sentences.quoted(interface.name)} of node {name}")
            elif not _INTERFACE.fullmatch(interface.name) or interface.name in (".", ".."):
                yield (
                    f"Interface name {sentences.quoted(interface.name)} of node {name} is impossible: "
                    "use letters, digits, dots, dashes, underscores and @ + ~ = ^, and no dash first."
                )
            elif interface.name in RESERVED_INTERFACES:
                yield f"Interface name {interface.name} of node {name} is kept by Linux for itself: choose another."
            elif len(interface.name.encode()) > _INTERFACE_LENGTH:
                yield (
                    f"Interface name {interface.name} of node {name} is too long: "
                    f"use at most {_INTERFACE_LENGTH} bytes."
                )


def _is_text(name: object) -> bool:
    return isinstance(name, str)
