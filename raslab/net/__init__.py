"""Mininet made fast: topology -> plan -> batches -> apply. Knows neither services nor RAS."""

from raslab.net.link import DeviceIntf, Intf, Link, TunnelIntf
from raslab.net.network import Network
from raslab.net.node import Host, Node, OvsSwitch, Router, Switch
from raslab.net.run import RunResult
from raslab.net.topo import Topo

__all__ = [
    "DeviceIntf",
    "Host",
    "Intf",
    "Link",
    "Network",
    "Node",
    "OvsSwitch",
    "Router",
    "RunResult",
    "Switch",
    "Topo",
    "TunnelIntf",
]
