"""VLANs of switches' ports."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.model.checks.devices import MAX_VLAN_ID
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.port_vlans import is_in_vlans
from raslab.model.topology import Interface


def check(facts: Facts) -> Iterator[str]:
    """Impossible VLANs, those given twice, and VLANs where there is no switch."""
    for link in facts.topology.links:
        ends = [end for end in link.ends if is_in_vlans(end) and end.node in facts.nodes]
        without = [end for end in ends if not facts.nodes[end.node].kind.is_switch]
        if len(without) == len(link.ends):
            yield (
                f"Link {link.a.node} - {link.b.node} is in VLANs, and joins no switch: give them to a switch's port, "
                "or the nodes VLANs with addVlan."
            )
            continue
        for end in ends:
            yield from _outside(end) if end in without else _port(end)


def _outside(end: Interface) -> Iterator[str]:
    yield (
        f"Interface {end.name} of node {end.node} is in VLANs, and is no port of a switch: give them to the port at "
        "the other end of the link, or the node a VLAN with addVlan."
    )


def _port(port: Interface) -> Iterator[str]:
    where = f"port {port.name} of switch {port.node}"
    given = (*port.vlans, *(() if port.untagged_vlan is None else (port.untagged_vlan,)))
    wrong = [vlan for vlan in given if not (is_integer(vlan) and 1 <= vlan <= MAX_VLAN_ID)]
    for vlan in wrong:
        yield f"VLAN {vlan!r} of {where} is impossible: choose 1 to {MAX_VLAN_ID}."
    if wrong:
        return
    for vlan in sorted({vlan for vlan in port.vlans if port.vlans.count(vlan) > 1}):
        yield f"VLAN {vlan} of {where} is named twice: name it once."
    if port.untagged_vlan in port.vlans:
        yield (
            f"VLAN {port.untagged_vlan} of {where} is to be with a tag and without: name it in vlans or as "
            "untagged_vlan, not both."
        )
