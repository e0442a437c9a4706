"""Bundles in captures of a real network: rows stand for as many packets as the receiver's kernel counts."""

from __future__ import annotations

import pytest

from raslab.measure import capture
from raslab.measure.kernel_tables import ip_packets_received
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.virtual]

SERVE = """
import socket

server = socket.create_server(("", 5000))
print("on", flush=True)
with server.accept()[0] as connection:
    while connection.recv(65536):
        pass
"""
SEND = "import socket; c = socket.create_connection(('10.0.0.2', 5000)); c.sendall(bytes(2_000_000))"


@pytest.mark.parametrize("rate_mbps", [None, 100])
@pytest.mark.parametrize("offload", [True, False])
def test_segments_are_what_the_receiver_counts(rate_mbps: float | None, offload: bool) -> None:
    net = Network()
    for number in (1, 2):
        net.addHost(f"h{number}", ips=[f"10.0.0.{number}/24"])
    net.addLink("h1", "h2", **({} if rate_mbps is None else {"rate_mbps": rate_mbps, "delay_ms": 1}))
    with net:
        if not offload:
            net["h1"].run(["ethtool", "-K", net["h1"].intf().name, "tso", "off", "gso", "off"])
        server = net["h2"].popen(["python3", "-c", SERVE], stdout=-1)
        assert server.stdout is not None
        server.stdout.readline()
        before = net["h2"].call(lambda: ip_packets_received(4))
        with capture(net["h1"].intf(), "tcp and dst host 10.0.0.2") as seen:
            net["h1"].run(["python3", "-c", SEND], timeout=60)
            server.wait()
        told = net["h2"].call(lambda: ip_packets_received(4)) - before
    assert seen.frame["segments"].notna().all()
    assert int(seen.frame["segments"].sum()) == told
    bundles = int((seen.frame["segments"] > 1).sum())
    assert bundles > 10 if offload else bundles == 0  # the twin: without bundles each row is a packet
