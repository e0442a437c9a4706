"""Which VRF an interface belongs to."""

from __future__ import annotations

from raslab.model.topology import AnyInterface, Device, Topology, Vrf


class Vrfs:
    """The VRFs of a topology, which may be wrong, worked out once."""

    def __init__(self, topology: Topology) -> None:
        self._devices: dict[tuple[str, str], Device] = {(one.node, one.name): one for one in topology.devices}

    def of(self, interface: AnyInterface) -> str | None:
        """The VRF whose table the interface's subnets are in; None is the default one, with the main table.

        A VRF device is in itself, the port of a bridge where the bridge is.
        """
        seen: set[str] = set()
        here: AnyInterface | None = interface
        while here is not None and here.name not in seen:
            if isinstance(here, Vrf):
                return here.name
            seen.add(here.name)  # masters in a circle are wrong, and must not hang the check that says so
            here = self._devices.get((here.node, here.master)) if here.master is not None else None
        return None

    def table(self, node: str, name: str | None) -> int | None:
        """The number of a VRF's table; None of the default one, and of one that is not there."""
        device = self._devices.get((node, name)) if name is not None else None
        return device.table if isinstance(device, Vrf) else None
