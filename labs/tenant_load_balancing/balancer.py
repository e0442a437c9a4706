"""What a software load balancer's manager does: it keeps nodes as they should be, and machines in rotation or out."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from labs.tenant_load_balancing.plan import Settings, services
from labs.tenant_load_balancing.probes import Prober
from raslab.errors import NotObservedError
from raslab.net.waiting import look_until
from topologies.software_load_balancer import COMPUTE_HOSTS, EDGE, MUXES, TENANTS

if TYPE_CHECKING:
    from raslab.course.bed import Bed

_DEADLINE_S, _PAUSE_S = 30.0, 0.05


class LoadBalancer:
    """The settings that a network's MUXes and hosts have, and the probes of its machines. It ends with the network."""

    def __init__(self, bed: Bed) -> None:
        """bed: its network runs. Returns when the edge knows a way by every MUX; raises as `change`."""
        self.settings = Settings()
        self._bed = bed
        self._lock = threading.RLock()
        self._probers: list[Prober] = []
        # Otherwise the edge would choose a MUX by addresses only, and one client would see one MUX.
        bed[EDGE].run("sysctl -q net.ipv4.fib_multipath_hash_policy=1")
        self.change()
        bed.network.before_stop(self.close)
        self.probe()

    def change(self, **settings: Any) -> None:
        """Change some settings, see `Settings`; returns when the edge goes by all MUXes that are there, and no others.

        Raises NotObservedError if it does not, and what `Supervisor.apply` raises.
        """
        with self._lock:
            wanted = replace(self.settings, **settings)
            self._bed.services.apply(services(wanted))
            self.settings = wanted
            self._wait_for_edge({mux.address for mux in MUXES if mux.name not in wanted.stopped})

    def probe(self) -> None:
        """Begin to ask each machine for its health."""
        self._probers = [
            Prober(
                self._bed[host.name],
                host,
                tenant,
                tell=partial(self._put, tenant.machine(host)),
                well=tenant.machine(host) not in self.settings.out,
            )
            for tenant in TENANTS
            for host in COMPUTE_HOSTS
        ]

    def close(self) -> None:
        """Probe no more; machines stay in rotation or out. May be called again."""
        for prober in self._probers:
            prober.stop()
        for prober in self._probers:
            prober.join()

    def _put(self, machine: str, well: bool) -> None:
        """Put a machine into rotation or out."""
        with self._lock:
            out = self.settings.out
            self.change(out=out - {machine} if well else out | {machine})

    def _wait_for_edge(self, wanted: set[str]) -> None:
        def ways() -> list[set[str]]:
            shown = [self._bed[EDGE].run(f"ip route show {tenant.vip}").stdout for tenant in TENANTS]
            return [{mux.address for mux in MUXES if f"via {mux.address} " in text} for text in shown]

        def right(seen: list[set[str]]) -> bool:
            return all(one == wanted for one in seen)

        seen = look_until(right, ways, _DEADLINE_S, lambda: time.sleep(_PAUSE_S))
        if not right(seen):
            what = f"the edge goes to every VIP by {' and '.join(sorted(wanted)) or 'nobody'}"
            raise NotObservedError(what, _DEADLINE_S, "; ".join(" and ".join(sorted(one)) for one in seen))
