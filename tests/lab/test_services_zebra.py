"""zebra and interfaces that come while it runs, without any gateway: what it misses, and how it learns of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from raslab.net import Network, Topo
from raslab.services import Bgpd, Supervisor, Zebra
from raslab.services.zebra_addresses import lacking

# What zebra misses is a matter of which of its threads is faster. In virtual time both take no time at all.
pytestmark = [pytest.mark.usefixtures("root", "addresses_first"), pytest.mark.real]
AT_ONCE = 20
AS = {"r1": 65001, "r2": 65002}
ENDS = {"r1": ("192.0.2.1", "192.0.2.2"), "r2": ("192.0.2.2", "192.0.2.1")}


class Two(Topo):
    """Two routers."""

    def build(self) -> None:
        for name in AS:
            self.addRouter(name)
        ends = ({"name": "wan0", "ip": f"{ENDS[name][0]}/24"} for name in AS)
        self.addLink("r1", "r2", params1=next(ends), params2=next(ends))


@pytest.fixture
def services() -> Iterator[Supervisor]:
    """FRR on both routers, without neighbours."""
    with Network(Two()) as network:
        supervisor = Supervisor(network)
        supervisor.apply({name: [Zebra(), Bgpd(bgp(name))] for name in AS})
        yield supervisor


def bgp(router: str, *neighbours: str) -> str:
    """bgpd's configuration; neighbours: addresses in the other AS."""
    rows = ["frr defaults datacenter", f"router bgp {AS[router]}", f" bgp router-id {ENDS[router][0]}"]
    other = AS["r2" if router == "r1" else "r1"]
    rows += [row for one in neighbours for row in (f" neighbor {one} remote-as {other}", _TIMER.format(one))]
    return "\n".join(rows)


_TIMER = " neighbor {} timers connect 1"


@pytest.fixture
def addresses_first(services: Supervisor) -> None:
    """As on a busy computer: the thread of a zebra that reads addresses runs before the one that reads interfaces."""
    threads = [
        int(task.name)
        for pid in subprocess.run(["pidof", "zebra"], capture_output=True, text=True).stdout.split()
        for task in Path(f"/proc/{pid}/task").iterdir()
        if (task / "comm").read_text() == "zebra_dplane\n"
    ]
    assert len(threads) == len(AS)
    for thread in threads:
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))


def add_tunnels(services: Supervisor, router: str, keys: range) -> None:
    """A subnet of each tunnel between the two routers, all in one change; ends when zebra knows the interfaces."""
    local, remote = ENDS[router]
    with services.network.changing():
        for key in keys:
            addresses = [
                f"172.16.{key}.{router[1]}/24",
                f"172.16.{key}.10{router[1]}/24",
                f"fd00:{key}::{router[1]}/64",
            ]
            services.network.addTunnel(router, f"t{key}", local=local, remote=remote, key=key, ips=addresses)
    vty = services.vty(router, "zebra")
    names = {f"t{key}" for key in keys}
    until("zebra knows the tunnels", lambda: names <= vty.show("show interface vrf all brief json").keys())


def missing(services: Supervisor, router: str) -> set[int]:
    """The keys of tunnels of which zebra lacks an address."""
    return {int(name[1:]) for name, _ in lacking(services.vty(router, "zebra"), services.network[router])}


def lose_some(services: Supervisor, *routers: str) -> int:
    """Add tunnels until zebra of all these routers has missed the address of the same one; the key of that one.

    Skips the test if zebra misses nothing, as that of FRR 10 does.
    """
    for first in range(1, 200, AT_ONCE):
        for router in routers:
            add_tunnels(services, router, range(first, first + AT_ONCE))
        if lost := set.intersection(*(missing(services, router) for router in routers)):
            return max(lost)
    pytest.skip("this zebra has missed nothing")


def connected(services: Supervisor, router: str, key: int) -> bool:
    """Whether FRR has a route to the subnet of a tunnel."""
    return f"172.16.{key}.0/24" in services.vty(router, "zebra").show("show ip route json")


def test_a_session_comes_up_over_a_tunnel_whose_address_zebra_had_missed(services: Supervisor) -> None:
    key = lose_some(services, *AS)
    assert not any(connected(services, router, key) for router in AS)  # and that would stay so
    ends = {"r1": f"172.16.{key}.2", "r2": f"172.16.{key}.1"}
    services.apply({name: [Zebra(), Bgpd(bgp(name, ends[name]))] for name in AS})
    for router in AS:
        assert missing(services, router) == set()
        assert connected(services, router, key)
    vty = services.vty("r1", "bgpd")

    def state() -> str:
        return str(vty.show("show bgp ipv4 unicast summary json")["peers"][ends["r1"]]["state"])

    until("there is a session", lambda: state() == "Established")


def test_zebra_learns_of_them_also_where_nothing_else_is_to_be_done(services: Supervisor) -> None:
    lose_some(services, "r1")
    before = services.network["r1"].run(["ip", "address"]).stdout
    services.apply({"r2": services.declared("r2")})
    assert missing(services, "r1")
    assert services.apply({"r1": services.declared("r1")}) == ()
    assert missing(services, "r1") == set()
    assert services.network["r1"].run(["ip", "address"]).stdout == before
