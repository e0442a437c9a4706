"""FlowIDs of NVGRE that vary (RFC 7637, section 3.2): each flow of the customers has its own, and receivers ignore it.

Linux takes the key of a GRE tunnel as one number of 32 bits, on sending and on receiving. So the kernel's tunnels
keep FlowID 0; on its way out to the wire a packet gets the FlowID of its flow, a hash of what is inside, and on its
way in it loses it again. Two rules per host do for all virtual subnets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from raslab.hnv.state import ComputeHost, DatacenterState
from raslab.net.names import kernel_name
from raslab.services import Chain, Table

# Bits from the beginning of the outer IPv4 header, which has no options: 20 bytes of IPv4, then GRE.
_GRE = "ip protocol gre @nh,160,32 0x20006558"  # key, no checksum, no sequence number; Ethernet inside
_FLOW_ID = "@nh,216,8"
# Inside of Ethernet at 28 bytes and IPv4 at 42: addresses and ports; of IPv6 it is a part of the addresses.
_FLOW = "@nh,432,96"


def tables(state: DatacenterState, host: ComputeHost, interfaces: Mapping[str, str]) -> Iterator[Table]:
    """The table of one host; none unless FlowIDs vary."""
    if state.encapsulation == "nvgre" and state.flow_id == "vary" and host.node in interfaces:
        device = f'device "{kernel_name(interfaces[host.node])}" priority filter; policy accept'
        yield Table(
            "netdev",
            "hnv_flow_id",
            {
                "sent": Chain(f"type filter hook egress {device}", (f"{_GRE} {_FLOW_ID} set jhash {_FLOW} mod 256",)),
                "received": Chain(f"type filter hook ingress {device}", (f"{_GRE} {_FLOW_ID} set 0",)),
            },
        )
