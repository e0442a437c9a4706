"""Two tenants with equal addresses on compute hosts: what the tests of virtual networks stand on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from waiting import until

from raslab.hnv import Datacenter
from raslab.measure.observable import ObservableNetwork
from topologies.datacenter import Datacenter as Physical
from topologies.datacenter import provider_address

VSIDS = {"Contoso": 5001, "Fabrikam": 6001}
SQL, WEB, APP = "10.1.1.11", "10.1.1.12", "10.1.2.13"
SQL6, WEB6 = "2001:db8:1::11", "2001:db8:1::12"
MACHINES = ("sql", "web", "app")
_PORT = 7007
_ANSWER_S = 0.5


class Tenants:
    """Both tenants have subnet 10.1.1.0/24 with sql on host1 and web on host2, and 10.1.2.0/24 with app on host1.

    Their names are Contoso, with VSIDs 5001 and 5002, and Fabrikam, with 6001 and 6002.
    """

    def __init__(self, network: ObservableNetwork, **options: Any) -> None:
        self.network = network
        self.dc = Datacenter(network, **options)
        for number in range(1, sum(name.startswith("host") for name in network.nameToNode) + 1):
            self.dc.add_compute_host(f"host{number}", provider_address(number))
        for tenant, vsid in VSIDS.items():
            name = tenant.lower()
            self.dc.add_virtual_network(tenant)
            self.dc.add_virtual_subnet(tenant, vsid, "10.1.1.0/24", "2001:db8:1::/64")
            self.dc.add_virtual_subnet(tenant, vsid + 1, "10.1.2.0/24")
            self.dc.attach(f"{name}-sql", vsid, host="host1", addresses=[f"{SQL}/24", f"{SQL6}/64"])
            self.dc.attach(f"{name}-web", vsid, host="host2", addresses=[f"{WEB}/24", f"{WEB6}/64"])
            self.dc.attach(f"{name}-app", vsid + 1, host="host1", addresses=f"{APP}/24")

    def pings(self, source: str, target: str, *options: str, count: int = 1) -> int:
        """How many of `count` echo requests are answered."""
        argv = ["ping", "-c", str(count), "-i", "0.05", "-W", "1", *options, target]
        return self.network[source].run(argv, timeout=60).stdout.count("bytes from")

    def forget(self, *names: str) -> None:
        """Let machines forget their neighbours, so that they have to ask anew."""
        for name in names:
            for version in ("-4", "-6"):
                self.network[name].run(["ip", version, "neigh", "flush", "all"])

    def whoever_is(self, target: str, source: str) -> str | None:
        """The name that the machine with an address gives to a machine; None if nobody answers. See `listening`."""
        return self.network[source].call(_ask, target)


@contextmanager
def tenants(*, hosts: int = 2, mtu: int = 1780, start: bool = True, **options: Any) -> Iterator[Tenants]:
    """The tenants on a datacenter of so many hosts, running. options: of `Datacenter`."""
    with ObservableNetwork(Physical(hosts=hosts, mtu=mtu, machines=MACHINES)) as network:
        bed = Tenants(network, **options)
        bed.dc.start()
        until("the machines know their router", lambda: bed.pings("contoso-sql", "10.1.1.1"))
        yield bed


@contextmanager
def listening(bed: Tenants, *names: str) -> Iterator[None]:
    """Machines that tell their name to everybody who asks by UDP, while the block runs."""
    sockets = {name: bed.network[name].call(_listen) for name in names}
    threads = [threading.Thread(target=_answer, args=(one, name), daemon=True) for name, one in sockets.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in sockets.values():
            with suppress(OSError):  # it is not connected, says the kernel, and wakes up who waits
                one.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for one in sockets.values():
            one.close()


def _listen() -> socket.socket:
    one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind(("::", _PORT))
    return one


def _answer(one: socket.socket, name: str) -> None:
    while True:
        try:
            question, asker = one.recvfrom(64)
        except OSError:
            return
        if not question:
            return
        one.sendto(name.encode(), asker)


def _ask(target: str) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(_ANSWER_S)
        one.sendto(b"who are you?", (target, _PORT))
        try:
            return one.recv(64).decode()
        except TimeoutError:
            return None
