"""Taking a topology object's nodes, links, tunnels, devices and routes over into a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from raslab.errors import TopologyError, UnsupportedClassError
from raslab.model import sentences
from raslab.net.mininet_classes import info

if TYPE_CHECKING:
    from raslab.net.editing import EditableNetwork


def take_over(network: EditableNetwork, topo: Any) -> list[str]:
    """Add what `topo`, ours or Mininet's, describes; returns a sentence for each thing that cannot be taken over.

    A node that cannot be built as it is described is added as a plain one, so that what is connected to it gets
    checked too. Raises TopologyError where node names are no text.
    """
    problems: list[str] = list(getattr(topo, "problems", ()))
    # Mininet cannot even list the links of a topology whose names it cannot sort.
    if wrong := [name for name in topo.g.node if not isinstance(name, str)]:
        raise TopologyError(problems + [sentences.name_not_text(f"Node name {name!r}") for name in wrong])
    info("*** Creating network\n*** Adding hosts:\n")
    for name in topo.hosts():
        problems += _add(network.addHost, name, topo.nodeInfo(name))
    info("\n*** Adding switches:\n")
    for name in topo.switches():
        problems += _add(network.addSwitch, name, topo.nodeInfo(name))
    info("\n*** Adding links:\n")
    for node1, node2, options in topo.links(sort=True, withInfo=True):
        network.addLink(**options)
        info(f"({node1}, {node2}) ")
    info("\n")
    known = list(network.nameToNode)
    for tunnel in getattr(topo, "tunnels", ()):
        if tunnel.node in network.nameToNode:
            network.take_tunnel(tunnel)
        else:
            problems.append(sentences.unknown_node(f"the tunnel {sentences.shown(tunnel.name)}", tunnel.node, known))
    for device in getattr(topo, "devices", ()):
        if device.node in network.nameToNode:
            network.take_device(device)
        else:
            problems.append(sentences.unknown_node(f"the device {device.name}", device.node, known))
    network.routes += getattr(topo, "routes", ())
    network.mpls_routes += getattr(topo, "mpls_routes", ())
    return problems


def _add(add: Callable[..., Any], name: str, options: dict[str, Any]) -> list[str]:
    problems = []
    try:
        add(name, **options)
    except UnsupportedClassError as error:
        problems.append(str(error))
        add(name, **options | {"cls": None})
    info(f"{name} ")
    return problems
