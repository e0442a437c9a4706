"""NAT44 at the edge: what the outside sees, who gets in, and what IPv6 is spared."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest
from two_sites import WAN, Sites, TwoSites, until

from raslab.errors import GatewayRefusedError
from raslab.measure import capture
from raslab.net import Network

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("nft nat")]


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Site 1 has private addresses that the Internet does not know; h2 stands for a public server."""
    with Network(TwoSites()) as network:
        network.addRoute("isp", "10.2.0.0/24", via=WAN[2])
        network.addRoute("isp", "2001:db8:1::/64", via="2001:db8:a::1")
        network.addRoute("isp", "2001:db8:2::/64", via="2001:db8:b::2")
        yield Sites(network)


def sources(sites: Sites, target: str = "10.2.0.1") -> set[str]:
    """The source addresses of echo requests from h1, as the site of h2 sees them."""
    with capture(sites.network["gw2"].intf("wan0"), "icmp[0] == 8 or (icmp6 and icmp6[0] == 128)") as seen:
        sites.pings(target)
    frame = seen.frame
    return set(frame[frame["destination"] == target]["source"])


class Server:
    """A server on a node that answers each TCP connection with a word."""

    def __init__(self, sites: Sites, node: str, port: int, word: str) -> None:
        code = (
            "import socket, sys\n"
            f"s = socket.create_server(('', {port}))\n"
            "print('ready', flush=True)\n"
            "while True:\n"
            "    c, a = s.accept()\n"
            f"    c.sendall(('{word} ' + a[0]).encode()); c.close()\n"
        )
        self.process = sites.network[node].popen(["python3", "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"


def fetch(sites: Sites, node: str, address: str, port: int) -> str:
    """What a server says; empty if there is no connection within a second."""
    code = (
        "import socket, sys\n"
        "try:\n"
        f"    s = socket.create_connection(('{address}', {port}), 1)\n"
        "    print(s.recv(100).decode(), end='')\n"
        "except OSError:\n"
        "    pass\n"
    )
    return str(sites.network[node].run(["python3", "-c", code], timeout=20).stdout)


def test_masquerade_hides_ipv4_and_leaves_ipv6(sites: Sites) -> None:
    assert sources(sites) == {"10.1.0.1"}
    assert sites.pings() == 0
    sites.gw1.new_net_nat("office", internal_ip_interface_address_prefix="10.1.0.0/24")
    assert sources(sites) == {WAN[1]}
    assert sites.pings() == 1
    assert sources(sites, "2001:db8:2::1") == {"2001:db8:1::1"}
    sites.gw1.remove_net_nat("office")
    assert sources(sites) == {"10.1.0.1"}


def test_sources_outside_of_the_internal_prefix_are_left_alone(sites: Sites) -> None:
    sites.gw1.new_net_nat("office", internal_ip_interface_address_prefix="10.9.0.0/24")
    assert sources(sites) == {"10.1.0.1"}


def test_pool_takes_the_place_of_the_interface_address(sites: Sites) -> None:
    sites.gw1.new_net_nat("office", external_ip_interface_address_prefix="203.0.113.0/24")
    sites.gw1.add_net_nat_external_address("office", "203.0.113.50-203.0.113.51")
    assert sources(sites) <= {"203.0.113.50", "203.0.113.51"}
    assert sites.pings() == 1
    sites.gw1.remove_net_nat_external_address("office", "203.0.113.50-203.0.113.51")
    assert sources(sites) == {WAN[1]}
    assert "203.0.113.50" not in sites.network["gw1"].run("ip addr").stdout


def test_each_host_inside_keeps_one_of_several_pools(sites: Sites) -> None:
    hosts = [f"10.1.0.{number}" for number in range(1, 25)]
    for host in hosts[1:]:
        sites.network.addAddress("h1", "eth0", f"{host}/24")
    sites.gw1.new_net_nat("office")
    for pool in ("203.0.113.50-203.0.113.51", "203.0.113.60"):
        sites.gw1.add_net_nat_external_address("office", pool)

    def used(*targets: str) -> dict[str, set[str]]:
        """By host the addresses that it had outside when it sent to `targets`."""
        code = (
            "import socket\n"
            f"for host in {hosts!r}:\n"
            f"    for target in {targets!r}:\n"
            "        s = socket.socket(2, 2); s.bind((host, 0)); s.sendto(b'x', (target, 9)); s.close()\n"
        )
        assert sites.network["h1"].run(["python3", "-c", code]).status == 0
        found: dict[str, set[str]] = {}
        for session in sites.gw1.get_net_nat_session():
            if session.external_destination_address in targets:
                found.setdefault(session.internal_source_address, set()).add(session.external_source_address)
        return found

    first = used("10.2.0.1", "198.51.100.2")
    assert first.keys() == set(hosts)
    assert {len(outside) for outside in first.values()} == {1}
    assert set.union(*first.values()) == {"203.0.113.50", "203.0.113.51", "203.0.113.60"}
    sites.gw1.remove_net_nat_external_address("office", "203.0.113.50-203.0.113.51")
    assert set.union(*used("198.51.100.254").values()) == {"203.0.113.60"}


def test_static_mapping_lets_in_the_mapped_port_only(sites: Sites) -> None:
    sites.gw1.new_net_nat("office")
    Server(sites, "h1", 8080, "hello")
    assert fetch(sites, "h2", WAN[1], 80) == ""
    sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", internal_port=8080)
    assert fetch(sites, "h2", WAN[1], 80) == "hello 10.2.0.1"
    assert fetch(sites, "h2", WAN[1], 8080) == ""
    sites.gw1.remove_net_nat_static_mapping("office", "TCP", 80)
    assert fetch(sites, "h2", WAN[1], 80) == ""


def test_static_mapping_for_one_remote_prefix(sites: Sites) -> None:
    sites.gw1.new_net_nat("office")
    Server(sites, "h1", 80, "hello")
    mapping = {"external_ip_address": "203.0.113.60", "remote_external_ip_address_prefix": "192.0.2.0/24"}
    sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", **mapping)
    assert fetch(sites, "h2", "203.0.113.60", 80) == ""
    mapping["remote_external_ip_address_prefix"] = "10.2.0.0/24"
    sites.gw1.add_net_nat_static_mapping("office", "TCP", 80, "10.1.0.1", **mapping)
    assert fetch(sites, "h2", "203.0.113.60", 80) == "hello 10.2.0.1"


def test_sessions_are_seen_and_time_out_as_told(sites: Sites) -> None:
    assert sites.gw1.get_net_nat_session() == ()
    sites.gw1.new_net_nat("office", icmp_query_timeout=77)
    sites.pings()
    (session,) = sites.gw1.get_net_nat_session()
    assert (session.nat_name, session.protocol) == ("office", "ICMP")
    assert (session.internal_source_address, session.external_source_address) == ("10.1.0.1", WAN[1])
    assert session.external_destination_address == "10.2.0.1"
    assert 70 <= session.timeout_s <= 77
    assert "77" in sites.network["gw1"].run("sysctl net.netfilter.nf_conntrack_icmp_timeout").stdout
    sites.gw1.set_net_nat("office", icmp_query_timeout=None)
    assert "= 30" in sites.network["gw1"].run("sysctl net.netfilter.nf_conntrack_icmp_timeout").stdout


def test_endpoint_independent_udp_lets_strangers_answer(sites: Sites) -> None:
    stranger = sites.network["isp"]
    sites.gw1.new_net_nat("office")

    def answered() -> bool:
        """True if h1, which sends to h2, hears a third party that sends to its outside port."""
        port = 40000
        listen = (
            "import socket\n"
            "s = socket.socket(2, 2); s.settimeout(1.5)\n"
            f"s.bind(('', {port})); s.sendto(b'x', ('10.2.0.1', 9))\n"
            "print('sent', flush=True)\n"
            "try:\n"
            "    print(s.recv(10).decode())\n"
            "except TimeoutError:\n"
            "    print('silence')\n"
        )
        process = sites.network["h1"].popen(["python3", "-c", listen], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "sent\n"
        send = f"import socket; socket.socket(2, 2).sendto(b'hello', ('{WAN[1]}', {port}))"
        stranger.run(["python3", "-c", send], timeout=10)
        heard = process.stdout.readline()
        process.wait()  # the next one wants its port
        return bool(heard == "hello\n")

    assert not answered()
    sites.gw1.set_net_nat("office", udp_filtering_behavior="EndpointIndependent")
    assert answered()
    sites.gw1.set_net_nat("office", udp_filtering_behavior="AddressAndPortDependent")
    assert not answered()


PEER = """
import socket, sys
def open():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("10.1.0.1", int(sys.argv[1])))
    return s
listener, caller = open(), open()
listener.listen()
listener.settimeout(3)
caller.connect(("10.2.0.1", 80))
print(caller.recv(100).decode(), flush=True)
try:
    print("called by", listener.accept()[1][0])
except TimeoutError:
    print("not called")
"""


def test_endpoint_independent_tcp_lets_strangers_call(sites: Sites) -> None:
    """A peer listens on the port from which it calls a meeting point, as peer-to-peer programs do."""
    sites.gw1.new_net_nat("office")
    Server(sites, "h2", 80, "meeting point for")

    def called(port: int) -> str:
        """What the peer says of its port, another one each time: the last connection may linger (TIME_WAIT)."""
        process = sites.network["h1"].popen(["python3", "-c", PEER, str(port)], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == f"meeting point for {WAN[1]}\n"
        fetch(sites, "isp", WAN[1], port)
        return str(process.communicate()[0])

    assert called(7001) == "not called\n"
    sites.gw1.set_net_nat("office", tcp_filtering_behavior="EndpointIndependent")
    assert called(7002) == "called by 203.0.113.254\n"
    sites.gw1.set_net_nat("office", tcp_filtering_behavior="AddressAndPortDependent")
    assert called(7003) == "not called\n"


IDLE = """
import socket, sys
if sys.argv[1] == "call":
    s = socket.create_connection(("10.2.0.1", 7))
else:
    s = socket.create_server(("", 7))
print("ready", flush=True)
s.recv(1) if sys.argv[1] == "call" else s.accept()[0].recv(1)
"""


@pytest.mark.virtual
def test_idle_sessions_are_forgotten_on_time(sites: Sites) -> None:
    """In the kernel's table, to the second: UDP without an answer, TCP that is over, TCP that stands."""
    sites.gw1.new_net_nat(
        "office",
        udp_idle_session_timeout=40,
        tcp_established_connection_timeout=120,
        tcp_transient_connection_timeout=20,
    )
    Server(sites, "h2", 80, "word")

    def lasts(protocol: str) -> float:
        """Seconds until no session of that protocol is left."""
        begin = time.monotonic()
        while any(one.protocol == protocol for one in sites.gw1.get_net_nat_session()):
            assert time.monotonic() < begin + 200
            time.sleep(0.25)
        return time.monotonic() - begin

    def tcp_state() -> set[str]:
        return {one.state for one in sites.gw1.get_net_nat_session() if one.protocol == "TCP"}

    sites.network["h1"].run(["python3", "-c", "import socket; socket.socket(2, 2).sendto(b'x', ('10.2.0.1', 9))"])
    assert lasts("UDP") == pytest.approx(40, abs=1)
    assert fetch(sites, "h1", "10.2.0.1", 80) == f"word {WAN[1]}"
    until("the connection is over", lambda: tcp_state() == {"TIME_WAIT"})
    assert lasts("TCP") == pytest.approx(20, abs=1)
    for node, role in (("h2", "listen"), ("h1", "call")):
        end = sites.network[node].popen(["python3", "-c", IDLE, role], stdout=subprocess.PIPE, text=True)
        assert end.stdout.readline() == "ready\n"
    until("the connection stands", lambda: tcp_state() == {"ESTABLISHED"})
    assert lasts("TCP") == pytest.approx(120, abs=1)


def test_ipv6_is_not_translated(sites: Sites) -> None:
    with pytest.raises(GatewayRefusedError, match="NAT is for IPv4 only"):
        sites.gw1.new_net_nat("six", internal_ip_interface_address_prefix="2001:db8:1::/64")
    assert sites.gw1.get_net_nat() == ()
