"""What of an interface cannot be changed while it exists: if it is otherwise, the interface is made anew. Pure."""

from __future__ import annotations

from dataclasses import replace

from raslab.model.topology import Device, Tunnel, Vrf


def tunnel_identity(tunnel: Tunnel) -> Tunnel:
    """What of a tunnel cannot be changed while it exists. Of what is encrypted the ends can."""
    tunnel = replace(tunnel, mtu=None, addresses=(), up=True, master=None)
    return replace(tunnel, local="", remote="") if tunnel.kind in ("xfrm", "wireguard") else tunnel


def device_identity(device: Device) -> Device:
    """What of a device cannot be changed while it exists."""
    if isinstance(device, Vrf):
        return replace(device, addresses=(), up=True, mark=None)
    return replace(device, addresses=(), up=True, mtu=None, master=None)
