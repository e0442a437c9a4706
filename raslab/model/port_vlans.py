"""VLANs of switches' ports (IEEE 802.1Q): which switches heed them, and which VLANs a port is in. Pure.

A switch none of whose ports is in a VLAN passes all frames, with whatever tag. As soon as one is, the switch heeds
VLANs: a frame stays in its VLAN, and leaves only by ports that are in it. Ports that nothing is said of are then in
DEFAULT_VLAN, without a tag, as switches are delivered.
"""

from __future__ import annotations

from raslab.model.topology import Interface, Topology

DEFAULT_VLAN = 1
"""IEEE 802.1Q, table 9-2: the VLAN of a port's untagged frames, unless it is told otherwise."""


def is_in_vlans(port: Interface) -> bool:
    """True if something is said of the port's VLANs."""
    return bool(port.vlans) or port.untagged_vlan is not None


def heeding(topology: Topology) -> set[str]:
    """The switches that heed VLANs."""
    switches = {node.name for node in topology.nodes if node.kind.is_switch}
    return {end.node for link in topology.links for end in link.ends if is_in_vlans(end)} & switches


def vlans_of(port: Interface) -> dict[int, bool]:
    """The VLANs that a port is in on a switch that heeds them, each with whether its frames are without a tag there."""
    if not is_in_vlans(port):
        return {DEFAULT_VLAN: True}
    untagged = {} if port.untagged_vlan is None else {port.untagged_vlan: True}
    return dict.fromkeys(port.vlans, False) | untagged
