"""What runs on the nodes of a software load balancer: pure, from its settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from raslab.services import Bgpd, Chain, Nftables, Service, Table, Zebra
from topologies.software_load_balancer import COMPUTE_HOSTS, EDGE, MUXES, TENANTS, ComputeHost, FabricNode, Tenant

EDGE_ASN, MUX_ASN = 64500, 64512
FIVE_TUPLE = "ip saddr . ip daddr . tcp sport . tcp dport"
"""What tells flows apart; the fifth is the protocol, which is TCP here."""
TWO_TUPLE = "ip saddr . ip daddr"
TABLE = "slb"


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be otherwise.

    out: machines that are out of rotation. stopped: MUXes without BGP. flow: what the hash is of. seeds: of the hash,
    on each MUX. crossed: VIPs have the other tenant's tunnel number. translates_back: hosts put the VIP into answers.
    """

    out: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    flow: str = FIVE_TUPLE
    seeds: tuple[int, ...] = (1,) * len(MUXES)
    crossed: bool = False
    translates_back: bool = True


def services(settings: Settings) -> dict[str, list[Service]]:
    """What runs where."""
    wanted: dict[str, list[Service]] = {EDGE: [Zebra(), Bgpd(_edge_bgp())]}
    for mux, seed in zip(MUXES, settings.seeds, strict=True):
        bgp = [] if mux.name in settings.stopped else [Bgpd(_mux_bgp(mux))]
        wanted[mux.name] = [Zebra(), *bgp, Nftables((_mux_table(settings, seed),))]
    for host in COMPUTE_HOSTS:
        wanted[host.name] = [Nftables((_host_table(host, settings),))]
    return wanted


def _edge_bgp() -> str:
    sessions = [f" neighbor {mux.address} remote-as {MUX_ASN}" for mux in MUXES]
    timers = [f" neighbor {mux.address} timers connect 1" for mux in MUXES]
    return _bgp(EDGE_ASN, *sessions, *timers, " address-family ipv4 unicast", f"  maximum-paths {len(MUXES)}")


def _mux_bgp(mux: FabricNode) -> str:
    sessions = f" neighbor {mux.hop} remote-as {EDGE_ASN}", f" neighbor {mux.hop} timers connect 1"
    vips = [f"  network {tenant.vip}/32" for tenant in TENANTS]
    return _bgp(MUX_ASN, *sessions, " no bgp network import-check", " address-family ipv4 unicast", *vips)


def _bgp(asn: int, *lines: str) -> str:
    beginning = "frr defaults datacenter", f"router bgp {asn}", " no bgp ebgp-requires-policy", " coalesce-time 0"
    return "\n".join([*beginning, *lines])


def _mux_table(settings: Settings, seed: int) -> Table:
    """Marks a packet for a VIP with the machine that it is for. No rule asks conntrack, so nothing is remembered."""
    numbers = TENANTS[::-1] if settings.crossed else TENANTS
    rules = [rule for vip, own in zip(TENANTS, numbers, strict=True) for rule in _picks(vip, own, settings, seed)]
    return Table("ip", TABLE, {"pick": Chain(_before_routing("mangle"), tuple(rules))})


def _picks(tenant: Tenant, own: Tenant, settings: Settings, seed: int) -> Iterator[str]:
    """The rules for a tenant's VIP. own: whose tunnels they lead to."""
    takers = [_taker(own, number, settings.out) for number in range(len(COMPUTE_HOSTS))]
    elements = ", ".join(f"{number} : {own.mark(taker)}" for number, taker in enumerate(takers) if taker)
    if elements:
        chosen = f"jhash {settings.flow} mod {len(COMPUTE_HOSTS)} seed {seed} map {{ {elements} }}"
        yield f"ip daddr {tenant.vip} meta l4proto tcp meta mark set {chosen} accept"
    yield f"ip daddr {tenant.vip} drop"


def _taker(tenant: Tenant, number: int, out: frozenset[str]) -> ComputeHost | None:
    """Who takes the flows with a hash: the host of that number, or, if its machine is out, the next whose is not.

    So the flows of the other machines stay where they are.
    """
    around = (*COMPUTE_HOSTS[number:], *COMPUTE_HOSTS[:number])
    return next((host for host in around if tenant.machine(host) not in out), None)


def _host_table(host: ComputeHost, settings: Settings) -> Table:
    """Gives what comes out of a tenant's tunnels to his machine, and its answers the address that was called.

    Each tenant's connections are in a zone of conntrack of his own, as all have the same addresses.
    """
    zones, translations = [], []
    for tenant in TENANTS:
        tunnels = ", ".join(f'"{tenant.tunnel(mux)}"' for mux in MUXES)
        zones.append(f'iifname {{ {tunnels}, "{tenant.port}" }} ct zone set {tenant.key}')
        translations.append(f"iifname {{ {tunnels} }} dnat to {host.dip}")
    if not settings.translates_back:
        zones = [*(f'iifname "{tenant.port}" notrack accept' for tenant in TENANTS), *zones]
    chains = {
        "zones": Chain(_before_routing("raw"), tuple(zones)),
        "translate": Chain("type nat hook prerouting priority dstnat; policy accept", tuple(translations)),
    }
    return Table("ip", TABLE, chains)


def _before_routing(priority: str) -> str:
    return f"type filter hook prerouting priority {priority}; policy accept"
