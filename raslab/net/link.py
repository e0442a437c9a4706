"""`Link` and `Intf`: Mininet's classes, described by model data and changed through the network's plan."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from raslab.errors import TopologyError
from raslab.model import addresses as written
from raslab.model import sentences
from raslab.model.topology import PERFECT_WIRE, AnyInterface, Device, Interface, Tunnel, Vrf
from raslab.model.topology import Link as ModelLink
from raslab.net import mininet_classes as mininet
from raslab.net.names import mac_address
from raslab.net.parameters import PORT_VLANS, impairment, interface, port_vlans

if TYPE_CHECKING:
    from raslab.net.node import Node


class Intf(mininet.Intf):
    """An interface of a node. `spec` says what it should be; changes reach a running network at once."""

    spec: AnyInterface

    def __init__(self, name: str, node: Node, port: int | None = None, link: Any = None, **params: Any) -> None:
        self.problems: list[str] = []
        super().__init__(name, node=node, port=port, link=link, **params)

    def config(self, **params: Any) -> dict[str, Any]:
        """Take over parameters, see `Link`."""
        spec, self.problems = interface(self.node.name, self.name, params)
        self.take(replace(spec, mac=spec.mac or self.mac or mac_address(self.node.number, self.node.ports[self])))
        return {}

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses with prefix lengths, as given."""
        return self.spec.addresses

    def IP(self) -> str | None:
        """The first IPv4 address, or else the first address, without prefix length."""
        return self.ip

    def change(self, **changes: Any) -> None:
        """Change fields of `spec`, on the running network too; raises TopologyError, KernelRefusedError."""
        network = self.node.network
        with network.changing() if network is not None else nullcontext():
            self.take(replace(self.spec, **changes))

    def setIP(self, ipstr: str, prefixLen: int | None = None) -> None:
        """Set the address, replacing those of the same family."""
        address = ipstr if "/" in ipstr or prefixLen is None else f"{ipstr}/{prefixLen}"
        address = written.normal(written.interface, address)
        others = tuple(known for known in self.addresses if (":" in known) != (":" in address))
        self.change(addresses=(address, *others))

    def setMAC(self, macstr: str) -> None:
        """Set the MAC address."""
        self.change(mac=written.normal(written.mac, macstr))

    def isUp(self, setUp: bool = False) -> bool:
        """Whether the interface is switched on; setUp=True switches it on."""
        if setUp:
            self.change(up=True)
        return self.spec.up

    def set_impairment(self, **parameters: Any) -> None:
        """Change what the wire does to packets sent here.

        Parameters: rate_mbps, delay_ms, jitter_ms, loss_percent, limit_packets. Those that are left out stay as
        they are, None makes one perfect again.
        """
        assert isinstance(self.spec, Interface)
        changed, problems = impairment(f"Interface {self.name}", self.spec.impairment, parameters)
        if problems:
            raise TopologyError(problems)
        self.change(impairment=changed)

    def clear_impairment(self) -> None:
        """Make the wire perfect again for packets sent here."""
        self.change(impairment=PERFECT_WIRE)

    def set_vlans(self, **parameters: Any) -> None:
        """Change the VLANs that a switch's port is in, and nothing else of the network.

        Parameters: vlans, untagged_vlan, see `Link`. What is left out stays as it is, None takes it away.
        """
        changes, problems = port_vlans(f"Interface {self.name} of node {self.node.name}", parameters)
        if problems:
            raise TopologyError(problems)
        self.change(**changes)

    def updateIP(self) -> str | None:
        """The address, as `IP`."""
        return self.IP()

    def updateMAC(self) -> str | None:
        """The MAC address, as `MAC`."""
        return self.MAC()  # type: ignore[no-any-return]

    def updateAddr(self) -> tuple[str | None, str | None]:
        """IP and MAC address."""
        return self.IP(), self.MAC()

    def ifconfig(self, *args: Any) -> str:
        """``up`` and ``down``; anything else is for the `ifconfig` program, whose output is returned."""
        if args in (("up",), ("down",)):
            self.change(up=args == ("up",))
            return ""
        result = self.node.run(["ifconfig", self.name, *args])
        return result.stdout + result.stderr  # type: ignore[no-any-return]

    def status(self) -> str:
        """``OK`` if the kernel has the interface, else ``MISSING``."""
        try:
            self.node.namespace.index_of(self.name)
        except OSError:
            return "MISSING"
        return "OK"

    def delete(self) -> None:
        """Delete the link that the interface is an end of."""
        if self.link is not None:
            self.node.network.delLink(self.link)

    def take(self, spec: AnyInterface) -> None:
        """Note what the interface should be, without carrying it out."""
        self.spec = spec
        self.mac = None if isinstance(spec, Vrf) else spec.mac
        self.ip: str | None = None
        self.prefixLen: str | None = None
        first = next((a for a in spec.addresses if ":" not in a), next(iter(spec.addresses), None))
        if first:
            self.ip, _, self.prefixLen = first.partition("/")


class TunnelIntf(Intf):
    """A tunnel interface of a node."""

    spec: Tunnel

    def __init__(self, spec: Tunnel, node: Node) -> None:
        # Not through Mininet's constructor, which would give the tunnel a port number between those of links.
        self.problems = []
        self.name, self.node, self.link = spec.name, node, None
        self.params: dict[str, Any] = {}
        mac = mac_address(node.number, node.new_tunnel_port()) if spec.kind == "gretap" else None
        self.take(replace(spec, mac=spec.mac or mac))

    def delete(self) -> None:
        """Remove the tunnel."""
        if self.node.network is not None:
            self.node.network.delTunnel(self.node, self.name)


class DeviceIntf(Intf):
    """A VRF, a VLAN, a bridge or a VXLAN of a node."""

    spec: Device

    def __init__(self, spec: Device, node: Node) -> None:
        # Not through Mininet's constructor, for the same reason as a tunnel.
        self.problems = []
        self.name, self.node, self.link = spec.name, node, None
        self.params: dict[str, Any] = {}
        self.take(spec)

    def delete(self) -> None:
        """Remove the device."""
        if self.node.network is not None:
            self.node.network.delDevice(self.node, self.name)


# Link parameters that concern the link object and not its interfaces.
_ENDS = ("intf", "cls1", "cls2")


class Link(mininet.Link):
    """A wire between two nodes.

    Parameters, for both sides: mtu (bytes), rate_mbps, delay_ms, jitter_ms, loss_percent, limit_packets; those of
    Mininet's TCLink (bw, delay, jitter, loss, max_queue_size) are understood too. params1 and params2 hold what
    differs on one side, and name, ips, mac, master (a VRF of that node), which always do. A side's impairment shapes
    what that side sends.
    vlans and untagged_vlan, of the ends that are ports of switches: the VLANs whose frames carry their tag on the link,
    a number or several, and the one whose frames carry none; see `raslab.model.port_vlans`.
    """

    def __init__(
        self,
        node1: Node,
        node2: Node,
        port1: int | None = None,
        port2: int | None = None,
        intfName1: str | None = None,
        intfName2: str | None = None,
        addr1: str | None = None,
        addr2: str | None = None,
        params1: dict[str, Any] | None = None,
        params2: dict[str, Any] | None = None,
        **params: Any,
    ) -> None:
        both = {key: value for key, value in params.items() if key not in _ENDS}
        ports = [node for node in (node1, node2) if node.kind.is_switch] or [node1, node2]
        not_of_ports = {key: value for key, value in both.items() if key not in PORT_VLANS}
        own1, own2 = (both if node in ports else not_of_ports for node in (node1, node2))
        self.intf1 = self._end(node1, port1, intfName1, addr1, own1 | (params1 or {}))
        self.intf2 = self._end(node2, port2, intfName2, addr2, own2 | (params2 or {}))

    @property
    def ends(self) -> tuple[Intf, Intf]:
        """Both interfaces."""
        return self.intf1, self.intf2

    @property
    def spec(self) -> ModelLink:
        """The link as model data."""
        a, b = self.intf1.spec, self.intf2.spec
        assert isinstance(a, Interface)
        assert isinstance(b, Interface)
        return ModelLink(a, b)

    def set_impairment(self, **parameters: Any) -> None:
        """Change what the wire does in both directions, see `Intf.set_impairment`."""
        with self._changing():
            for end in self.ends:
                end.set_impairment(**parameters)

    def up(self) -> None:
        """Switch both interfaces on."""
        with self._changing():
            for end in self.ends:
                end.change(up=True)

    def down(self) -> None:
        """Switch both interfaces off."""
        with self._changing():
            for end in self.ends:
                end.change(up=False)

    def _changing(self) -> AbstractContextManager[None]:
        """Both ends change at once."""
        network = self.intf1.node.network
        return network.changing() if network is not None else nullcontext()

    def delete(self) -> None:
        """Remove the link from its network."""
        self.intf1.delete()

    def stop(self) -> None:
        """Links end with their network."""

    def _free_name(self, node: Node, port: int) -> str:
        """Mininet's name for a port, or for the next one if its user has given that name to another."""
        number = port
        while (name := str(self.intfName(node, number))) in node.nameToIntf:
            if node.ports.get(node.nameToIntf[name]) == number:
                break  # one port told twice, which is for validation to refuse
            number += 1
        return name

    def _end(self, node: Node, port: int | None, name: str | None, mac: str | None, params: dict[str, Any]) -> Intf:
        port = params.pop("port", None) if port is None else port
        port = node.newPort() if port is None else port
        name = params.pop("name", None) or params.pop("intfName", None) or name or self._free_name(node, port)
        text = name if isinstance(name, str) else sentences.quoted(name)
        intf = Intf(text, node=node, port=port, link=self, mac=params.pop("mac", None) or mac, **params)
        if not isinstance(name, str):
            intf.problems.append(sentences.name_not_text(f"Interface name {text} of node {node.name}"))
        return intf
