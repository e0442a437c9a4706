"""How long nothing comes through: echo requests at a steady beat while something happens to the network."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType

import pandas as pd

from raslab.errors import BadMeasurementError, UnreachableError
from raslab.measure.addresses import target_of
from raslab.measure.frame import measured
from raslab.measure.grid import wait_for_grid
from raslab.measure.prober import PROTOCOLS, Prober, echo_socket
from raslab.model.encapsulation import IpVersion
from raslab.net import Node
from raslab.net.threads import Outcome

GAP_COLUMNS = ("begin_s", "end_s", "outage_ms", "lost", "ended")
PROBE_COLUMNS = ("sent_s", "rtt_ms")
_PAYLOAD = bytes(56)  # as ping sends


@dataclass(frozen=True, slots=True)
class Probe:
    """One echo request. sent_s: seconds after the first one; rtt_ms: None if no answer came."""

    sent_s: float
    rtt_ms: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Probes in a row without an answer.

    begin_s: when the first of them was sent; end_s: when the next one was sent that was answered, or when the
    measurement ended if there was none; then `ended` is False.
    """

    begin_s: float
    end_s: float
    lost: int
    ended: bool

    @property
    def outage_ms(self) -> float:
        """How long it lasted, to the microsecond."""
        return round((self.end_s - self.begin_s) * 1000, 3)


def gaps(probes: Sequence[Probe], end_s: float) -> tuple[Gap, ...]:
    """The gaps in a series of probes, in order. end_s: when the next one would have been sent. Pure."""
    found = []
    number = 0
    for lost, row in groupby(probes, lambda probe: probe.rtt_ms is None):
        count = len(list(row))
        following = number + count
        if lost:
            ended = following < len(probes)
            end = probes[following].sent_s if ended else end_s
            found.append(Gap(probes[number].sent_s, end, count, ended))
        number = following
    return tuple(found)


class Outage:
    """Probes while the block runs; what it found can be read after it.

        with outage(host1, host2) as seen:
            link.down()
        seen.outage_ms, seen.lost, seen.frame

    An outage is as long as no request is answered that is sent in it, so what was under way when a cable was cut
    counts too. `probes` has one row per request (``rtt_ms`` is NaN where no answer came), `frame` one per gap.
    """

    def __init__(
        self, source: Node, address: str, *, interval_s: float, timeout_s: float, ip_version: IpVersion
    ) -> None:
        self.source = source
        self.address = address
        self.interval_s = interval_s
        self.timeout_s = timeout_s
        self.series: tuple[Probe, ...] = ()
        self.gaps: tuple[Gap, ...] = ()
        self._protocol = PROTOCOLS[ip_version]
        self._begun = threading.Event()
        self._enough = threading.Event()
        self._outcome: Outcome[list[Probe]] = Outcome()

    def __enter__(self) -> Outage:
        probing = threading.Thread(target=self._outcome.fill, args=(self._probe_in_node,), name="raslab-outage")
        probing.daemon = True
        probing.start()
        self._begun.wait()
        if self._outcome.failed:
            self._outcome.get()
        time.sleep(self.interval_s / 2)  # what the block does falls between two probes, each time between the same two
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.timeout_s = 0.0
        self._enough.set()
        self.series = tuple(self._outcome.get())
        self.gaps = gaps(self.series, self.series[-1].sent_s + self.interval_s)

    @property
    def outage_ms(self) -> float:
        """How long the longest gap lasted; 0 if every probe was answered."""
        return max((gap.outage_ms for gap in self.gaps), default=0.0)

    @property
    def sent(self) -> int:
        """How many probes were sent."""
        return len(self.series)

    @property
    def lost(self) -> int:
        """How many of them were not answered."""
        return sum(gap.lost for gap in self.gaps)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per gap."""
        rows = [{name: getattr(gap, name) for name in GAP_COLUMNS} for gap in self.gaps]
        return measured(rows, GAP_COLUMNS, self.source, [self._command])

    @property
    def probes(self) -> pd.DataFrame:
        """One row per probe."""
        rows = [{"sent_s": probe.sent_s, "rtt_ms": probe.rtt_ms} for probe in self.series]
        return measured(rows, PROBE_COLUMNS, self.source, [self._command]).astype({"rtt_ms": float})

    @property
    def _command(self) -> str:
        return f"ip netns exec {self.source.name} ping -D -O -i {self.interval_s:g} {self.address}"

    def _probe_in_node(self) -> list[Probe]:
        try:
            return self.source.call(self._probe)
        except OSError as error:
            raise UnreachableError(self.source.name, self.address, error.strerror or str(error)) from error
        finally:
            self._begun.set()

    def _probe(self) -> list[Probe]:
        """Send until it is enough; runs in a thread inside the node's namespace."""
        with echo_socket(self._protocol, self.address) as sock:
            prober = Prober(self._protocol, sock, _PAYLOAD, patient=True)
            prober.send(0)  # so that address resolution is not measured
            prober.receive_until(time.monotonic() + self.timeout_s, enough=1)
            wait_for_grid()
            begin, number = time.monotonic(), 0
            self._begun.set()
            while not (number and self._enough.is_set()):
                number += 1
                prober.attempt(number)
                prober.receive_until(begin + number * self.interval_s)
            prober.receive_until(time.monotonic() + self.timeout_s, enough=number + 1)
        first_ns = prober.sent_ns(1)
        return [Probe((prober.sent_ns(one) - first_ns) / 1e9, prober.time_ms(one)) for one in range(1, number + 1)]


def outage(
    src: Node,
    address: str | Node,
    *,
    interval_s: float = 0.001,
    timeout_s: float = 1.0,
    ip_version: IpVersion | None = None,
) -> Outage:
    """An `Outage` from a node to an address or to another node, with a probe every `interval_s` seconds.

    timeout_s: how long to wait for answers after the last probe. ip_version: which of the other node's addresses, see
    `raslab.measure.addresses`; an address decides by itself. Raises BadMeasurementError, NoAddressError and
    NoCommonIpVersionError here, UnreachableError when it starts.
    """
    if not interval_s > 0 or not timeout_s > 0:
        raise BadMeasurementError(
            f"An outage cannot be measured with a probe every {interval_s:g} s and answers within {timeout_s:g} s: "
            "both have to be above 0."
        )
    target, version = target_of(src, address, ip_version)
    return Outage(src, target, interval_s=interval_s, timeout_s=timeout_s, ip_version=version)
