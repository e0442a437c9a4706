"""Two tenants with equal addresses on compute hosts: what the tests of virtual networks stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waiting import until

from raslab.hnv import Datacenter
from raslab.measure.greeting import Greeter, who_answers
from raslab.measure.observable import ObservableNetwork
from topologies.datacenter import Datacenter as Physical
from topologies.datacenter import provider_address

VSIDS = {"Contoso": 5001, "Fabrikam": 6001}
SQL, WEB, APP = "10.1.1.11", "10.1.1.12", "10.1.2.13"
SQL6, WEB6 = "2001:db8:1::11", "2001:db8:1::12"
MACHINES = ("sql", "web", "app")


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

    def who_is(self, target: str, source: str) -> str:
        """The name of the machine that answers at an address, or ``nobody`` and why."""
        return who_answers(self.network[source], target)

    def who_listens(self, *names: str) -> None:
        """Let machines say their names to whoever calls them."""
        for name in names:
            Greeter(self.network[name])


@contextmanager
def tenants(*, hosts: int = 2, mtu: int = 1780, **options: Any) -> Iterator[Tenants]:
    """The tenants on a datacenter of so many hosts, running. options: of `Datacenter`."""
    with ObservableNetwork(Physical(hosts=hosts, mtu=mtu, machines=MACHINES)) as network:
        bed = Tenants(network, **options)
        bed.dc.start()
        until("the machines know their router", lambda: bed.pings("contoso-sql", "10.1.1.1"))
        yield bed
