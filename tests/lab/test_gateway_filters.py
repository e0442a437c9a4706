"""Packet filters with Windows' meaning of Allow and Deny, counted line by line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from two_sites import WAN, WAN6, Sites, TwoSites
from waiting import until

from raslab.errors import GatewayRefusedError
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft ct zones")]

ECHO = "0.0.0.0/0:0.0.0.0/0:ICMP:8:0"
REPLY = "0.0.0.0/0:0.0.0.0/0:ICMP:0:0"


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Two sites that route to each other without tunnels."""
    with Network(TwoSites()) as network:
        for site in (1, 2):
            network.addRoute("isp", f"10.{site}.0.0/24", via=WAN[site])
            network.addRoute("isp", f"2001:db8:{site}::/64", via=WAN6[site])
        yield Sites(network)


def packets(sites: Sites) -> dict[str, int]:
    """Packets by line of gw1's filters."""
    return {one.line: one.packets for one in sites.gw1.get_remote_access_ip_filter_counters()}


def test_allow_passes_all_but_what_is_listed(sites: Sites) -> None:
    assert sites.pings() == 1
    sites.gw1.add_remote_access_ip_filter("lan0", "Allow", [ECHO, "10.9.0.0/24:0.0.0.0/0:ANY"], "Inbound")
    assert sites.pings(count=3) == 0
    assert packets(sites) == {ECHO: 3, "10.9.0.0/24:0.0.0.0/0:ANY": 0}
    assert sites.pings("10.1.0.1", source="h2") == 1
    assert sites.pings("2001:db8:2::1") == 1
    sites.gw1.remove_remote_access_ip_filter("lan0", "Inbound")
    assert sites.pings() == 1


def test_deny_drops_all_but_what_is_listed(sites: Sites) -> None:
    sites.gw1.add_remote_access_ip_filter("wan0", "Deny", REPLY, "Inbound")
    assert sites.pings() == 1
    assert sites.pings("10.1.0.1", source="h2") == 0
    assert packets(sites) == {REPLY: 1, "*": 1}
    sites.gw1.set_remote_access_ip_filter("wan0", "Deny", [REPLY, ECHO], "Inbound")
    assert sites.pings("10.1.0.1", source="h2") == 1


def test_outbound_and_ports(sites: Sites) -> None:
    port = "10.1.0.0/24:10.2.0.0/24:UDP:0:5000"
    sites.gw1.add_remote_access_ip_filter("wan0", "Allow", port, "Outbound")
    for number in (5000, 5001):
        send = f"import socket; socket.socket(2, 2).sendto(b'x', ('10.2.0.1', {number}))"
        sites.network["h1"].run(["python3", "-c", send], timeout=10)
    assert packets(sites) == {port: 1}
    arrived = "cat /sys/class/net/wan0/statistics/rx_packets"
    until("the other one arrives", lambda: int(sites.network["gw2"].run(arrived).stdout) >= 1)


def test_ipv6_deny_keeps_neighbour_discovery(sites: Sites) -> None:
    reply = "::/0:::/0:ICMP:129:0"
    sites.gw1.add_remote_access_ip_filter("wan0", "Deny", reply, "Inbound", address_family="IPv6")
    sites.network["gw1"].run("ip -6 neigh flush dev wan0")
    assert sites.pings("2001:db8:2::1") == 1
    assert sites.pings("2001:db8:1::1", source="h2") == 0
    seen = packets(sites)
    assert seen[reply] == 1
    assert seen["*"] >= 1  # multicast listener reports of the neighbour are among them


def test_a_filter_has_one_action(sites: Sites) -> None:
    sites.gw1.add_remote_access_ip_filter("wan0", "Deny", REPLY, "Inbound")
    with pytest.raises(GatewayRefusedError, match="has the action Deny: change it with set_remote_access_ip_filter"):
        sites.gw1.add_remote_access_ip_filter("wan0", "Allow", ECHO, "Inbound")
    assert sites.pings() == 1


TO_BLOCKED = {"IPv4": "0.0.0.0/0:0.0.0.0/0:UDP:0:5001", "IPv6": "::/0:::/0:UDP:0:5001"}
LISTENER = {"IPv4": "10.2.0.1", "IPv6": "2001:db8:2::1"}
RECEIVE = """
import select, socket
ports = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(3)]
for port, number in zip(ports, (5001, 5002, 5003)):
    port.bind(("::", number))
print("ready", flush=True)
while True:
    (one, *_), _, _ = select.select(ports, [], [])
    one.recv(9)
    print(one.getsockname()[1], flush=True)
    if one is ports[2]:
        break
"""
SEND = """
import socket, sys
target = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_DGRAM)[0]
socket.socket(*target[:2]).sendto(b"x", target[4])
"""


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
@pytest.mark.parametrize("action", ["Allow", "Deny"])
def test_each_action_in_each_direction_and_family(sites: Sites, action: str, direction: str, family: str) -> None:
    """A datagram to a port that is listed, one to a port that is not, and at last one without a filter."""
    listener = sites.network["h2"].popen(["python3", "-c", RECEIVE], stdout=subprocess.PIPE, text=True)
    assert listener.stdout.readline() == "ready\n"
    interface = {"Inbound": "lan0", "Outbound": "wan0"}[direction]
    line = TO_BLOCKED[family]

    def send(port: int) -> None:
        run = sites.network["h1"].run(["python3", "-c", SEND, LISTENER[family], str(port)], timeout=10)
        assert run.status == 0

    sites.pings(LISTENER[family])  # neighbours know each other before a filter may hinder them
    sites.gw1.add_remote_access_ip_filter(interface, action, line, direction, address_family=family)
    send(5001)
    send(5002)
    rest = sum(one.packets for one in sites.gw1.get_remote_access_ip_filter_counters() if one.line == "*")
    assert packets(sites)[line] == 1
    assert rest >= (1 if action == "Deny" else 0)
    sites.gw1.remove_remote_access_ip_filter(interface, direction, address_family=family)
    send(5003)
    arrived, _ = listener.communicate(timeout=20)
    passed = 5001 if action == "Deny" else 5002
    assert arrived.split() == [str(passed), "5003"]
