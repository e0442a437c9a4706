"""Interface counters over time, by netlink: one dump per node and sample."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any

import pandas as pd

from raslab.errors import BadMeasurementError
from raslab.measure.frame import measured
from raslab.net import Intf, Node
from raslab.net.names import kernel_name

FIELDS = ("rx_bytes", "rx_packets", "rx_dropped", "rx_errors", "tx_bytes", "tx_packets", "tx_dropped", "tx_errors")
"""Counters of struct rtnl_link_stats64 (linux/if_link.h). Packets are counted as the driver hands them over: a bundle
made by segmentation offload is one."""
COLUMNS = ("time_s", "node", "interface", *FIELDS)

Row = dict[str, Any]
Names = dict[str, str]
"""Interfaces of one node: the name in the kernel, and the name its user gave it."""


class InterfaceCounters:
    """Samples counters in the background while the block runs; `frame` is what came of it.

        with InterfaceCounters([gw1, gw2.intf("wan0")], interval_s=0.1) as sampled:
            throughput(host2, host1)
        sampled.frame

    what: nodes (the ends of their links and their tunnels) and single interfaces. interval_s: time
    between two samples, the first of which is taken on entry and the last one on exit. time_s counts from the entry.
    Raises BadMeasurementError.
    """

    def __init__(self, what: Iterable[Node | Intf], interval_s: float = 0.1) -> None:
        if not interval_s > 0:
            raise BadMeasurementError(f"interval_s={interval_s:g} is no time: give the seconds between two samples.")
        self._wanted = _by_node(what)
        if not self._wanted:
            raise BadMeasurementError("Nothing to count: name at least one node or interface.")
        self._interval_s = interval_s
        self._stop = threading.Event()

    def __enter__(self) -> InterfaceCounters:
        self._stop.clear()
        self._begin = time.monotonic()
        self._pool = ThreadPoolExecutor(len(self._wanted), thread_name_prefix="raslab-counters")
        started = [threading.Event() for _ in self._wanted]
        self._samples: list[Future[list[Row]]] = [
            self._pool.submit(node.call, self._sample, node.name, names, event)
            for (node, names), event in zip(self._wanted.items(), started, strict=True)
        ]
        for event in started:
            event.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    @property
    def frame(self) -> pd.DataFrame:
        """All samples, ordered by time, node and interface; only after the block."""
        rows = sorted(
            (row for sample in self._samples for row in sample.result()),
            key=lambda row: (row["time_s"], row["node"], row["interface"]),
        )
        return measured(rows, COLUMNS, next(iter(self._wanted)), commands(self._wanted))

    def _sample(self, node: str, names: Names, started: threading.Event) -> list[Row]:
        """Runs in a thread inside the node's namespace, where pyroute2 may have an event loop of its own."""
        from pyroute2 import IPRoute

        rows: list[Row] = []
        try:
            with IPRoute() as route:
                for number in count(1):
                    last = self._stop.is_set()  # asked before the sample, so that one is taken after the block's end
                    rows += _dump(route, node, names, time.monotonic() - self._begin)
                    started.set()
                    if last:
                        break
                    self._stop.wait(self._begin + number * self._interval_s - time.monotonic())
        finally:
            started.set()  # an error is raised when the frame is asked for, not waited for here
        return rows


def counters(what: Iterable[Node | Intf]) -> pd.DataFrame:
    """One sample of the counters of nodes and interfaces, see `InterfaceCounters`."""
    with InterfaceCounters(what) as sampled:
        pass
    frame = sampled.frame
    once = frame.drop_duplicates(["node", "interface"], keep="first").reset_index(drop=True)
    once.attrs = frame.attrs
    return once


def commands(wanted: Iterable[Node]) -> list[str]:
    """The same by hand."""
    return [f"ip -n {node.name} -s link show" for node in wanted]


def _by_node(what: Iterable[Node | Intf]) -> dict[Node, Names]:
    """The interfaces wanted of each node."""
    wanted: dict[Node, Names] = {}
    for one in what:
        interfaces = one.all_interfaces() if isinstance(one, Node) else [one]
        for interface in interfaces:
            wanted.setdefault(interface.node, {})[kernel_name(interface.name)] = interface.name
    return wanted


def _dump(route: Any, node: str, names: Names, time_s: float) -> list[Row]:
    return [
        {"time_s": time_s, "node": node, "interface": names[link.get("ifname")]}
        | {field: link.get("stats64")[field] for field in FIELDS}
        for link in route.get_links()
        if link.get("ifname") in names
    ]
