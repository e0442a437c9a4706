"""The steps that a plan is made of: each is one setting of one node.

Interfaces carry the names that their user gave them; `raslab.net.names` says what the kernel calls them."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.model.switching import ForwardingEntry, PortSettings
from raslab.model.topology import Device, Impairment, Interface, MplsRoute, Route, Rule, Tunnel


@dataclass(frozen=True, slots=True)
class Step:
    """Base of all steps. `node` is the node in whose namespace the step happens."""

    node: str


@dataclass(frozen=True, slots=True)
class AddNamespace(Step):
    """Make the node's namespace; `private_folders` as in `raslab.model.topology.Node`."""

    private_folders: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class DeleteNamespace(Step):
    """Remove the node's namespace and everything in it."""


@dataclass(frozen=True, slots=True)
class SetSysctl(Step):
    """Write a kernel setting."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AddVeth(Step):
    """Make a link: a veth pair with one end in each of two namespaces."""

    end: Interface
    peer: Interface


@dataclass(frozen=True, slots=True)
class AddBridge(Step):
    """Make a switch's bridge device. `heeds_vlans`: as `SetVlanFiltering`, from the begin."""

    name: str
    stp: bool
    heeds_vlans: bool = False


@dataclass(frozen=True, slots=True)
class AddTunnel(Step):
    """Make a tunnel interface. `mtu` is the inner MTU in bytes."""

    tunnel: Tunnel
    mtu: int


@dataclass(frozen=True, slots=True)
class AddDevice(Step):
    """Make a device. `mtu` is that of all but a VRF, bytes."""

    device: Device
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteLink(Step):
    """Remove an interface; of a veth pair both ends go."""

    interface: str


@dataclass(frozen=True, slots=True)
class AddName(Step):
    """Let an interface be found under the long name that its user gave it."""

    interface: str


@dataclass(frozen=True, slots=True)
class SetMaster(Step):
    """Make an interface a port of a bridge, or a part of a VRF, or of neither."""

    interface: str
    master: str | None


@dataclass(frozen=True, slots=True)
class SetPort(Step):
    """Say how a port of a bridge behaves."""

    settings: PortSettings


@dataclass(frozen=True, slots=True)
class SetVlanFiltering(Step):
    """Have a switch's bridge heed VLANs, or pass all frames whatever their tag."""

    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class AddPortVlan(Step):
    """Put a switch's port into a VLAN, whose frames go there with their tag or, `untagged`, without."""

    interface: str
    vlan_id: int
    untagged: bool


@dataclass(frozen=True, slots=True)
class DeletePortVlan(Step):
    """Take a switch's port out of a VLAN."""

    interface: str
    vlan_id: int


@dataclass(frozen=True, slots=True)
class MoveInterface(Step):
    """Plug an interface into the node `to`, where it is off, has no master and no addresses."""

    interface: str
    to: str


@dataclass(frozen=True, slots=True)
class SetUp(Step):
    """Switch an interface on or off."""

    interface: str
    up: bool


@dataclass(frozen=True, slots=True)
class SetMtu(Step):
    """Change the MTU of an interface, bytes."""

    interface: str
    mtu: int


@dataclass(frozen=True, slots=True)
class SetMac(Step):
    """Change the MAC address of an interface."""

    interface: str
    mac: str


@dataclass(frozen=True, slots=True)
class AddAddress(Step):
    """Give an interface an address with prefix length."""

    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class DeleteAddress(Step):
    """Take an address from an interface."""

    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class AddRoute(Step):
    """Add a route, or replace the one with the same destination and metric. `table`: its number, None the main one."""

    route: Route
    table: int | None = None


@dataclass(frozen=True, slots=True)
class AddPaths(Step):
    """Add a route with several next hops, those of `routes`, or replace the one with that destination and metric."""

    routes: tuple[Route, ...]
    table: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteRoute(Step):
    """Delete a route."""

    route: Route
    table: int | None = None


@dataclass(frozen=True, slots=True)
class AddMplsRoute(Step):
    """Say what happens to packets with a label, or say it anew."""

    route: MplsRoute


@dataclass(frozen=True, slots=True)
class DeleteMplsRoute(Step):
    """Have packets with that label dropped again."""

    route: MplsRoute


@dataclass(frozen=True, slots=True)
class AddLastResort(Step):
    """Have a VRF's table say that what it has no route for is unreachable; without that the main table would be asked.

    version: 4 or 6, of IP.
    """

    table: int
    version: int


@dataclass(frozen=True, slots=True)
class DeleteLastResort(Step):
    """Take back `AddLastResort`: the kernel would leave that route in the table."""

    table: int
    version: int


@dataclass(frozen=True, slots=True)
class AddLocalRule(Step):
    """Have the table of the node's own addresses asked at this priority; the lowest number is first."""

    priority: int
    version: int


@dataclass(frozen=True, slots=True)
class DeleteLocalRule(Step):
    """No longer have it asked at this priority."""

    priority: int
    version: int


@dataclass(frozen=True, slots=True)
class AddMarkRule(Step):
    """Have a VRF's table asked for packets with a mark. version: 4 or 6, of IP."""

    mark: int
    table: int
    version: int


@dataclass(frozen=True, slots=True)
class DeleteMarkRule(Step):
    """Take back `AddMarkRule`."""

    mark: int
    table: int
    version: int


@dataclass(frozen=True, slots=True)
class AddRule(Step):
    """Have a routing table asked for some packets."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class DeleteRule(Step):
    """Take back `AddRule`."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class AddNeighbour(Step):
    """Note for good which MAC address an IP address behind an interface has."""

    interface: str
    address: str
    mac: str


@dataclass(frozen=True, slots=True)
class DeleteNeighbour(Step):
    """Forget which MAC address an IP address behind an interface has."""

    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class AddForwarding(Step):
    """Note for good where frames to a MAC address go."""

    entry: ForwardingEntry


@dataclass(frozen=True, slots=True)
class DeleteForwarding(Step):
    """Forget where frames to a MAC address go."""

    entry: ForwardingEntry


@dataclass(frozen=True, slots=True)
class SetImpairment(Step):
    """Shape what an interface sends. `limit_packets` is the length of the queue."""

    interface: str
    impairment: Impairment
    limit_packets: int


@dataclass(frozen=True, slots=True)
class DeleteImpairment(Step):
    """Stop shaping what an interface sends."""

    interface: str


@dataclass(frozen=True, slots=True)
class AddOvsBridge(Step):
    """Start Open vSwitch in the node, with one bridge."""

    name: str


@dataclass(frozen=True, slots=True)
class AddOvsPort(Step):
    """Make an interface a port of the node's Open vSwitch bridge."""

    interface: str


@dataclass(frozen=True, slots=True)
class DeleteOvsPort(Step):
    """Take a port from the node's Open vSwitch bridge."""

    interface: str


@dataclass(frozen=True, slots=True)
class SetOvsPortVlans(Step):
    """Say which VLANs a port of the node's Open vSwitch bridge is in: those with their tag, and the one without.

    Neither is as Open vSwitch makes ports: all frames pass, whatever their tag.
    """

    interface: str
    tagged: tuple[int, ...] = ()
    untagged: int | None = None


OVS_STEPS = (AddOvsBridge, AddOvsPort, DeleteOvsPort, SetOvsPortVlans)
