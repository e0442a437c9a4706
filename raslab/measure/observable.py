"""Networks whose nodes can be asked what the kernel says about them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from raslab.measure import interfaces, state
from raslab.net import Network, Node


class ObservableNode(Node):
    """A node with a frame for each thing that one asks about. The frames' `.attrs` name the commands for the same."""

    def interfaces(self) -> pd.DataFrame:
        """Kind, state, MTU (bytes) and MAC address of each interface."""
        return state.interfaces(self)

    def addresses(self, *, link_local: bool = False) -> pd.DataFrame:
        """IP addresses with prefix lengths."""
        return state.addresses(self, link_local=link_local)

    def routes(self, *, vrf: str | None = None, link_local: bool = False) -> pd.DataFrame:
        """The main routing table, or that of a VRF, IPv4 and IPv6. Raises UnknownInterfaceError."""
        return state.routes(self, vrf=vrf, link_local=link_local)

    def neighbours(self, *, link_local: bool = False) -> pd.DataFrame:
        """MAC addresses learnt by ARP and neighbour discovery."""
        return state.neighbours(self, link_local=link_local)

    def tunnels(self) -> pd.DataFrame:
        """GRE tunnels with their end points, keys and inner MTU (bytes)."""
        return state.tunnels(self)

    def counters(self) -> pd.DataFrame:
        """Bytes, packets, drops and errors of each interface since it exists."""
        frame = interfaces.counters([self])
        order = {intf.name: number for number, intf in enumerate(self.all_interfaces())}
        found = frame[["interface", *interfaces.FIELDS]].sort_values("interface", key=lambda names: names.map(order))
        found = found.reset_index(drop=True)
        found.attrs = frame.attrs
        return found

    def sysctl(self, *patterns: str) -> pd.DataFrame:
        """Kernel settings: those whose names fit a pattern (``net.ipv4.conf.*.rp_filter``), or the usual ones.

        Raises NoSuchSettingError.
        """
        return state.settings(self, *patterns)


class ObservableNetwork(Network):
    """A `Network` whose nodes have the verbs of `ObservableNode`, or of what a subclass names."""

    extra: Any = ObservableNode

    def node_class(self, cls: Any) -> Any:
        """`cls` with the extra verbs."""
        is_node = isinstance(cls, type) and issubclass(cls, Node)
        return _joined(cls, self.extra) if is_node else cls


@cache
def _joined(cls: Any, extra: Any) -> Any:
    """A class with the verbs of both and the name of the first, so that a router still calls itself Router."""
    return type(cls.__name__, (cls, extra), {"__doc__": cls.__doc__, "__module__": cls.__module__})
