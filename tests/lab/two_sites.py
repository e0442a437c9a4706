"""Two sites with a gateway each and an Internet of one router between them: what the tests of gateways stand on."""

from __future__ import annotations

from waiting import until  # noqa: F401 - tests of gateways take it from here

from raslab.gateway import RasGateway, start_together
from raslab.net import Network, Topo
from raslab.services import Supervisor

WAN = {1: "203.0.113.1", 2: "198.51.100.2"}
WAN6 = {1: "2001:db8:a::1", 2: "2001:db8:b::2"}


class TwoSites(Topo):
    """h1 - gw1 - isp - gw2 - h2; site N has 10.N.0.0/24 and 2001:db8:N::/64."""

    def build(self) -> None:
        self.addRouter("isp")
        for site, (isp4, isp6) in {
            1: ("203.0.113.254", "2001:db8:a::fe"),
            2: ("198.51.100.254", "2001:db8:b::fe"),
        }.items():
            lan, lan6 = f"10.{site}.0", f"2001:db8:{site}:"
            self.addRouter(f"gw{site}")
            self.addHost(f"h{site}", defaultRoute=[f"via {lan}.254", f"via {lan6}:fe"])
            self.addLink(
                f"h{site}",
                f"gw{site}",
                params1={"name": "eth0", "ips": [f"{lan}.1/24", f"{lan6}:1/64"]},
                params2={"name": "lan0", "ips": [f"{lan}.254/24", f"{lan6}:fe/64"]},
            )
            self.addLink(
                f"gw{site}",
                "isp",
                params1={"name": "wan0", "ips": [f"{WAN[site]}/24", f"{WAN6[site]}/64"]},
                params2={"name": f"site{site}", "ips": [f"{isp4}/24", f"{isp6}/64"]},
                rate_mbps=100,
                delay_ms=1,
            )
            self.addRoute(f"gw{site}", "default", via=isp4)
            self.addRoute(f"gw{site}", "default", via=isp6)


class Sites:
    """The network, running, with a gateway on each site that has its role and nothing else."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.services = Supervisor(network)
        self.gw1, self.gw2 = (RasGateway(network[f"gw{site}"], self.services) for site in (1, 2))
        for gateway in (self.gw1, self.gw2):
            gateway.install_remote_access(vpn_type="VpnS2S")

    def start(self) -> None:
        """Start both gateways at once."""
        start_together([self.gw1, self.gw2])

    def pings(self, target: str = "10.2.0.1", source: str = "h1", count: int = 1) -> int:
        """How many of `count` echo requests are answered."""
        result = self.network[source].run(["ping", "-c", str(count), "-i", "0.05", "-W", "1", target], timeout=30)
        return result.stdout.count("bytes from")
