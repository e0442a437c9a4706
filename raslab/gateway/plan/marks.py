"""Where a connection began, as conntrack remembers it (``ct mark``): nothing in a packet tells it later.

The outer packets of a tunnel, for one, bear the name of the tunnel as the interface that they came in by.
"""

OWN, HAIRPIN = "ct mark 0x1", "ct mark 0x2"
"""Matches of what the node itself began, and of what came from inside for an address outside."""
NOT_OWN = "ct mark != 0x1"
MARK_OWN = "ct state new ct mark set 0x1"
MARK_HAIRPIN = "ct mark set 0x2"
