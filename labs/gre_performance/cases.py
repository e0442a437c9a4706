"""What the lab measures, and what theory says about it: pure data and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.model.encapsulation import GRE, GRE_WITH_KEY, NO_TUNNEL, Encapsulation, IpVersion, Transport

MTUS = (1500, 9000)
TCP_STREAMS = (1, 8)
UDP_PAYLOAD_BYTES = 64
UDP_MTU = 1500
"""Small packets are the same size on any link, so one MTU is enough for them."""


COLUMNS = (
    "path",
    "protocol",
    "streams",
    "mtu",
    "overhead_bytes",
    "link_mbps",
    "throughput_mbps",
    "packets_per_s",
    "retransmits",
    "loss_percent",
    "cpu_percent",
    "efficiency_measured",
    "efficiency_theory",
    "relative_to_routed",
)
"""Of the table: the case, what was measured, and what it is compared with. Shares are between 0 and 1."""

MINOR_COLUMNS = (
    "loss_percent",
    "link_mbps",
    "retransmits",
    "overhead_bytes",
    "packets_per_s",
    "efficiency_theory",
    "cpu_percent",
    "relative_to_routed",
)
"""The least important first."""

DECIMALS = {
    "throughput_mbps": 1,
    "loss_percent": 2,
    "cpu_percent": 1,
    "efficiency_measured": 4,
    "efficiency_theory": 4,
    "relative_to_routed": 4,
}
"""Of the figures in the table, for people; the files hold what was measured."""


@dataclass(frozen=True)
class Path:
    """A way from intranet 2 to intranet 1: a path of `topologies/gre_performance.py`, the headers that it adds, and
    the IP version of what the hosts send.
    """

    name: str
    encapsulation: Encapsulation
    ip_version: IpVersion = 4


PATHS = (
    Path("routed", NO_TUNNEL),
    Path("gre", GRE),
    Path("gre-key", GRE_WITH_KEY),
    Path("gre-key-ipv6-payload", GRE_WITH_KEY, ip_version=6),
    Path("gre-over-ipv6", Encapsulation(outer_ip_version=6)),
)


@dataclass(frozen=True)
class Case:
    """One measurement."""

    path: Path
    mtu: int
    protocol: Transport
    streams: int

    @property
    def label(self) -> str:
        """For people who wait."""
        if self.protocol == "udp":
            return f"{self.path.name}, UDP with {UDP_PAYLOAD_BYTES}-byte payload"
        connections = "connection" if self.streams == 1 else "connections"
        return f"{self.path.name}, MTU {self.mtu}, {self.streams} TCP {connections}"

    @property
    def payload_bytes(self) -> int:
        """User data in one packet: a full TCP segment, or the small datagram."""
        if self.protocol == "udp":
            return UDP_PAYLOAD_BYTES
        return self.path.encapsulation.tcp_payload_bytes(self.mtu, self.path.ip_version)

    @property
    def efficiency_theory(self) -> float:
        """Payload bytes over bytes on the wire at the shaper of the transport network, 0 to 1."""
        return self.path.encapsulation.efficiency(self.payload_bytes, self.protocol, self.path.ip_version)


def cases_on(path: Path, mtu: int) -> list[Case]:
    """The measurements on one network, in order."""
    tcp = [Case(path, mtu, "tcp", streams) for streams in TCP_STREAMS]
    return [*tcp, Case(path, mtu, "udp", 1)] if mtu == UDP_MTU else tcp


def all_cases() -> list[Case]:
    """Every measurement, in the order of the table."""
    return [case for path in PATHS for mtu in MTUS for case in cases_on(path, mtu)]
