"""FlowIDs of NVGRE that vary (RFC 7637, section 3.2): each flow of the customers has its own, and receivers ignore it.

Linux takes the key of a GRE tunnel as one number of 32 bits, on sending and on receiving, and traffic control cannot
match a part of it either. So the tunnels keep FlowID 0: nftables gives a packet the FlowID of its flow, a hash of what
is inside, when it leaves for the wire, and takes it away when it comes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from raslab.hnv.plan.numbers import nvgre_key
from raslab.hnv.plan.segments import networks_on
from raslab.hnv.state import ComputeHost, DatacenterState
from raslab.net.names import kernel_name
from raslab.services import Chain, Table

TABLE = "hnv_flow_id"
"""The table's name, of the family `netdev`."""

# Bits from the beginning of the GRE header.
_NVGRE = "ip protocol gre @th,0,32 0x20006558"  # a key, no checksum, no sequence number; Ethernet inside
_KEY = "@th,32,32"
_FLOW_ID = "@th,56,8"
# After GRE (8 bytes) and Ethernet (14) comes IPv4, whose addresses begin at byte 12; the ports follow. Of IPv6 these
# bytes belong to the source.
_FLOW = "@th,272,96"
_FLOW_IDS = 256
_SEED = 1  # any: without one the kernel throws dice


def tables(state: DatacenterState, host: ComputeHost, interfaces: Mapping[str, str]) -> Iterator[Table]:
    """The table of one host; none unless FlowIDs vary. interfaces: those with the provider addresses."""
    if (state.encapsulation, state.flow_id, state.switch) != ("nvgre", "vary", "bridge"):
        return  # Open vSwitch does it itself
    device = f'device "{kernel_name(interfaces[host.node])}" priority filter; policy accept'
    keys = [nvgre_key(subnet.vsid) for network in networks_on(state, host) for subnet in network.subnets]
    chosen = f"jhash {_FLOW} mod {_FLOW_IDS} seed {_SEED} offset"
    yield Table(
        "netdev",
        TABLE,
        {
            "sent": Chain(
                f"type filter hook egress {device}",
                tuple(f"{_NVGRE} {_KEY} {key} {_KEY} set {chosen} {key}" for key in keys),
            ),
            "received": Chain(f"type filter hook ingress {device}", (f"{_NVGRE} {_FLOW_ID} set 0",)),
        },
    )
