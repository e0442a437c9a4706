"""Measurements that came to no figure."""

from __future__ import annotations

from raslab.errors.base import RaslabError


class PortTakenError(RaslabError):
    """A node is to say its name at a port at which it serves something else."""

    def __init__(self, node: str, port: int) -> None:
        super().__init__(
            f"Port {port} of {node} is taken, so {node} cannot say its name there: end what serves it first."
        )


class BadMeasurementError(RaslabError, ValueError):
    """A measurement was asked for with values that cannot work."""


class ThroughputError(RaslabError):
    """iperf3 could not measure. node: where it failed; observed: what it said."""

    def __init__(self, node: str, sentence: str, observed: str) -> None:
        super().__init__(f"iperf3 on {node} {sentence}: {observed.rstrip('. ') or 'it said nothing'}.")
        self.node = node
        self.observed = observed


class ClockStandsStillError(RaslabError, ValueError):
    """What was asked for would go on for ever at one moment of the virtual clock. what: it; why: what lacks a limit."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(f"{what} would never end in virtual time: {why}, so the clock stands still. {fix}")


class NoAddressError(RaslabError):
    """A node has no address (of the IP version that a measurement needs)."""

    def __init__(self, node: str, ip_version: int | None = None) -> None:
        kind = "IP" if ip_version is None else f"IPv{ip_version}"
        super().__init__(f"Node {node} has no {kind} address to measure to: give it one, or name one with address=.")


class NoCommonIpVersionError(RaslabError):
    """Of two nodes one has addresses of one IP version only, the other one of the other."""

    def __init__(self, source: str, here: int, destination: str, there: int) -> None:
        super().__init__(
            f"Node {source} has IPv{here} addresses only and node {destination} IPv{there} addresses only: "
            "give one of them an address of the other's kind."
        )


class UnreachableError(RaslabError):
    """The kernel refused to send probes."""

    def __init__(self, node: str, address: str, reason: str) -> None:
        super().__init__(
            f"Node {node} cannot send to {address} ({reason}): give it a route there or bring its interface up."
        )


class CaptureError(RaslabError):
    """Packets could not be captured. where: node and interface."""

    def __init__(self, where: str, observed: str) -> None:
        super().__init__(f"Capturing on {where} failed: {observed.rstrip('. ') or 'tcpdump said nothing'}.")


class CaptureFileError(RaslabError):
    """A file with captured packets could not be read or written. problem: goes on after its name; cure: what to do."""

    def __init__(self, path: object, problem: str, cure: str) -> None:
        super().__init__(f"{path} {problem}: {cure}.")


class NotObservedError(RaslabError, TimeoutError):
    """A named condition did not come true in time. what: the condition; observed: what was seen last."""

    def __init__(self, what: str, timeout_s: float, observed: str) -> None:
        super().__init__(f"Waited {timeout_s:g} s in vain until {what}; last seen: {observed or 'nothing'}.")


class NoSuchSettingError(RaslabError, KeyError):
    """The kernel has no setting of that name."""

    def __init__(self, node: str, pattern: str) -> None:
        super().__init__(
            f"Node {node} has no kernel setting {pattern}: write it as sysctl does, such as net.ipv4.ip_forward; "
            "* stands for any part."
        )

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it in quotes


class NotIsolatedError(RaslabError):
    """Something crossed between tenants, or nothing at all moved. verdict: of the report, a sentence."""

    def __init__(self, verdict: str) -> None:
        super().__init__(verdict)
        self.verdict = verdict
