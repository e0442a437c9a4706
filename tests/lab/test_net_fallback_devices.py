"""Nodes have the interfaces that they were given, and none that the kernel makes for its modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from raslab.machine.here import here
from raslab.net import Network


@pytest.mark.skipif(here().machine != "uml", reason="on a kernel that is not ours, the host decides")
def test_a_node_has_no_tunnels_that_nobody_made() -> None:
    net = Network()
    for number in (1, 2):
        net.addRouter(f"r{number}")
    net.addLink("r1", "r2", params1={"name": "wan", "ips": ["10.0.0.1/24"]}, params2={"ips": ["10.0.0.2/24"]})
    net.addTunnel("r1", "t", local="10.0.0.1", remote="10.0.0.2", ips=["10.1.0.1/30"])
    with net:
        names = {line.split(":")[1].split("@")[0].strip() for line in net["r1"].run("ip -o link").stdout.splitlines()}
    assert names == {"lo", "wan", "t"}
    # The twin: the machine's own namespace, in which no lab is, does have them.
    assert {"tunl0", "gre0", "sit0"} <= {entry.name for entry in Path("/sys/class/net").iterdir()}
