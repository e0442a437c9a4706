"""What the lab measures, and what theory says about it: pure data and arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.model.encapsulation import ESP_HEADER_BYTES, GRE, GRE_WITH_KEY, IP_HEADER_BYTES, Encapsulation
from raslab.model.encryption import (
    AES_CBC_SHA256,
    AES_GCM,
    CHACHA20_POLY1305,
    WIREGUARD,
    Encrypted,
    Encryption,
    FullSegment,
    Layer,
    full_segment,
)

MTU = 1500
STREAMS = (1, 8)

COLUMNS = (
    "tunnel",
    "streams",
    "inner_mtu",
    "overhead_bytes",
    "link_mbps",
    "throughput_mbps",
    "expected_mbps",
    "packets_per_s",
    "retransmits",
    "cpu_percent",
    "relative_to_routed",
    "relative_theory",
)
"""Of the table. overhead_bytes: what the tunnel adds to a full packet. expected_mbps: what the headers leave of the
link. The relative ones are shares of what goes without a tunnel, measured and by the headers."""

MINOR_COLUMNS = (
    "link_mbps",
    "retransmits",
    "packets_per_s",
    "cpu_percent",
    "inner_mtu",
    "overhead_bytes",
    "expected_mbps",
)
"""The least important first."""

DECIMALS = {
    "throughput_mbps": 1,
    "expected_mbps": 1,
    "cpu_percent": 1,
    "relative_to_routed": 4,
    "relative_theory": 4,
}
"""Of the figures in the table, for people; the files hold what was measured."""


@dataclass(frozen=True)
class Kind:
    """A kind of tunnel: its layers, the innermost first, and for IPsec the cipher as the cmdlets name it."""

    name: str
    title: str
    layers: tuple[Layer, ...] = ()
    cipher: str | None = None
    check: str | None = None

    @property
    def segment(self) -> FullSegment:
        """A full TCP segment through it."""
        return full_segment(self.layers, MTU)


def _esp(encryption: Encryption) -> Encrypted:
    return Encrypted(encryption, reserved_bytes=IP_HEADER_BYTES[4] + ESP_HEADER_BYTES)


KINDS = (
    Kind("routed", "no tunnel"),
    Kind("gre", "GRE", (GRE,)),
    Kind("gre-key", "GRE with a key", (GRE_WITH_KEY,)),
    Kind("ipsec-aes128-cbc", "IPsec, AES128-CBC with HMAC-SHA256", (_esp(AES_CBC_SHA256),), "AES128", "SHA256128"),
    Kind("ipsec-aes256-gcm", "IPsec, AES256-GCM", (_esp(AES_GCM),), "GCMAES256", "GCMAES256"),
    Kind(
        "ipsec-chacha20",
        "IPsec, ChaCha20-Poly1305",
        (_esp(CHACHA20_POLY1305),),
        "CHACHA20POLY1305",
        "CHACHA20POLY1305",
    ),
    Kind("gre-over-ipsec", "GRE over IPsec, AES256-GCM", (GRE, _esp(AES_GCM)), "GCMAES256", "GCMAES256"),
    Kind(
        "wireguard",
        "WireGuard",
        (Encrypted(WIREGUARD, Encapsulation(outer_ip_version=4, wireguard=True).overhead_bytes, in_udp=True),),
    ),
)
ROUTED = KINDS[0]


@dataclass(frozen=True)
class Case:
    """One measurement: TCP through a kind of tunnel."""

    kind: Kind
    streams: int

    @property
    def label(self) -> str:
        """For people who wait."""
        return f"{self.kind.name}, {self.streams} TCP connection{'s' if self.streams > 1 else ''}"


def all_cases() -> list[Case]:
    """Every measurement, in the order of the table."""
    return [Case(kind, streams) for kind in KINDS for streams in STREAMS]
