"""Measurements on a running network. Each returns a pandas frame with units in its column names.

`frame.attrs` says how the figures came about: ``lab``, ``machine``, ``kernel``, ``clock`` and ``commands``, the
command lines that somebody without raslab would use for the same.
"""

from raslab.measure.echo import latency
from raslab.measure.interfaces import InterfaceCounters, counters
from raslab.measure.isolation import IsolationReport, check_isolation
from raslab.measure.outage import Outage, outage
from raslab.measure.packets import Capture, capture
from raslab.measure.processor import ProcessorTime, cpu
from raslab.measure.recording import read_capture
from raslab.measure.transfer import throughput

__all__ = [
    "Capture",
    "InterfaceCounters",
    "IsolationReport",
    "Outage",
    "ProcessorTime",
    "capture",
    "check_isolation",
    "counters",
    "cpu",
    "latency",
    "outage",
    "read_capture",
    "throughput",
]
