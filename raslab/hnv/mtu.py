"""How large the packets of a provider network have to be for what is inside of them."""

from __future__ import annotations

from raslab.errors import DatacenterRefusedError
from raslab.hnv.state import ENCAPSULATIONS
from raslab.model.encapsulation import ETHERNET_HEADER_BYTES, NVGRE, VXLAN, Encapsulation

GUEST_FRAME_BYTES = 1514
"""The largest Ethernet frame of a machine with the usual MTU of 1500, without its check sequence."""
DOCUMENTED_FRAME_BYTES = {"Plan a Software Defined Network Infrastructure": 1674, "What's New in HNV": 1780}
"""What the documents of Windows Server ask of the provider network for such frames, Ethernet header included. They
contradict each other; both leave more room than one header needs."""

HEADERS: dict[str, Encapsulation] = {"vxlan": VXLAN, "nvgre": NVGRE}


def overhead_bytes(encapsulation: str) -> int:
    """What a customer's IP packet grows by: 50 bytes with VXLAN, 42 with NVGRE, over IPv4."""
    if encapsulation not in HEADERS:
        raise DatacenterRefusedError(
            [f"Encapsulation {encapsulation!r} is unknown: choose one of {', '.join(ENCAPSULATIONS)}."]
        )
    return HEADERS[encapsulation].overhead_bytes


def provider_mtu(encapsulation: str, guest_frame_bytes: int = GUEST_FRAME_BYTES) -> int:
    """The MTU that every interface of the provider network needs, bytes: 1550 for VXLAN, 1542 for NVGRE.

    guest_frame_bytes: the machines' largest frame, Ethernet header included.
    """
    return guest_frame_bytes - ETHERNET_HEADER_BYTES + overhead_bytes(encapsulation)


def guest_mtu(encapsulation: str, provider_mtu_bytes: int) -> int:
    """The largest MTU, bytes, that machines may have on a provider network of that MTU."""
    return provider_mtu_bytes - overhead_bytes(encapsulation)
