"""How many tenants a gateway carries: time until all of them work, memory, time for one more, and one's throughput.

    .venv/bin/raslab exec --machine uml -- .venv/bin/python -m benchmarks.tenants 1 10 50 100 200 </dev/null
    .venv/bin/raslab exec --machine uml -- .venv/bin/python -m benchmarks.tenants 200 --gateways 4 </dev/null

Each tenant has a routing domain on a gateway and on an edge router of the provider, a GRE tunnel with a key between
them, a BGP session inside of it, NAT, and a host at either end; all tenants have the same addresses. Prints a line of
JSON per number of tenants:

- `network_s`: namespaces, links and addresses; `gateways_s`: until all daemons have taken all they were told;
  `converged_s`: from nothing until every session is up and every virtual machine has got an answer from its tenant's
  host, and from nobody else's, and from the Internet; these are on the lab's clock.
- `memory_mib`: what the whole lab takes of the machine's memory then, also per tenant; `bgpd_mib`: the largest bgpd
  of it.
- `one_more_s`: to give a running gateway one more tenant; `reached_s`: until its hosts reach each other too.
- `throughput_mbps`: of the first tenant, with the others idle, `--seconds` of TCP.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raslab.course.bed import Bed
from raslab.gateway import RasGateway
from raslab.machine.here import here
from raslab.measure import throughput
from raslab.measure.observable import ObservableNetwork
from topologies.provider_edge import (
    PC_ADDRESS,
    PC_GATEWAY,
    PC_NETWORK,
    VM_GATEWAY,
    VM_NETWORK,
    ProviderEdge,
    Tenant,
    edge_address,
    gateway_address,
    hop,
    public_address,
    tenants_of,
)

DEADLINE_S = 300.0


def tell(bed: Bed, tenants: Sequence[Tenant], kinds: Sequence[str] = ("pe", "gw")) -> None:
    """All about these tenants, to edge routers and gateways: one change of each node."""
    for node in dict.fromkeys(f"{kind}{tenant.pair}" for kind in kinds for tenant in tenants):
        gateway = bed.gateway(node)
        with gateway.changing():
            for tenant in tenants:
                if node in (f"gw{tenant.pair}", f"pe{tenant.pair}"):
                    add_tenant(gateway, tenant, SIDES[node[:2]])


@dataclass(frozen=True)
class Side:
    """One of the two ends of a tenant's tunnel. mode: who calls, so that no two calls cross.

    translates: whether tenants leave to the Internet here.
    """

    number: int
    asn: int
    lan: str
    network: str
    mode: str
    translates: bool
    address: Callable[[int], str]


SIDES = {
    "gw": Side(1, 64512, VM_GATEWAY, VM_NETWORK, "Server", True, gateway_address),
    "pe": Side(2, 64513, PC_GATEWAY, PC_NETWORK, "Mixed", False, edge_address),
}


def add_tenant(gateway: RasGateway, tenant: Tenant, here: Side) -> None:
    """What one side knows of a tenant."""
    (there,) = (side for side in SIDES.values() if side is not here)
    gateway.enable_remote_access_routing_domain(tenant.name, interfaces=tenant.interface)
    domain = gateway.routing_domain(tenant.name)
    domain.add_gre_interface(
        f"gre{tenant.number}",
        source_ip_address=here.address(tenant.pair),
        destination=there.address(tenant.pair),
        gre_key=1000 + tenant.number,
        ipv4_address=f"10.255.0.{here.number}/30",
    )
    domain.add_bgp_router(bgp_identifier=here.lan, local_asn=here.asn)
    domain.add_bgp_custom_route(network=here.network)
    domain.add_bgp_peer(
        "other",
        local_ip_address=f"10.255.0.{here.number}",
        peer_ip_address=f"10.255.0.{there.number}",
        peer_asn=there.asn,
        operation_mode=here.mode,
        idle_hold_time_sec=1,
    )
    if here.translates:
        domain.new_net_nat("internet", internal_ip_interface_address_prefix=here.network)
        domain.add_net_nat_external_address("internet", public_address(tenant))


def wait_for(what: Callable[[], str]) -> None:
    """Look until `what()` says nothing more."""
    deadline = time.monotonic() + DEADLINE_S
    while left := what():
        if time.monotonic() > deadline:
            sys.exit(f"not within {DEADLINE_S:g} s: {left}")
        time.sleep(0.1)


def not_established(bed: Bed, nodes: Iterable[str]) -> str:
    """Which sessions are not up yet."""
    for node in nodes:
        with closing(bed.services.vty(node, "bgpd")) as vty:
            known = vty.show("show bgp vrf all summary json")
        states = [
            peer["state"] for vrf in known.values() for peer in vrf.get("ipv4Unicast", {}).get("peers", {}).values()
        ]
        if down := sum(state != "Established" for state in states):
            return f"{down} of {len(states)} sessions of {node} are not up"
    return ""


def not_reached(bed: Bed, tenants: Iterable[Tenant]) -> str:
    """Which virtual machine does not find its own tenant's host, or the Internet."""
    for tenant in tenants:
        for address, wanted in ((PC_ADDRESS, f"pc{tenant.number}"), (hop(gateway_address(tenant.pair)), "core")):
            found = bed.who_answers(f"vm{tenant.number}", address)
            if found != wanted:
                return f"vm{tenant.number} finds {found} at {address}"
    return ""


def free_mib() -> float:
    """What the machine has left."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) / 1024


def largest_mib(program: str) -> float:
    """The resident memory of the largest process of that name."""
    sizes = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        if lines["Name"].strip() == program:
            sizes.append(int(lines["VmRSS"].split()[0]))
    return max(sizes) / 1024


def edge_nodes(gateways: int) -> list[str]:
    """The gateways and the edge routers."""
    return [f"{kind}{pair}" for pair in range(1, gateways + 1) for kind in ("gw", "pe")]


def provider_edge(tenants: int, gateways: int, room: int = 0) -> Bed:
    """The network, not running yet, with gateways for many tenants."""
    bed = Bed("tenants", ObservableNetwork(ProviderEdge(tenants=tenants, gateways=gateways, room=room)))
    for node in edge_nodes(gateways):
        bed.gateway(node).install_remote_access(multi_tenancy=True)
    return bed


def measure(count: int, gateways: int, seconds: float) -> dict[str, Any]:
    """All figures for so many tenants."""
    free, started = free_mib(), time.monotonic()
    bed = provider_edge(count, gateways, room=1)
    nodes = edge_nodes(gateways)
    tenants = list(tenants_of(count, gateways))
    bed.network.start()
    try:
        network_s = time.monotonic() - started
        tell(bed, tenants)
        gateways_s = time.monotonic() - started
        wait_for(lambda: not_established(bed, nodes))
        bed.greet("core", *(f"pc{number}" for number in range(1, count + 2)))
        wait_for(lambda: not_reached(bed, tenants))
        found = {"network_s": network_s, "gateways_s": gateways_s, "converged_s": time.monotonic() - started}
        taken = free - free_mib()
        found |= {"memory_mib": taken, "memory_per_tenant_mib": taken / count, "bgpd_mib": largest_mib("bgpd")}
        more = Tenant(count + 1, 1)
        tell(bed, [more], ("pe",))
        began = time.monotonic()
        tell(bed, [more], ("gw",))
        found["one_more_s"] = time.monotonic() - began
        wait_for(lambda: not_reached(bed, [more]))
        found["reached_s"] = time.monotonic() - began
        if seconds:
            row = throughput(bed["vm1"], bed["pc1"], duration_s=seconds).iloc[0]
            found["throughput_mbps"] = float(row["throughput_mbps"])
    finally:
        bed.stop()
    return found


def main() -> None:
    """One network after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenants", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--gateways", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="of the throughput; 0 leaves it out")
    chosen = parser.parse_args()
    for count in chosen.tenants:
        found = measure(count, chosen.gateways, chosen.seconds)
        figures = {name: round(value, 2) for name, value in found.items()}
        print(json.dumps({"tenants": count, "gateways": chosen.gateways, "clock": here().clock, **figures}), flush=True)


if __name__ == "__main__":
    main()
