"""Whether any packet could get from tenant to tenant, worked out from what the nodes say about themselves.

Everything that decides where packets go is read of every node, and the set of all packets is followed through it:
interfaces, bridges, rules, routes, nftables, tunnels, IPsec, filters, processes. What is not understood is
said, and nothing is called proven then.
"""

from __future__ import annotations

from collections.abc import Iterable

from raslab.measure.isolation.reasoning.proof import Proof, Reasoning, WayThrough
from raslab.measure.isolation.reasoning.read_nodes import read_network
from raslab.measure.isolation.reasoning.witness import Witness
from raslab.measure.isolation.tenants import Tenant
from raslab.net import Network

__all__ = ["Reasoning", "WayThrough", "Witness", "reason"]


def reason(
    network: Network,
    tenants: tuple[Tenant, ...],
    strangers: Iterable[str] = (),
    meeting: Iterable[tuple[str, str]] = (),
) -> Reasoning:
    """Read a running network and work out which ways lead across; see `check_isolation` for what they are given."""
    snapshot = read_network(network, (node for one in tenants for node in one.nodes))
    return Proof(snapshot, tenants, strangers, frozenset(meeting)).run()
