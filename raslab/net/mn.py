"""What the `mn` command takes from a --custom file to run on this engine.

`mn` copies the global names of the file over its own, so a topology file needs one line::

    from raslab.net.mn import CONTROLLERS, HOSTS, LINKS, SWITCHES, Mininet, cleanup, findController
"""

from __future__ import annotations

from typing import Any

from raslab.net.link import Link
from raslab.net.network import Network
from raslab.net.node import Host, OvsSwitch, Router, Switch

Mininet = Network
MininetWithControlNet = Network  # switches have namespaces of their own in any case


class NoController:
    """Stands for the OpenFlow controller that our switches do without."""

    def __init__(self, name: str, **_options: Any) -> None:
        self.name = name


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
