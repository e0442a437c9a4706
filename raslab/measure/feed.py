"""Counters of all interfaces of a network, sampled for as long as somebody watches: one thread, a dump per node."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from raslab.measure.processor import ProcessorTime
from raslab.net import Network
from raslab.net.namespaces import Namespace
from raslab.net.netlink import statistics

End = tuple[str, str]
"""Node and interface."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of one interface since it exists. dropped: by the interface and by its queue. carries: it is up."""

    carries: bool = False
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    tx_packets: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """All interfaces at one time, in seconds on the lab's clock."""

    time_s: float
    counters: Mapping[End, Counters]
    processor: ProcessorTime


@dataclass(frozen=True, slots=True)
class Rates:
    """What passed between two samples: Mbit/s, packets per second, drops per second."""

    received_mbps: float = 0.0
    sent_mbps: float = 0.0
    received_pps: float = 0.0
    sent_pps: float = 0.0
    dropped_pps: float = 0.0


def rates(earlier: Sample, later: Sample, end: End) -> Rates:
    """The rates of one interface; zero if it is new, gone or was made anew."""
    seconds = later.time_s - earlier.time_s
    old, new = earlier.counters.get(end), later.counters.get(end)
    if old is None or new is None or seconds <= 0 or new.rx_bytes < old.rx_bytes or new.tx_bytes < old.tx_bytes:
        return Rates()
    return Rates(
        received_mbps=(new.rx_bytes - old.rx_bytes) * 8e-6 / seconds,
        sent_mbps=(new.tx_bytes - old.tx_bytes) * 8e-6 / seconds,
        received_pps=(new.rx_packets - old.rx_packets) / seconds,
        sent_pps=(new.tx_packets - old.tx_packets) / seconds,
        dropped_pps=max(new.dropped - old.dropped, 0) / seconds,
    )


class CounterFeed:
    """Samples a network every `interval_s` seconds and keeps the last `kept` samples.

    Listeners are called in the feed's thread, after each sample and once when the network has stopped. A listener
    that raises ends nobody else's watch: it is dropped, and `error` keeps why. Between `pause` and `resume` nothing is
    sampled unless `look_now` is called.
    """

    def __init__(self, network: Network, interval_s: float = 0.5, kept: int = 121) -> None:
        self.interval_s = interval_s
        self.samples: deque[Sample] = deque(maxlen=kept)
        self.error: BaseException | None = None
        self._network = network
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()  # of the list of listeners and the thread
        self._turn = threading.RLock()  # one sample after the other, each told to all before the next
        self._stop: threading.Event | None = None  # of the thread that runs, if one does
        self._thread: threading.Thread | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` now and from now on; the first one starts the thread."""
        with self._lock:
            self._listeners.append(listener)
        self.resume()
        self.look_now()

    def ignore(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more; without any the thread ends."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners:
                self._end()

    def look_now(self) -> None:
        """Take a sample and tell the listeners, without waiting for the next round."""
        with self._turn:
            self._sample()
            self._tell()

    def resume(self) -> None:
        """Sample from now on, if anybody listens."""
        with self._lock:
            if self._listeners and self._stop is None:
                self._stop = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._stop,), name="raslab-feed", daemon=True)
                self._thread.start()

    def pause(self) -> None:
        """End the thread and wait for its end, unless the caller is that thread; the listeners stay."""
        with self._lock:
            thread = self._thread
            self._end()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @contextmanager
    def slower(self, interval_s: float) -> Iterator[None]:
        """Sample no more often than every `interval_s` seconds within the block, and once at its end."""
        before = self.interval_s
        self.interval_s = max(before, interval_s)
        try:
            yield
        finally:
            self.interval_s = before
            if self._listeners:
                self.look_now()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()
        self._stop = None

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self.interval_s):
            self.look_now()

    def _sample(self) -> None:
        network = self._network
        found: dict[End, Counters] = {}
        if network.is_running:
            try:
                for node in network.values():
                    found |= _read(node.name, node.namespace, [one.name for one in node.all_interfaces()])
            except (OSError, KeyError, RuntimeError):
                # The network stopped, or was changed, between two questions: what it is now is seen next time.
                found = {}
        now = time.monotonic()
        if self.samples and now - self.samples[-1].time_s < self.interval_s / 2:
            self.samples.pop()  # rates over a very short time would be all or nothing
        self.samples.append(Sample(now, found, ProcessorTime.now()))

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception as error:
                self.error = error
                self.ignore(listener)


def _read(node: str, namespace: Namespace, names: list[str]) -> dict[End, Counters]:
    """Counters of a node's interfaces by (node, interface)."""
    connection = namespace.connection
    drops: dict[int, int] = {}
    for index, dropped in map(statistics.queue_drops, connection.ask(statistics.dump_queues())):
        drops[index] = drops.get(index, 0) + dropped
    by_index = {one.index: one for one in map(statistics.interface, connection.ask(statistics.dump_interfaces()))}
    found: dict[End, Counters] = {}
    for name in names:
        one = by_index.get(namespace.indexes.get(name, 0))
        if one is not None:
            found[node, name] = Counters(
                carries=one.carries,
                rx_bytes=one.rx_bytes,
                tx_bytes=one.tx_bytes,
                rx_packets=one.rx_packets,
                tx_packets=one.tx_packets,
                dropped=one.rx_dropped + one.tx_dropped + drops.get(one.index, 0),
            )
    return found
