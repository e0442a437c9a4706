"""Another maker's load balancer between a cloud's gateway and the tenants' servers (scenario S14).

    c-pc -- c-ny --.           .-- lb --.
                    inet -- csp          rack -- c-vm1 c-vm2 c-vm3   VLAN 10
    w-pc -- w-ny --'           `--------'     -- w-vm1 w-vm2 w-vm3   VLAN 20

Both tenants are 10.1.0.0/24 at home, and both have servers 10.0.0.11, .12 and .13 with the service address 10.0.1.80 in
front of them. The load balancer keeps them apart by VLAN, and by GRE key towards the gateway, which has a leg in each
VLAN, too. The rack's switch has every server's port in its tenant's VLAN. Tunnels of the gateways are left to them. Try
it with `mn --custom topologies/service_insertion.py --topo service_insertion --test none`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raslab.net import Topo
from raslab.net.mn import *  # noqa: F403 - what `mn --custom` takes from here
from raslab.services.nftables import Chain, Nftables, Table

CSP, CSP_ADDRESS = "csp", "203.0.113.1"
LB, LB_ADDRESS = "lb", "192.0.2.2"
FABRIC_ADDRESS = "192.0.2.1"  # the gateway's, towards the load balancer
SITE, SERVERS, SERVICES = "10.1.0.0/24", "10.0.0.0/24", "10.0.1.0/24"
SERVICE_ADDRESS = "10.0.1.80"
SERVER_ADDRESSES = ("10.0.0.11", "10.0.0.12", "10.0.0.13")
AROUND, THROUGH = "10.0.0.254", "10.0.0.253"  # of the gateway and the load balancer in each VLAN


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, the letter that his nodes begin with, his VLAN, and the public address of his site's gateway."""

    name: str
    letter: str
    vlan_id: int
    public: str

    @property
    def host(self) -> str:
        """The host at his site."""
        return f"{self.letter}-pc"

    @property
    def gateway(self) -> str:
        """The gateway of his site."""
        return f"{self.letter}-ny"

    @property
    def servers(self) -> tuple[str, ...]:
        """His virtual machines."""
        return tuple(f"{self.letter}-vm{number}" for number in range(1, len(SERVER_ADDRESSES) + 1))

    @property
    def vlan(self) -> str:
        """The interface for his VLAN, of whoever has one."""
        return f"vlan{self.vlan_id}"

    @property
    def tunnel(self) -> str:
        """The load balancer's tunnel to the gateway."""
        return f"{self.letter}-csp"

    @property
    def vrf(self) -> str:
        """His routing table on the load balancer."""
        return self.name.lower()

    @property
    def gre_key(self) -> int:
        """The key of his tunnel between gateway and load balancer."""
        return 1000 + self.vlan_id

    @property
    def hops(self) -> tuple[str, str]:
        """Addresses in that tunnel: the gateway's and the load balancer's."""
        return f"10.255.{self.vlan_id}.1", f"10.255.{self.vlan_id}.2"


CONTOSO = Tenant("Contoso", "c", 10, "198.51.100.1")
WOODGROVE = Tenant("Woodgrove", "w", 20, "198.51.100.5")
TENANTS = (CONTOSO, WOODGROVE)


class ServiceInsertion(Topo):
    """Sites' hosts are number 1 of their networks and gateways number 254.

    rate_mbps: of each gateway's line to the Internet. delay_ms: one way, from a site to the provider. vlans: whether
    the rack's switch knows them; else it passes every tag to everybody.
    """

    def build(self, rate_mbps: float | None = 100, delay_ms: float = 10.0, vlans: bool = True) -> None:
        self.tenants = {name: one.name for one in TENANTS for name in (one.host, one.gateway, *one.servers)}
        self.tenants |= {f"{LB}:{name}": one.name for one in TENANTS for name in (one.tunnel, one.vlan, one.vrf)}
        for router in ("inet", CSP, LB):
            self.addRouter(router)
        self.addSwitch("rack")
        line: dict[str, Any] = {"rate_mbps": rate_mbps, "delay_ms": delay_ms / 2}
        self._to_internet(CSP, CSP_ADDRESS, **line)
        ends = {"name": "fab0", "ips": [f"{FABRIC_ADDRESS}/30"]}, {"name": "fab0", "ips": [f"{LB_ADDRESS}/30"]}
        self.addLink(CSP, LB, params1=ends[0], params2=ends[1])
        for node in (LB, CSP):
            port = {"name": f"to-{node}", "vlans": [one.vlan_id for one in TENANTS] if vlans else []}
            self.addLink(node, "rack", params1={"name": "trunk"}, params2=port)
        for tenant in TENANTS:
            self._site(tenant, **line)
            self._load_balancer(tenant)
            self._servers(tenant, [tenant.vlan_id] if vlans else [])
            self.addVlan(CSP, "trunk", tenant.vlan_id, name=tenant.vlan, ips=[f"{AROUND}/24"])

    def _site(self, tenant: Tenant, **line: Any) -> None:
        self.addHost(tenant.host, defaultRoute="via 10.1.0.254")
        self.addRouter(tenant.gateway)
        ends = {"name": "lan0", "ips": ["10.1.0.1/24"]}, {"name": "lan0", "ips": ["10.1.0.254/24"]}
        self.addLink(tenant.host, tenant.gateway, params1=ends[0], params2=ends[1])
        self._to_internet(tenant.gateway, tenant.public, **line)

    def _load_balancer(self, tenant: Tenant) -> None:
        """The tenant's routing table, with his tunnel to the gateway, his VLAN, and the service's address."""
        here, there = tenant.hops[::-1]
        self.addVrf(LB, tenant.vrf, ips=[f"{SERVICE_ADDRESS}/32"])
        ends: dict[str, Any] = {"local": LB_ADDRESS, "remote": FABRIC_ADDRESS, "key": tenant.gre_key}
        self.addTunnel(LB, tenant.tunnel, **ends, ips=[f"{here}/30"], master=tenant.vrf)
        self.addVlan(LB, "trunk", tenant.vlan_id, name=tenant.vlan, ips=[f"{THROUGH}/24"], master=tenant.vrf)
        self.addRoute(LB, "default", via=there, vrf=tenant.vrf)

    def _servers(self, tenant: Tenant, vlans: list[int]) -> None:
        for name, address in zip(tenant.servers, SERVER_ADDRESSES, strict=True):
            self.addHost(name, ips=[])
            port = {"name": f"to-{name}", "vlans": vlans}
            self.addLink(name, "rack", params1={"name": "lan0"}, params2=port)
            self.addVlan(name, "lan0", tenant.vlan_id, name=tenant.vlan, ips=[f"{address}/24"])
            self.addRoute(name, "default", via=THROUGH)

    def _to_internet(self, gateway: str, address: str, **line: Any) -> None:
        """A line of the gateway to the Internet, which has the next address at its end."""
        first, _, last = address.rpartition(".")
        hop = f"{first}.{int(last) + 1}"
        ends = {"name": "wan0", "ips": [f"{address}/30"]}, {"name": f"to-{gateway}", "ips": [f"{hop}/30"]}
        self.addLink(gateway, "inet", **line, params1=ends[0], params2=ends[1])
        self.addRoute(gateway, "default", via=hop)


def load_balancer(tenants: tuple[Tenant, ...] = TENANTS) -> Nftables:
    """What the load balancer does: each tenant's requests go to his servers in turn, replies the same way back.

    tenants: those who have a connection table of their own, a zone; the others share one.
    """
    zones = ", ".join(f'"{name}" : {one.vlan_id}' for one in tenants for name in (one.tunnel, one.vlan, one.vrf))
    servers = ", ".join(f"{number} : {address}" for number, address in enumerate(SERVER_ADDRESSES))
    turn = f"numgen inc mod {len(SERVER_ADDRESSES)} map {{ {servers} }}"
    chains = {
        "zones": Chain(
            "type filter hook prerouting priority raw; policy accept;",
            (f"ct zone set iifname map {{ {zones} }}",) if tenants else (),
        ),
        "balance": Chain(
            "type nat hook prerouting priority dstnat; policy accept;",
            tuple(f'iifname "{one.tunnel}" ip daddr {SERVICE_ADDRESS} tcp dport 80 dnat to {turn}' for one in TENANTS),
        ),
        "stateful": Chain(
            "type filter hook forward priority filter; policy accept;",
            ("ct state invalid counter drop",),
        ),
    }
    return Nftables(tables=(Table("ip", "balancer", chains),))


topos = {"service_insertion": ServiceInsertion}
