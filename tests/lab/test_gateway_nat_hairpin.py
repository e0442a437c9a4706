"""Hosts inside call each other by their addresses outside (RFC 4787, REQ-9; RFC 5382, REQ-8)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from two_sites import WAN, Sites, TwoSites

from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]

POOL = "203.0.113.50"


class Office(TwoSites):
    """Site 1 has a second network inside, 10.3.0.0/24, with two neighbours."""

    def build(self) -> None:
        super().build()
        self.addSwitch("s3")
        self.addLink("s3", "gw1", params2={"name": "lan1", "ips": ["10.3.0.254/24"]})
        for number, name in ((3, "h3"), (4, "h4")):
            self.addHost(name, defaultRoute="via 10.3.0.254")
            self.addLink(name, "s3", params1={"name": "eth0", "ips": [f"10.3.0.{number}/24"]})
        self.addRoute("isp", "10.2.0.0/24", via=WAN[2])


@pytest.fixture
def sites() -> Iterator[Sites]:
    with Network(Office()) as network:
        yield Sites(network)


def serve(sites: Sites, node: str, kind: str, port: int) -> None:
    """A server, ``tcp`` or ``udp``, that tells each caller its address and port."""
    tcp = (
        f"s = socket.create_server(('', {port}))\nprint('ready', flush=True)\n"
        "while True:\n    c, a = s.accept(); c.sendall(f'{a[0]}'.encode()); c.close()\n"
    )
    udp = (
        f"s = socket.socket(2, 2); s.bind(('', {port}))\nprint('ready', flush=True)\n"
        "while True:\n    _, a = s.recvfrom(9); s.sendto(f'{a[0]}'.encode(), a)\n"
    )
    code = "import socket\n" + {"tcp": tcp, "udp": udp}[kind]
    process = sites.network[node].popen(["python3", "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"


def call(sites: Sites, node: str, kind: str, address: str, port: int) -> str:
    """The address that a server says that the caller has; empty without an answer within a second."""
    number = {"tcp": 1, "udp": 2}[kind]
    code = (
        f"import socket\ns = socket.socket(2, {number}); s.settimeout(1)\n"
        f"try:\n    s.connect(('{address}', {port})); s.send(b'?'); print(s.recv(99).decode(), end='')\n"
        "except OSError:\n    pass\n"
    )
    return str(sites.network[node].run(["python3", "-c", code], timeout=20).stdout)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
@pytest.mark.parametrize("address", [WAN[1], POOL])
def test_a_mapped_port_is_reached_from_everywhere_inside(sites: Sites, kind: str, address: str) -> None:
    serve(sites, "h3", kind, 8080)
    sites.gw1.new_net_nat("office")
    assert [call(sites, node, kind, address, 80) for node in ("h2", "h1")] == ["", ""]
    external = {} if address == WAN[1] else {"external_ip_address": POOL}
    sites.gw1.add_net_nat_static_mapping("office", kind.upper(), 80, "10.3.0.3", internal_port=8080, **external)
    # From another subnet, from the server's neighbour, and from the server itself: by the external address.
    assert [call(sites, node, kind, address, 80) for node in ("h1", "h4", "h3")] == [WAN[1]] * 3
    # From outside, callers are who they are; and inside, addresses inside are not touched.
    assert call(sites, "h2", kind, address, 80) == "10.2.0.1"
    assert call(sites, "h1", kind, "10.3.0.3", 8080) == "10.1.0.1"
    assert call(sites, "h1", kind, address, 81) == ""
    sites.gw1.remove_net_nat_static_mapping("office", kind.upper(), 80, **external)
    assert [call(sites, node, kind, address, 80) for node in ("h2", "h1", "h4")] == ["", "", ""]


def test_callers_have_the_addresses_of_their_pool(sites: Sites) -> None:
    serve(sites, "h3", "tcp", 80)
    with sites.gw1.changing():
        sites.gw1.new_net_nat("office")
        sites.gw1.add_net_nat_external_address("office", POOL)
        sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.3.0.3")
    for address in (WAN[1], POOL):  # a mapping without an address is for all of them
        assert [call(sites, node, "tcp", address, 80) for node in ("h1", "h4")] == [POOL, POOL]
        assert call(sites, "h2", "tcp", address, 80) == "10.2.0.1"


def test_what_a_mapping_is_not_for_passes_it(sites: Sites) -> None:
    """A router's packets to others are not its own, be they for a mapped port."""
    sites.network.addRoute("isp", "10.1.0.0/24", via=WAN[1])
    serve(sites, "h1", "tcp", 80)
    serve(sites, "h3", "tcp", 8080)
    sites.gw1.new_net_nat("office", internal_ip_interface_address_prefix="10.3.0.0/24")
    sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.3.0.3", internal_port=8080)
    assert call(sites, "h2", "tcp", "10.1.0.1", 80) == "10.2.0.1"
    code = "import socket; print(socket.create_connection(('10.1.0.1', 80), 1).getpeername()[0])"
    assert sites.network["h2"].run(["python3", "-c", code]).stdout == "10.1.0.1\n"
    assert call(sites, "h2", "tcp", WAN[1], 80) == "10.2.0.1"


def test_callers_without_an_address_outside_are_answered_too(sites: Sites) -> None:
    """The translator is for one subnet; h3 and its neighbour h4 are of another one, which is routed."""
    serve(sites, "h3", "tcp", 80)
    sites.gw1.new_net_nat("office", internal_ip_interface_address_prefix="10.1.0.0/24")
    sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.3.0.3")
    assert [call(sites, node, "tcp", WAN[1], 80) for node in ("h1", "h4")] == [WAN[1]] * 2


def test_a_port_that_is_open_to_all_is_open_inside_too(sites: Sites) -> None:
    """h3 sends to h2 from port 4000; from then on anybody reaches it at that port outside."""
    sites.gw1.new_net_nat("office", udp_filtering_behavior="EndpointIndependent")
    assert call(sites, "h4", "udp", WAN[1], 4000) == ""
    code = (
        "import socket\ns = socket.socket(2, 2); s.bind(('', 4000)); s.sendto(b'?', ('10.2.0.1', 9))\n"
        "print('ready', flush=True)\n"
        "while True:\n    _, a = s.recvfrom(9); s.sendto(f'{a[0]}'.encode(), a)\n"
    )
    process = sites.network["h3"].popen(["python3", "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    assert call(sites, "h4", "udp", WAN[1], 4000) == WAN[1]
    assert call(sites, "h2", "udp", WAN[1], 4000) == "10.2.0.1"
