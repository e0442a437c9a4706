"""`Lab`: a network with a name, as a notebook uses it."""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import pandas as pd

from raslab import measure
from raslab.course.bed import Bed
from raslab.machine.here import here
from raslab.measure.feed import CounterFeed
from raslab.measure.observable import ObservableNetwork, ObservableNode
from raslab.measure.path_mtu import path_mtu
from raslab.measure.reachability import carried
from raslab.model.encapsulation import IpVersion
from raslab.model.observation import Observation
from raslab.net.watch import Watch
from raslab.notebook import cards, leftovers
from raslab.notebook.capture import LabCapture
from raslab.notebook.clock import Passage, Reading, clock, need_duration, run_for
from raslab.notebook.figure import Figure
from raslab.notebook.outage import LabOutage
from raslab.notebook.picture import describe, lay_out, to_svg
from raslab.notebook.progress import Progress
from raslab.notebook.transcript import Transcript, type_in

if TYPE_CHECKING:
    from raslab.notebook.dashboard import Dashboard
    from raslab.notebook.view import View


_PICTURES = 120  # that a live view shows of time passed on the virtual clock, at most
_STEADY = {"length": 16_384, "warmup_s": 1.0, "duration_s": 10.0}
"""How a throughput is measured that comes out the same everywhere: in small writes, as iperf3 counts whole ones from
3.16 on, and for long enough that what buffers hold in the end does not count.
"""


class LabNode(ObservableNode):
    """A node that a notebook can show."""

    def _repr_html_(self) -> str:
        rows = [(intf.name, address) for intf in self.all_interfaces() for address in intf.addresses or ("",)]
        return cards.page(cards.heading(f"{self.name}, {self.kind.value}"), cards.table(("interface", "address"), rows))

    def run_lines(self, lines: str | EllipsisType | None) -> Transcript:
        """Run each line as a command, as if typed; what does not run any more after one that failed is left out.

        lines: empty ones and those that begin with # are passed over; `...` and None are nothing yet. Raises what
        `run` raises.
        """
        return type_in(self, lines)


class LabNetwork(ObservableNetwork):
    """The network of a lab."""

    extra = LabNode


class Lab(Bed):
    """A network that can be started, watched and measured.

        with raslab.lab("gre-performance") as lab:
            lab["host2"].run("ping -c 3 10.1.0.1")

    `lab["gw1"]` is a node, see `raslab.measure.observable.ObservableNode`; `lab.network` is the whole network, whose
    verbs (addLink, addTunnel ...) work while it runs.
    """

    def __init__(self, name: str, topo: Any, tenants: Mapping[str, str] | None = None) -> None:
        """name: for people. topo: a `Topo`, ours or Mininet's. tenants: tenant by node, or by ``node:tunnel``; if
        left out, what the topology has as an attribute of that name.

        Raises TopologyError.
        """
        super().__init__(name, LabNetwork(topo))
        self.feed = CounterFeed(self.network)
        self._namespaces: set[int] = set()
        self._tenants = dict(getattr(topo, "tenants", {}) if tenants is None else tenants)

    # Life

    def start(self) -> None:
        """Start the network, and return when every link has a carrier. Does nothing if it runs.

        An interrupt leaves nothing running. Raises what `Network.start` raises.
        """
        if self.network.is_running and self._all_started:  # a command on a node starts the bare network
            return
        what = describe(self.network.topology())
        done = f"{what} are built and every link has a carrier"
        with Progress(f"Starting {self.name}", done) as progress:
            self._run(progress.reach)
            progress.reach(1, done)

    def _run(self, watch: Watch) -> None:
        self._start_all(watch)
        self.feed.resume()

    def stop(self) -> None:
        """End everything that runs in the lab. May be called again."""
        if self.network.is_running:
            self._namespaces |= leftovers.namespaces_of(self.nodes)
        super().stop()
        self.feed.pause()
        self.feed.look_now()  # what is shown says that the lab has stopped

    def remains(self) -> list[str]:
        """Processes and open namespaces of the lab that are still there after `stop`: none, as it should be."""
        return leftovers.find(self._namespaces)

    # Nodes and links

    @property
    def nodes(self) -> list[LabNode]:
        """All nodes in the order of the description: hosts and routers, then switches."""
        return list(self.network.values())

    def __getitem__(self, name: str) -> LabNode:
        node: LabNode = self.network[name]
        return node

    def _ipython_key_completions_(self) -> list[str]:
        return [node.name for node in self.nodes]

    # What it looks like

    def picture(self, tenants: Mapping[str, str] | None = None) -> Figure:
        """The topology as it should be, whether it runs or not.

        tenants: tenant by node, or by ``node:interface``, for colours; if left out, those of the lab and of the routing
        domains of its gateways. Raises UnknownNodeError.
        """
        owners = self._tenants | self.tenants() if tenants is None else tenants
        for place in owners:
            self[place.partition(":")[0]]  # or there is no such node
        drawing = lay_out(self.network.topology(), self.name, owners)
        return Figure(to_svg(drawing), f"Picture of {drawing.title}")

    def view(self) -> View:
        """The picture, live: traffic, state, what is inside each node, links to cut and restore."""
        from raslab.notebook.view import View

        return View(self.name, self.network, self.feed, self._tenants, self._run, self.stop, self.services.ailments)

    def dashboard(self, node: str) -> Dashboard:
        """Processor, throughput, packets and drops of one node over the last minute."""
        from raslab.notebook.dashboard import Dashboard

        return Dashboard(self[node], self.feed)

    # Time

    def clock(self) -> Reading:
        """What the lab's clock says; see `raslab.notebook.clock`."""
        return clock()

    def run_for(self, seconds: float) -> Passage:
        """Let time pass in the lab; see `raslab.notebook.clock.run_for`. Raises BadDurationError.

        On the virtual clock an hour takes a moment, in which nobody could look at 7200 pictures.
        """
        need_duration(seconds)
        if here().clock != "virtual":
            return run_for(seconds)
        with self.feed.slower(seconds / _PICTURES):
            return run_for(seconds)

    # Measurements

    def path_mtu(self, source: str, destination: str, *, ip_version: IpVersion | None = None) -> int:
        """Bytes of the largest IP packet that gets from `source` to `destination` and back in one piece.

        See `raslab.measure.path_mtu`. Raises UnreachableError and what `reaches` raises.
        """
        self._need("probe")
        return path_mtu(self[source], self._address(source, destination, ip_version))

    def throughput(
        self, source: str, destination: str, *, duration_s: float = 1.0, warmup_s: float = 0.2, **options: Any
    ) -> pd.DataFrame:
        """`raslab.measure.throughput` between two nodes by name. An interrupt ends the measurement, not the lab."""
        self._need("measure")
        with Progress(f"Throughput {source} to {destination}", "iperf3 has measured", duration_s + warmup_s):
            return measure.throughput(
                self[source], self[destination], duration_s=duration_s, warmup_s=warmup_s, **options
            )

    def carries(self, source: str, destination: str, at_least_mbps: float, **options: Any) -> Observation:
        """Does that much TCP payload arrive per second? It is measured for ten seconds, after one that does not count.

        options: of `throughput`, for another measurement.
        """
        measured = self.throughput(source, destination, **{**_STEADY, **options})
        return carried(float(measured["throughput_mbps"][0]), at_least_mbps)

    def latency(
        self, source: str, destination: str, *, count: int = 10, interval_s: float = 0.01, **options: Any
    ) -> pd.DataFrame:
        """`raslab.measure.latency` between two nodes by name. An interrupt ends the measurement, not the lab."""
        self._need("measure")
        with Progress(f"Latency {source} to {destination}", "all echoes have come back", count * interval_s):
            return measure.latency(self[source], self[destination], count=count, interval_s=interval_s, **options)

    def outage(
        self,
        source: str,
        destination: str,
        *,
        interval_s: float = 0.001,
        timeout_s: float = 1.0,
        ip_version: IpVersion | None = None,
    ) -> LabOutage:
        """How long nothing comes through while the block runs: `with lab.outage("host2", "host1") as seen: ...`.

        A probe goes to `destination`, a node or an address, every `interval_s` seconds; see `raslab.measure.outage`.
        Raises LabNotRunningError, UnknownNodeError, NoAddressError, BadMeasurementError, UnreachableError.
        """
        self._need("probe")
        target = self._address(source, destination, ip_version)
        probing = measure.outage(self[source], target, interval_s=interval_s, timeout_s=timeout_s)
        return LabOutage(probing, f"{source} to {destination}")

    def capture(self, place: str, expression: str = "") -> LabCapture:
        """Capture packets while the block runs: `with lab.capture("gw1:wan0", "proto gre") as cap: ...`.

        place: see `interface`. expression: which packets, in the language of pcap-filter(7). Raises NoSuchPlaceError,
        LabNotRunningError.
        """
        self._need("capture")
        return LabCapture(self.interface(place), expression, names=self._names_by_address())

    def _names_by_address(self) -> dict[str, str]:
        return {
            address.partition("/")[0]: node.name
            for node in self.nodes
            for intf in node.all_interfaces()
            for address in intf.addresses
        }

    def __repr__(self) -> str:
        running = "running" if self.network.is_running else "not running"
        return f"<Lab {self.name}: {describe(self.network.topology())}, {running}>"

    def _repr_html_(self) -> str:
        return self.picture().markup + cards.page(cards.remark(repr(self)[1:-1]))
