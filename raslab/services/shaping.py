"""Rates of interfaces, by the kernel's traffic control: what goes out waits in a token bucket, and what comes in too.

What has come in cannot wait on its own interface, so it takes a detour through an `ifb` device, which holds it as if
it were to be sent. Nothing is dropped that a queue of QUEUE_MS can hold, so TCP finds its rate by waiting.
Interfaces that share a rate take that detour to the same device, in either direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar

from raslab.errors import ConfigurationRefusedError
from raslab.net.names import MAX_BYTES, kernel_name
from raslab.services.place import Place
from raslab.services.service import Service

HOLDER = "ifb-"
"""How the names of these devices begin, and of no others."""
QUEUE_MS = 50
_LARGEST_BYTES = 1600  # a packet and its headers: a bucket that is smaller would let none pass
_BURST_MS = 25  # what a computer that is late makes up for


@dataclass(frozen=True)
class Limit:
    """Rates of one interface, 1000 bits per second of IP packets; 0 is unlimited.

    made_of: anything that changes when the interface is made anew, which takes its rates away.
    """

    interface: str
    out_kbps: int = 0
    in_kbps: int = 0
    made_of: str = ""


@dataclass(frozen=True)
class SharedLimit:
    """Rates that several interfaces have together, 1000 bits per second of IP packets; 0 is unlimited.

    name: of what they are part of. interfaces: each with its `made_of` as in Limit; none of them may have an `in_kbps`
    of its own, but they may have an `out_kbps` each.
    """

    name: str
    interfaces: tuple[tuple[str, str], ...]
    out_kbps: int = 0
    in_kbps: int = 0


@dataclass(frozen=True)
class Shaping(Service):
    """The rates that a node's interfaces shall have. Interfaces that are not named are left alone."""

    name: ClassVar[str] = "shaping"
    limits: tuple[Limit, ...] = field(default=())
    shared: tuple[SharedLimit, ...] = field(default=())

    def plan(self, old: Shaping | None) -> tuple[str, ...]:
        """Commands of `ip` and `tc`."""
        return (*_gone(old, self), *_come(old, self))

    def reload(self, place: Place, old: Shaping | None) -> None:
        """Take away what has changed and set it anew."""
        for line in _gone(old, self):
            place.run(line.split())  # with an interface its rates have gone already
        for line in _come(old, self):
            result = place.run(line.split())
            if result.status:
                raise ConfigurationRefusedError(place.name, "tc", line, result.stderr.strip())

    def reloads_from(self, old: Service) -> bool:
        """Always: there is no process."""
        return True

    def stop(self, place: Place) -> None:
        """Give all interfaces their full rate back."""
        for line in _gone(self, Shaping()):
            place.run(line.split())


def holding_device(interface: str) -> str:
    """The `ifb` device for what comes in by an interface."""
    return f"{HOLDER}{sha256(interface.encode()).hexdigest()[: MAX_BYTES - len(HOLDER)]}"


def _gone(old: Shaping | None, new: Shaping) -> Iterator[str]:
    for limit in old.limits if old else ():
        if limit not in new.limits:
            if limit.out_kbps:
                yield f"tc qdisc delete dev {kernel_name(limit.interface)} root"
            if limit.in_kbps:
                yield f"tc qdisc delete dev {kernel_name(limit.interface)} ingress"
                yield f"ip link delete {holding_device(limit.interface)}"

    for one in old.shared if old else ():
        if one not in new.shared:
            yield from (f"tc qdisc delete dev {kernel_name(name)} clsact" for name, _ in one.interfaces)
            yield from (f"ip link delete {holder}" for holder, _ in _holders(one).values())


def _come(old: Shaping | None, new: Shaping) -> Iterator[str]:
    for limit in new.limits:
        if old and limit in old.limits:
            continue
        interface, holder = kernel_name(limit.interface), holding_device(limit.interface)
        if limit.out_kbps:
            yield f"tc qdisc replace dev {interface} root {_bucket(limit.out_kbps)}"
        if limit.in_kbps:
            yield f"ip link add {holder} type ifb"
            yield f"ip link set {holder} up"
            yield f"tc qdisc add dev {interface} ingress"
            yield f"tc filter add dev {interface} ingress matchall action mirred egress redirect dev {holder}"
            yield f"tc qdisc add dev {holder} root {_bucket(limit.in_kbps)}"

    for one in new.shared:
        if old and one in old.shared:
            continue
        for holder, kbps in _holders(one).values():
            yield f"ip link add {holder} type ifb"
            yield f"ip link set {holder} up"
            yield f"tc qdisc add dev {holder} root {_bucket(kbps)}"
        for name, _ in one.interfaces:
            yield f"tc qdisc add dev {kernel_name(name)} clsact"
            for way, (holder, _) in _holders(one).items():
                detour = f"matchall action mirred egress redirect dev {holder}"
                yield f"tc filter add dev {kernel_name(name)} {way} {detour}"


def _holders(one: SharedLimit) -> dict[str, tuple[str, int]]:
    """The `ifb` devices of a shared limit with their rates, by the way that packets go."""
    rates = {"egress": one.out_kbps, "ingress": one.in_kbps}
    return {way: (holding_device(f"{way} of {one.name}"), kbps) for way, kbps in rates.items() if kbps}


def _bucket(kbps: int) -> str:
    burst = max(_LARGEST_BYTES, kbps * _BURST_MS // 8)
    return f"tbf rate {kbps}kbit burst {burst} latency {QUEUE_MS}ms"
