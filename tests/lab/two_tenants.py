"""Two tenants with equal addresses on one gateway: what the tests of multitenancy stand on."""

from __future__ import annotations

import subprocess

from waiting import until  # noqa: F401 - the tests take it from here

from raslab.gateway import RasGateway, start_together
from raslab.net import Network, Topo
from raslab.services import Supervisor

NAMES = {1: "Contoso", 2: "Woodgrove"}
SITES = {1: "198.51.100.1", 2: "198.51.100.129"}
OUTSIDE = "203.0.113"
SERVER = "192.0.2.80"


class TwoTenants(Topo):
    """vmN - csp - isp - siteN - hN, for tenant 1 and 2; the datacentre has 10.1.0.0/24 and each site 10.2.0.0/24.

    IPv6 likewise: 2001:db8:1::/64 and 2001:db8:2::/64, in both tenants the same. isp is a public server too.
    """

    def build(self) -> None:
        for name in ("csp", "isp"):
            self.addRouter(name)
        wan = {"name": "wan0", "ips": [f"{OUTSIDE}.1/24", f"{OUTSIDE}.2/24"]}
        isp = {"name": "csp", "ips": [f"{OUTSIDE}.254/24", f"{SERVER}/32"]}
        self.addLink("csp", "isp", params1=wan, params2=isp, rate_mbps=100, delay_ms=1)
        self.addRoute("csp", "default", via=f"{OUTSIDE}.254")
        for tenant, address in SITES.items():
            self.addRouter(f"site{tenant}")
            for host, router, side, port in (("vm", "csp", 1, f"tenant{tenant}"), ("h", f"site{tenant}", 2, "lan0")):
                lan, lan6 = f"10.{side}.0", f"2001:db8:{side}:"
                self.addHost(f"{host}{tenant}", defaultRoute=[f"via {lan}.254", f"via {lan6}:fe"])
                inner = {"name": "eth0", "ips": [f"{lan}.1/24", f"{lan6}:1/64"]}
                outer = {"name": port, "ips": [f"{lan}.254/24", f"{lan6}:fe/64"]}
                self.addLink(f"{host}{tenant}", router, params1=inner, params2=outer, rate_mbps=1000, delay_ms=0.1)
            hop = f"198.51.100.{126 if tenant == 1 else 254}"
            ends = {"name": "wan0", "ips": [f"{address}/25"]}, {"name": f"site{tenant}", "ips": [f"{hop}/25"]}
            self.addLink(f"site{tenant}", "isp", params1=ends[0], params2=ends[1], rate_mbps=100, delay_ms=1)
            self.addRoute(f"site{tenant}", "default", via=hop)


class Tenants:
    """The network, running; csp is multitenant and has a routing domain for each tenant, sites are gateways too."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.services = Supervisor(network)
        self.csp, self.site1, self.site2 = (
            RasGateway(network[name], self.services) for name in ("csp", "site1", "site2")
        )
        self.csp.install_remote_access(multi_tenancy=True)
        for site in self.sites.values():
            site.install_remote_access()
        for tenant, name in NAMES.items():
            self.csp.enable_remote_access_routing_domain(name, interfaces=f"tenant{tenant}")

    @property
    def sites(self) -> dict[int, RasGateway]:
        """The gateway of each tenant's own site."""
        return {1: self.site1, 2: self.site2}

    def start(self) -> None:
        """Start all gateways at once."""
        start_together([self.csp, self.site1, self.site2])

    def pings(self, tenant: int, target: str = "10.2.0.1", source: str = "vm", count: int = 1) -> int:
        """How many of `count` echo requests of a tenant's host are answered."""
        command = ["ping", "-c", str(count), "-i", "0.05", "-W", "1", target]
        return self.network[f"{source}{tenant}"].run(command, timeout=30).stdout.count("bytes from")

    def serve(self, node: str, port: int, word: str) -> None:
        """A server on a node that answers each TCP connection with a word and the address that it sees."""
        code = (
            "import socket\n"
            f"s = socket.create_server(('', {port}))\n"
            "print('ready', flush=True)\n"
            "while True:\n"
            "    c, a = s.accept()\n"
            f"    c.sendall(f'{word} {{a[0]}} {{a[1]}}'.encode()); c.close()\n"
        )
        process = self.network[node].popen(["python3", "-c", code], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"

    def fetch(self, node: str, address: str, port: int, own_port: int = 0) -> str:
        """What a server says; empty if there is no connection within a second."""
        code = (
            "import socket\n"
            "s = socket.socket(); s.settimeout(1)\n"
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
            "try:\n"
            f"    s.bind(('', {own_port})); s.connect(('{address}', {port}))\n"
            "    print(s.recv(100).decode(), end='')\n"
            "except OSError:\n"
            "    pass\n"
        )
        return str(self.network[node].run(["python3", "-c", code], timeout=20).stdout)
