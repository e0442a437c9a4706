"""The desired state of a network, saved before a change that may have to be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raslab.net.editing import EditableNetwork

_NETWORK = (
    "hosts",
    "switches",
    "links",
    "routes",
    "rules",
    "mpls_routes",
    "ports",
    "forwarding",
    "neighbours",
    "nameToNode",
)
_NODE = ("intfs", "ports", "nameToIntf", "tunnel_interfaces", "device_interfaces")


@dataclass(frozen=True)
class SavedState:
    """Copies of the containers of a network and its nodes, and the specification of each interface."""

    network: dict[str, Any]
    nodes: list[tuple[Any, dict[str, Any]]]
    interfaces: list[tuple[Any, Any]]

    @classmethod
    def of(cls, network: EditableNetwork) -> SavedState:
        """Save the state of `network`."""
        nodes = network.values()
        return cls(
            {name: getattr(network, name).copy() for name in _NETWORK},
            [(node, {name: getattr(node, name).copy() for name in _NODE}) for node in nodes],
            [(intf, intf.spec) for node in nodes for intf in node.all_interfaces()],
        )

    def restore(self, network: EditableNetwork) -> None:
        """Put everything back."""
        for name, value in self.network.items():
            setattr(network, name, value)
        for node, containers in self.nodes:
            node.network = network
            for name, value in containers.items():
                setattr(node, name, value)
        for intf, spec in self.interfaces:
            intf.node = network.nameToNode[spec.node]
            intf.take(spec)
