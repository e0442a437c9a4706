"""What of ours stands for the node classes that Mininet comes with."""

from __future__ import annotations

from typing import Any

from raslab.errors import UnsupportedClassError
from raslab.net.node import Host, Node, OvsSwitch, Switch

# By name, because to import Mininet's modules for a comparison would cost more than the comparison.
_OURS: dict[str, type[Node]] = {
    "mininet.node.Node": Host,
    "mininet.node.Host": Host,
    "mininet.node.CPULimitedHost": Host,  # without the limit: a lab measures the network
    "mininet.node.OVSSwitch": OvsSwitch,  # and OVSKernelSwitch, its other name
    "mininet.node.OVSBridge": OvsSwitch,
    "mininet.nodelib.LinuxBridge": Switch,
}


def our_class(node: str, cls: Any, fallback: type[Node]) -> Any:
    """The class to build `node` of when `cls` is asked for: ours, a subclass of ours, or any other maker of nodes.

    Raises UnsupportedClassError for a class of Mininet's that has no counterpart, and for what users derive from
    Mininet's classes; `fallback` is what the sentence recommends.
    """
    if not isinstance(cls, type) or issubclass(cls, Node):
        return cls
    ours = _OURS.get(f"{cls.__module__}.{cls.__qualname__}")
    if ours is not None and ours.kind.is_switch == fallback.kind.is_switch:
        return ours
    kinds = "raslab.net.Switch" if fallback.kind.is_switch else "raslab.net.Host, raslab.net.Router, which forwards,"
    raise UnsupportedClassError(f"Node {node}", cls.__name__, f"{kinds} or a subclass of it")


class NoController:
    """Stands for an OpenFlow controller: our switches learn addresses by themselves and need none."""

    def __init__(self, name: str, **_options: Any) -> None:
        self.name = name

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, deleteIntfs: bool = False) -> None:
        """Nothing to stop."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
