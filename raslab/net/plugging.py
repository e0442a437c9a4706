"""Links of which one end is plugged from one node into another. Pure."""

from __future__ import annotations

from collections.abc import Collection

from raslab.model.topology import Link, Topology


def moves(old: Topology, new: Topology, kept: Collection[str]) -> list[tuple[Link, Link]]:
    """Each such link as it was and as it shall be; the second end is the one that moves, and keeps its name.

    kept: nodes that stay. All three must be among them, and the two between which the end moves no switches, whose
    ports are made as such.
    """
    switches = {node.name for node in (*old.nodes, *new.nodes) if node.kind.is_switch}
    staying = {_ends(link) for link in old.links} & {_ends(link) for link in new.links}
    leaving = {(_ends(link)[0], link.b.name): link for link in old.links if _ends(link) not in staying}
    found = []
    for link in new.links:
        before = leaving.get((_ends(link)[0], link.b.name))
        if before is None or _ends(link) in staying:
            continue
        if {link.a.node, link.b.node, before.b.node} <= set(kept) and not {link.b.node, before.b.node} & switches:
            found.append((before, link))
    return found


def _ends(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.a.node, link.a.name), (link.b.node, link.b.name)
