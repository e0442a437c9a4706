"""`Network`: Mininet's class on our engine, kept in step with what it should be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from raslab.errors import BadMeasurementError, NodeNotRunningError, TopologyError
from raslab.model.topology import EMPTY, Topology
from raslab.model.validation import problems_of
from raslab.net import steps
from raslab.net.announce import announce, announcements
from raslab.net.apply import apply
from raslab.net.bandwidth import bandwidth
from raslab.net.editing import EditableNetwork
from raslab.net.link import Link
from raslab.net.mininet_classes import output
from raslab.net.names import clashes
from raslab.net.namespaces import Namespace, Namespaces
from raslab.net.node import Host, Switch
from raslab.net.plan import Plan, difference
from raslab.net.processes import Processes
from raslab.net.reachability import PingFigures, ping_all
from raslab.net.readiness import switched_on, wait_until_up
from raslab.net.state import SavedState
from raslab.net.takeover import take_over
from raslab.net.watch import Course, Watch


class Network(EditableNetwork):
    """A network of namespaces, from a `Topo` (ours or Mininet's) or put together by its methods.

    Nothing exists until `start`. While it runs, each method that changes the network changes the running one, or
    raises and leaves it as it was. Options are Mininet's; those about controllers have no meaning here.
    """

    def __init__(
        self,
        topo: Any = None,
        switch: Any = Switch,
        host: Any = Host,
        link: Any = Link,
        build: bool = True,
        ipBase: str = "10.0.0.0/8",
        autoSetMacs: bool = False,
        autoStaticArp: bool = False,
        xterms: bool = False,
        **_controller_options: Any,
    ) -> None:
        self.processes = Processes()
        self._lock = threading.RLock()
        self._namespaces = Namespaces()
        self._applied = EMPTY
        self._plans: list[Plan] = []
        self._before_stop: list[Callable[[], None]] = []
        self._running = self._changing = self._stopped = False
        super().__init__(topo, switch, host, link, ipBase, autoSetMacs)
        self.autoStaticArp, self.xterms = autoStaticArp, xterms
        if topo is not None and build:
            self.build()

    # Life

    def build(self) -> None:
        """Take the topology over and check it, without touching the kernel; raises TopologyError."""
        problems: list[str] = []
        if self.topo is not None:
            problems += take_over(self, self.topo)
        self.configHosts()
        self.built = True
        problems += [problem for link in self.links for end in link.ends for problem in end.problems]
        problems += _problems(self.topology())
        if problems:
            raise TopologyError(problems)

    def configHosts(self) -> None:
        """Take the hosts' own parameters over to their first interfaces."""
        for host in self.hosts:
            host.configDefault()

    def start(self, watch: Watch | None = None) -> None:
        """Run the network; if that raises (TopologyError, KernelRefusedError ...) nothing is left behind.

        watch: is told how far it has come.
        """
        with self._lock:
            if self._running:
                return
            if not self.built:
                self.build()
            self._running, self._stopped = True, False
            try:
                self._bring_about(self.topology(), watch)
            except BaseException:
                self.stop()
                raise
        if self.autoStaticArp:
            self.staticArp()
        if self.xterms:
            self.startTerms()

    def stop(self) -> None:
        """End every process and namespace of the network. May be called at any time, and again."""
        while self._before_stop:
            self._before_stop.pop()()
        with self._lock:
            self._running, self._stopped = False, True
            self.processes.stop()
            for node in self.values():
                node.terminate()
            self._namespaces.close()
            self._applied = EMPTY

    def before_stop(self, function: Callable[[], None]) -> None:
        """Have `function` called once, when the network is about to stop and all of it still runs."""
        self._before_stop.append(function)

    def __enter__(self) -> Network:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    # What runs

    @property
    def is_running(self) -> bool:
        """True between `start` and `stop`."""
        return self._running

    @property
    def commands(self) -> list[str]:
        """Command lines of `ip`, `tc` and `sysctl` that would have done by hand what was done so far."""
        return [line for plan in self._plans for line in plan.commands]

    def namespace_of(self, name: str) -> Namespace:
        """The namespace of a node. Starts a network that never was: Mininet's nodes live before that."""
        with self._lock:
            if not self._running and not self._stopped:
                self.start()
            try:
                return self._namespaces[name]
            except KeyError:
                raise NodeNotRunningError(name) from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All that is done inside is one change: a running network gets it whole, or raises and gets none."""
        with self._lock:
            if not self._running or self._changing:
                yield
                return
            saved = SavedState.of(self)
            self._changing = True
            try:
                yield
                self._bring_about(self.topology())
            except BaseException:
                saved.restore(self)
                raise
            finally:
                self._changing = False

    def _bring_about(self, wanted: Topology, watch: Watch | None = None) -> None:
        """Carry out the difference between what runs and what is wanted, completely or not at all."""
        if problems := _problems(wanted):
            raise TopologyError(problems)
        plan = difference(self._applied, wanted)
        course = Course(watch, plan, sum(map(len, switched_on(plan, wanted).values())))
        try:
            apply(plan, self._namespaces, self.processes, course=course)
            wait_until_up(plan, wanted, self._namespaces, course)
            announce(announcements(plan, self._applied, wanted), self._namespaces)
        except BaseException:
            apply(difference(wanted, self._applied), self._namespaces, self.processes, tolerant=True)
            raise
        self._applied = wanted
        self._plans.append(plan)

    def staticArp(self) -> None:
        """Tell every host the MAC addresses of all others, so that none has to ask for them."""
        known = [(host, host.IP(), host.MAC()) for host in self.hosts if host.intfs and host.IP() is not None]
        self.add_neighbours(
            steps.AddNeighbour(host.name, intf, address, mac)
            for host, _, _ in known
            for other, address, mac in known
            if other is not host
            for intf in [host.interface_towards(address)]
        )

    def add_neighbours(self, neighbours: Iterable[steps.AddNeighbour]) -> None:
        """Add permanent neighbour entries on the running network; raises KernelRefusedError."""
        with self._lock:
            plan = Plan((tuple(neighbours),))
            for step in plan.steps:
                self.namespace_of(step.node)
            apply(plan, self._namespaces, self.processes)
            self._plans.append(plan)

    # Reachability, in Mininet's words

    def ping(self, hosts: Any = None, timeout: Any = None) -> float:
        """Ping among `hosts` (all); returns the loss in percent."""
        results = ping_all(hosts or self.hosts, timeout)
        sent = sum(figures[0] for _, _, figures in results)
        received = sum(figures[1] for _, _, figures in results)
        if not sent:
            output("*** Warning: No packets sent\n")
            return 0.0
        loss = 100.0 * (sent - received) / sent
        output(f"*** Results: {loss:.0f}% dropped ({received}/{sent} received)\n")
        return loss

    def pingFull(self, hosts: Any = None, timeout: Any = None) -> list[tuple[Any, Any, PingFigures]]:
        """Ping among `hosts` (all); returns source, destination and figures of each."""
        results = ping_all(hosts or self.hosts, timeout)
        output("*** Results: \n")
        for source, destination, figures in results:
            low, average, high, deviation = figures[2:]
            output(f" {source}->{destination}: {figures[0]}/{figures[1]}, ")
            output(f"rtt min/avg/max/mdev {low:0.3f}/{average:0.3f}/{high:0.3f}/{deviation:0.3f} ms\n")
        return results

    def iperf(
        self,
        hosts: Any = None,
        l4Type: str = "TCP",
        udpBw: str = "10M",
        fmt: str | None = None,
        seconds: float = 5,
        port: int = 5001,
    ) -> list[str]:
        """Measure the bandwidth from the first to the second of two hosts (the first and the last) with iperf3.

        fmt: unit, see `raslab.net.bandwidth`. Returns what the server received and what the client sent, such as
        ``9.53 Mbits/sec``, for UDP after `udpBw`; raises ThroughputError, NoAddressError, BadMeasurementError.
        """
        if l4Type not in ("TCP", "UDP"):
            raise BadMeasurementError(f"Protocol {l4Type} of iperf is unknown: choose TCP or UDP.")
        ends = list(hosts or self.hosts[:: max(len(self.hosts) - 1, 1)])
        if len(ends) != 2:
            raise BadMeasurementError(f"iperf measures between two hosts, not {len(ends)}: name two.")
        client, server = map(self.node, ends)
        output(f"*** Iperf: testing {l4Type} bandwidth between {client} and {server}\n")
        udp_rate = udpBw if l4Type == "UDP" else None
        rates = bandwidth(client, server, udp_rate=udp_rate, seconds=seconds, port=port, unit=fmt)
        results = [*([udp_rate] if udp_rate else []), *rates]
        output(f"*** Results: {results}\n")
        return results


def _problems(topology: Topology) -> list[str]:
    return problems_of(topology) or clashes(topology)
