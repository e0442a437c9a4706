"""NAT44 at the edge: what the outside sees of an office, and what it gets in to (scenario S16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labs.scenario_page import write
from raslab.course.changes import typed
from raslab.course.lab import scenario_lab
from raslab.course.scenario import Check, Scenario, Twin
from raslab.errors import LabFailedError
from raslab.model.observation import Observation
from raslab.net.waiting import wait_until_listening
from topologies.enterprise_edge import EnterpriseEdge

if TYPE_CHECKING:
    from raslab.course.bed import Bed

OFFICE = "10.1.0.0/16"
OUTSIDE = "gw2"  # no gateway here: somebody on the Internet, such as a card processor
OUTSIDE4, OUTSIDE6 = "198.51.100.2", "2001:db8:b02::2"
PUBLIC4, PUBLIC6 = "203.0.113.1", "2001:db8:a1::1"
WEB_SERVER, WEB_SERVER6 = "10.1.1.10", "2001:db8:1::10"
UNMAPPED_PORT = 8081

_SERVER = """
import socket, sys, threading
def serve(port):
    server = socket.create_server(("", port))
    while True:
        client, _ = server.accept()
        client.sendall(b"shop %d" % port)
        client.close()
for port in map(int, sys.argv[1:]):
    threading.Thread(target=serve, args=[port]).start()
"""
_CLIENT = """
import socket, sys
try:
    print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).recv(100).decode())
except OSError as error:
    print("no answer" if isinstance(error, TimeoutError) else error.strerror)
"""


def set_up(bed: Bed) -> None:
    """The office leaves as one address; port 80 of that address is the web server's port 8080."""
    gw1 = bed.gateway("gw1")
    gw1.install_remote_access(vpn_type="RoutingOnly")
    gw1.new_net_nat("office", internal_ip_interface_address_prefix=OFFICE)
    _map_web_server(bed)


def _map_web_server(bed: Bed) -> None:
    bed.gateway("gw1").add_net_nat_static_mapping("office", "TCP", 80, WEB_SERVER, internal_port=8080)


def web_server(bed: Bed) -> None:
    """The office's host serves on two ports; one of them is nobody's business outside."""
    ports = (8080, UNMAPPED_PORT)
    server = bed["host1"].popen(["python3", "-c", _SERVER, *map(str, ports)])
    for port in ports:
        if not wait_until_listening(bed["host1"], port, server, 10):
            raise LabFailedError(bed.name, "the web server on host1 did not start")


def fetch(bed: Bed, port: int) -> Observation:
    """What somebody outside gets from a port of the office's public address."""
    said = bed[OUTSIDE].run(["python3", "-c", _CLIENT, PUBLIC4, str(port)]).stdout.strip()
    return Observation(said.startswith("shop"), f"port {port} says {said!r}")


def silent(bed: Bed) -> Observation:
    """Whether the web server's other port cannot be reached from outside."""
    fetched = fetch(bed, UNMAPPED_PORT)
    return Observation(not fetched, fetched.seen)


def sources(bed: Bed, target: str) -> set[str]:
    """The addresses from which echo requests of the office's two machines arrive outside."""
    from raslab.measure import capture

    with capture(bed[OUTSIDE], "icmp[0] == 8 or (icmp6 and ip6[40] == 128)", interface="wan0") as seen:
        for node in ("host1", "core"):
            bed[node].run(["ping", "-c", "1", "-W", "1", target])
    frame = seen.frame
    return set(frame[frame["destination"] == target]["source"])


def one_source(bed: Bed) -> Observation:
    """Everything of the office comes from the gateway's public address."""
    seen = sources(bed, OUTSIDE4)
    return Observation(seen == {PUBLIC4}, f"the outside sees {', '.join(sorted(seen)) or 'nobody'}")


def own_ipv6_source(bed: Bed) -> Observation:
    """IPv6 packets keep the address of who sends them."""
    seen = sources(bed, OUTSIDE6)
    return Observation(WEB_SERVER6 in seen, f"the outside sees {', '.join(sorted(seen)) or 'nobody'}")


@contextmanager
def without_nat(bed: Bed) -> Iterator[None]:
    """The gateway forwards only."""
    gw1 = bed.gateway("gw1")
    gw1.remove_net_nat("office")
    try:
        yield
    finally:
        gw1.new_net_nat("office", internal_ip_interface_address_prefix=OFFICE)
        _map_web_server(bed)


@contextmanager
def without_mapping(bed: Bed) -> Iterator[None]:
    """The web server's port is not mapped."""
    bed.gateway("gw1").remove_net_nat_static_mapping("office", "TCP", 80)
    try:
        yield
    finally:
        _map_web_server(bed)


@contextmanager
def other_port_mapped(bed: Bed) -> Iterator[None]:
    """A port is mapped that should not be."""
    gw1 = bed.gateway("gw1")
    gw1.add_net_nat_static_mapping("office", "TCP", UNMAPPED_PORT, WEB_SERVER)
    try:
        yield
    finally:
        gw1.remove_net_nat_static_mapping("office", "TCP", UNMAPPED_PORT)


LAB = scenario_lab(
    name="nat-edge",
    title="NAT at the edge",
    scenarios=("S16",),
    summary="An office behind one public address: who it is outside, who gets in, and what IPv6 is spared",
    report=write,
    scenario=Scenario(
        topology=EnterpriseEdge,
        set_up=set_up,
        when_running=web_server,
        checks=(
            Check(
                question="Does the office reach somebody on the Internet?",
                ask=lambda bed: bed.reaches("host1", OUTSIDE4),
                verdict="The answers find their way back to a private address.",
                twin=Twin(what="there is no NAT", change=without_nat, sees="none of 2 echoes came back"),
            ),
            Check(
                question="Does the outside see one address for the whole office?",
                ask=one_source,
                verdict="Host and inner router share the gateway's public address.",
                twin=Twin(what="there is no NAT", change=without_nat, sees="10.1.1.10"),
            ),
            Check(
                question="Does the outside get to the web server?",
                ask=lambda bed: fetch(bed, 80),
                verdict="Port 80 of the public address is port 8080 of the server.",
                twin=Twin(what="there is no mapping", change=without_mapping, sees="port 80 says"),
            ),
            Check(
                question="Is a port that is not mapped closed to the outside?",
                ask=silent,
                verdict="What nobody inside has asked for does not get in.",
                twin=Twin(what="somebody maps that port too", change=other_port_mapped, sees="shop 8081"),
            ),
            Check(
                question="Does IPv6 keep its own addresses?",
                ask=own_ipv6_source,
                verdict="NAT is for IPv4; IPv6 has addresses enough.",
                twin=Twin(
                    what="somebody masquerades IPv6 by hand",
                    change=typed(
                        "gw1",
                        "nft add table ip6 own; add chain ip6 own post { type nat hook postrouting priority 100; };"
                        " add rule ip6 own post oifname wan0 masquerade",
                        undo="nft delete table ip6 own",
                    ),
                    sees=PUBLIC6,
                ),
            ),
        ),
    ),
)
