"""The only place that imports Mininet, whose classes ours extend."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _small_distutils() -> Iterator[None]:
    """Let `mininet.node` import `distutils.version` without distutils.

    Mininet compares two Open vSwitch versions with it and needs nothing else of it. Python 3.12 has no distutils
    any more, and the substitute of setuptools takes three quarters of the time that importing Mininet takes.
    """
    if "distutils" in sys.modules or "mininet.node" in sys.modules:
        yield
        return
    package, version = ModuleType("distutils"), ModuleType("distutils.version")
    package.version = version  # type: ignore[attr-defined]
    version.StrictVersion = lambda text: tuple(map(int, text.split(".")))  # type: ignore[attr-defined]
    sys.modules["distutils"], sys.modules["distutils.version"] = package, version
    try:
        yield
    finally:
        del sys.modules["distutils"], sys.modules["distutils.version"]


with _small_distutils():
    from mininet.link import Intf, Link
    from mininet.log import error, info, output
    from mininet.net import Mininet
    from mininet.node import Host, Node
    from mininet.topo import SingleSwitchTopo, Topo
    from mininet.util import ipAdd, isShellBuiltin, macColonHex, netParse

__all__ = [
    "Host",
    "Intf",
    "Link",
    "Mininet",
    "Node",
    "SingleSwitchTopo",
    "Topo",
    "error",
    "info",
    "ipAdd",
    "isShellBuiltin",
    "macColonHex",
    "netParse",
    "output",
]
