"""From counters to what a live picture and a dashboard show. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from raslab.measure.feed import Counters, End, Rates, Sample, rates
from raslab.model.topology import Topology
from raslab.notebook.picture.live import LiveState, Load

BUNDLES = "Packets are counted as the kernel hands them on: a bundle made by segmentation offload counts as one."
HISTORY = 60  # points of a sparkline
_SMOOTHED = 2  # samples that the figures are an average of: bursts shorter than a sample would flicker


def live_state(samples: Sequence[Sample], topology: Topology) -> LiveState:
    """The state after the last of `samples`, oldest first."""
    if not samples or not samples[-1].counters:
        return LiveState(running=False)
    limits = {(end.node, end.name): end.impairment.rate_mbps for link in topology.links for end in link.ends}
    last = samples[-1]
    loads = {end: _load(samples, end, limits.get(end)) for end in last.counters}
    return LiveState(
        running=True,
        loads=loads,
        cut=frozenset(end for end, counters in last.counters.items() if not counters.carries),
    )


def _load(samples: Sequence[Sample], end: End, limit_mbps: float | None) -> Load:
    earlier = samples[max(len(samples) - 1 - _SMOOTHED, 0)]
    now = rates(earlier, samples[-1], end)
    return Load(
        sent_mbps=now.sent_mbps,
        received_mbps=now.received_mbps,
        utilisation=now.sent_mbps / limit_mbps if limit_mbps else None,
        history=tuple(one.sent_mbps + one.received_mbps for _, one in series(samples, end)[-HISTORY:]),
    )


def series(samples: Sequence[Sample], end: End) -> list[tuple[float, Rates]]:
    """The rates of an interface between successive samples, each with its time in seconds before the last one."""
    if not samples:
        return []
    now = samples[-1].time_s
    return [(later.time_s - now, rates(earlier, later, end)) for earlier, later in itertools.pairwise(samples)]


def processor_series(samples: Sequence[Sample]) -> list[tuple[float, float]]:
    """Busy share of the lab machine's processors in percent, with times as in `series`."""
    if not samples:
        return []
    now = samples[-1].time_s
    pairs = itertools.pairwise(samples)
    found = ((later.time_s - now, earlier.processor.percent_until(later.processor)) for earlier, later in pairs)
    return [(seconds, percent) for seconds, percent in found if percent == percent]


def of_node(counters: Mapping[End, Counters], node: str) -> dict[str, Counters]:
    """The counters of one node by interface."""
    return {interface: one for (owner, interface), one in counters.items() if owner == node}
