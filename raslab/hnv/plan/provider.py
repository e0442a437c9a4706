"""Who may send to a compute host from the provider network: the other compute hosts, and nobody else.

An end of a GRE tunnel takes packets from its other end only, but one of VXLAN takes them from everywhere (RFC 7348,
section 7, leaves it to the network to keep strangers out).
"""

from __future__ import annotations

from collections.abc import Iterator

from raslab.hnv.plan.index import Index
from raslab.hnv.state import ComputeHost
from raslab.model.switching import VXLAN_PORT
from raslab.services import Chain, Table

TABLE = "hnv_provider"
"""The table's name, of the family `inet`."""

_CARRIERS = {"vxlan": f"udp dport {VXLAN_PORT}", "nvgre": "ip protocol gre"}


def tables(state: Index, host: ComputeHost) -> Iterator[Table]:
    """The table of one host."""
    others = [one.provider_address for one in state.hosts if one != host]
    stranger = f"ip saddr != {{ {', '.join(others)} }} " if others else ""
    rule = f"{_CARRIERS[state.encapsulation]} {stranger}counter drop"
    yield Table("inet", TABLE, {"received": Chain("type filter hook input priority filter; policy accept", (rule,))})
