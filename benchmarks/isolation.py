"""How long it takes to find out that tenants are isolated, as they become more.

    .venv/bin/raslab exec --machine uml -- .venv/bin/python -m benchmarks.isolation 2 10 50 100 </dev/null

The tenants are those of `benchmarks.tenants`, all with the same addresses. Prints a line of JSON per number of tenants:

- `pairs`: of tenants, sender and target, that were tried; `probes`: packets sent for that; `own`: packets that tenants
  sent to themselves, to compare.
- `isolated_s`: until the verdict that nothing crossed, on the lab's clock.
- `leak_s`: until the verdict with a route of the first tenant's that leads into the last one's tunnel; it has to name
  both of them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from benchmarks.tenants import edge_nodes, not_established, not_reached, provider_edge, tell, wait_for
from raslab.course.bed import Bed
from raslab.machine.here import here
from raslab.measure.isolation import IsolationReport, Parties
from topologies.provider_edge import PC_ADDRESS, gateway_address, tenants_of


def measure(count: int) -> dict[str, Any]:
    """All figures for so many tenants."""
    tenants = list(tenants_of(count, 1))
    bed = provider_edge(count, gateways=1)
    bed.network.start()
    try:
        tell(bed, tenants)
        wait_for(lambda: not_established(bed, edge_nodes(1)))
        bed.greet("core", *(f"pc{tenant.number}" for tenant in tenants))
        wait_for(lambda: not_reached(bed, tenants))
        who = bed.parties()
        report, isolated_s = timed(bed, who)
        report.require()
        found = {
            "pairs": len(report.pairs),
            "probes": sum(one.sent for one in report.counts if not one.is_own),
            "own": sum(one.sent for one in report.counts if one.is_own),
            "isolated_s": round(isolated_s, 2),
        }
        return found | {"leak_s": round(leaked_s(bed, who, count), 2)}
    finally:
        bed.stop()


def leaked_s(bed: Bed, who: Parties, last: int) -> float:
    """How long it takes to find one route that leads astray."""
    route = f"{PC_ADDRESS}/32 dev gre{last} vrf vrf-tenant1"
    bed["gw1"].run(f"ip route add {route}")
    report, seconds = timed(bed, who)
    bed["gw1"].run(f"ip route del {route}")
    way = ["gw1:vrf-tenant1", f"gw1:gre{last}"]
    if not any(way == list(leak.path[2:4]) and leak.tenant == f"tenant{last}" for leak in report.leaks):
        sys.exit(f"the route astray was not found: {report.verdict}")
    return seconds


def timed(bed: Bed, who: Parties) -> tuple[IsolationReport, float]:
    """A check of isolation, and its seconds."""
    began = time.monotonic()
    # The edge router's address is on the Internet, to which tenants may go by their NAT.
    return bed.check_isolation(who, underlay=[gateway_address(1)]), time.monotonic() - began


def main() -> None:
    """One network after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenants", type=int, nargs="*", default=[2, 10, 50, 100])
    for count in parser.parse_args().tenants:
        print(json.dumps({"tenants": count, "clock": here().clock, **measure(count)}), flush=True)


if __name__ == "__main__":
    main()
