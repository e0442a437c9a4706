"""Four routers that speak BGP, one of them in the middle: what the tests of BGP stand on."""

from __future__ import annotations

from raslab.gateway import RasGateway
from raslab.net import Network, Topo
from raslab.services import Supervisor

WIRES = {"west": ("gw1", "gw2", "10.12.0"), "east": ("gw1", "gw3", "10.13.0"), "inside": ("gw1", "core", "10.14.0")}
NUMBERS = {"gw1": 1, "gw2": 2, "gw3": 3, "core": 4}
ASNS = {"gw1": 64512, "gw2": 64513, "gw3": 64514, "core": 64512}


class Star(Topo):
    """gw1 in the middle; gw2 and gw3 are other organisations, core is a router inside. Each has a LAN 10.N.0.0/24.

    Of a wire's ends the one at gw1 is number 1, in IPv4 and in IPv6: 10.12.0.1 and 2001:db8:12::1.
    """

    def build(self) -> None:
        for name, number in NUMBERS.items():
            self.addRouter(name)
            self.addHost(f"h{number}", defaultRoute=[f"via 10.{number}.0.254", f"via 2001:db8:{number}::fe"])
            sides = [{"name": "eth0", "ips": [f"10.{number}.0.1/24", f"2001:db8:{number}::1/64"]}]
            sides.append({"name": "lan0", "ips": [f"10.{number}.0.254/24", f"2001:db8:{number}::fe/64"]})
            self.addLink(f"h{number}", name, params1=sides[0], params2=sides[1])
        for wire, (one, other, prefix) in WIRES.items():
            six = ipv6_prefix(prefix)
            ends = [{"name": wire, "ips": [f"{prefix}.{end}/24", f"{six}{end}/64"]} for end in (1, 2)]
            # Without a delay, both sides of a session call at the same instant of virtual time, again and again.
            self.addLink(one, other, params1=ends[0], params2=ends[1], delay_ms=NUMBERS[other] - 1)


class Routers:
    """A gateway on each router with its own LAN to announce; sessions from gw1 to all others."""

    def __init__(self, network: Network, restart: bool = False) -> None:
        self.network = network
        self.services = Supervisor(network, restart=restart)
        self.all = {name: RasGateway(network[name], self.services) for name in NUMBERS}
        self.gw1, self.gw2, self.gw3, self.core = self.all.values()

    def configure(
        self,
        *,
        ipv6: bool = False,
        router: dict[str, object] | None = None,
        asns: dict[str, int] = ASNS,
        **peer: object,
    ) -> None:
        """Tell all routers what they are, and start them at once. router: settings of gw1; peer: of all sessions."""
        for name, gateway in self.all.items():
            number = NUMBERS[name]
            six = {"ipv6_routing": True, "local_ipv6_address": f"2001:db8:{number}::fe"} if ipv6 else {}
            own = (router or {}) if name == "gw1" else {}
            with gateway.changing():
                gateway.install_remote_access(vpn_type="RoutingOnly")
                gateway.add_bgp_router(bgp_identifier=f"10.{number}.0.254", local_asn=asns[name], **six, **own)
                routes = [f"10.{number}.0.0/24", *([f"2001:db8:{number}::/64"] if ipv6 else [])]
                gateway.add_bgp_custom_route(network=routes)
        for one, other, prefix in WIRES.values():
            for name, there, mine, theirs in ((one, other, 1, 2), (other, one, 2, 1)):
                self.all[name].add_bgp_peer(
                    there,
                    local_ip_address=f"{prefix}.{mine}",
                    peer_ip_address=f"{prefix}.{theirs}",
                    peer_asn=asns[there],
                    **peer,
                )

    def converged(self) -> bool:
        """All sessions are up."""
        return all(peer.connectivity_status == "Connected" for one in self.all.values() for peer in one.get_bgp_peer())

    def networks(self, name: str) -> set[str]:
        """The networks that a router has a best path to."""
        return {route.destination_network for route in self.all[name].get_bgp_route_information(type="Best")}

    def kernel(self, name: str, prefix: str) -> str:
        """The kernel's route."""
        return str(self.network[name].run(["ip", "route", "show", prefix]).stdout)


def ipv6_prefix(prefix: str) -> str:
    """What a wire's IPv6 addresses begin with."""
    return f"2001:db8:{prefix.split('.')[1]}::"


def lans(*numbers: int) -> set[str]:
    """The LANs of routers."""
    return {f"10.{number}.0.0/24" for number in numbers}
