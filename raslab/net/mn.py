"""What the `mn` command takes from a --custom file to run on this engine.

`mn` copies the global names of the file over its own, so a topology file needs one line::

    from raslab.net.mn import *
"""

from __future__ import annotations

from raslab.errors import RaslabError
from raslab.net.link import Link
from raslab.net.mininet_classes import error
from raslab.net.network import Network
from raslab.net.node import Host, OvsSwitch, Router, Switch
from raslab.net.stock_classes import NoController


class Mininet(Network):
    """`Network` as the command line wants it: a slip of the user's must not end the session."""

    def configLinkStatus(self, src: str, dst: str, status: str) -> None:
        """Switch the links between two nodes ``up`` or ``down``, or say why not."""
        try:
            super().configLinkStatus(src, dst, status)
        except RaslabError as problem:
            error(f"{problem}\n")


MininetWithControlNet = Mininet  # switches have namespaces of their own in any case


def findController() -> type[NoController]:
    """Tell `mn` that a controller is there, or it would want an Open vSwitch bridge."""
    return NoController


def cleanup() -> None:
    """Nothing is left to clean up after an error: the network's namespaces end with the process."""


HOSTS = {"proc": Host, "router": Router}
SWITCHES = {"default": Switch, "lxbr": Switch, "ovsbr": OvsSwitch, "ovs": OvsSwitch, "ovsk": OvsSwitch}
LINKS = {"default": Link, "tc": Link}
CONTROLLERS = {"default": NoController, "none": NoController}

__all__ = [
    "CONTROLLERS",
    "HOSTS",
    "LINKS",
    "SWITCHES",
    "Mininet",
    "MininetWithControlNet",
    "cleanup",
    "findController",
]
