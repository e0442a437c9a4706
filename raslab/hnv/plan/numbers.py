"""The names and numbers that compute hosts agree on."""

from __future__ import annotations


def nvgre_key(vsid: int, flow_id: int = 0) -> int:
    """The key field of GRE: 24 bits of virtual subnet, 8 bits of flow (RFC 7637, section 3.2)."""
    return vsid << 8 | flow_id


def bridge_name(vsid: int) -> str:
    """The bridge of a virtual subnet, on every compute host."""
    return f"vs{vsid}"


def vxlan_name(vsid: int) -> str:
    """The VXLAN interface of a virtual subnet, on every compute host."""
    return f"vx{vsid}"


def nvgre_name(vsid: int, remote: str) -> str:
    """The NVGRE interface of a virtual subnet towards one other compute host."""
    return f"nv{vsid}-{remote}"


def ovs_name(vsid: int) -> str:
    """The port of a virtual subnet's bridge that leads to Open vSwitch, on every compute host."""
    return f"ov{vsid}"
