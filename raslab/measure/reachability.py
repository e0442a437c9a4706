"""Does one address answer another, and if not, who says why?"""

from __future__ import annotations

import re

from raslab.errors import BadMeasurementError
from raslab.measure.addresses import target_of
from raslab.measure.echo import MAX_SIZE_BYTES
from raslab.model.observation import Observation
from raslab.net import Node

INTERVAL_S = 0.2
WAIT_S = 1

_RECEIVED = re.compile(r"(\d+) received")
#: What ping says about one request that came to nothing: somebody's ICMP error, or its own kernel's refusal.
_REMOTE = re.compile(r"^From (\S+?):? icmp_seq=\d+ (.*)$", re.MULTILINE)
_LOCAL = re.compile(r"(?:^|: )(?:local error: |sendmsg: |connect: )(.*)$", re.MULTILINE)
_TOO_LONG = re.compile(r"message too long(, mtu[=:] ?\d+)?", re.IGNORECASE)


def reaches(
    source: Node, address: str | Node, *, size_bytes: int = 56, dont_fragment: bool = False, count: int = 2
) -> Observation:
    """Send `count` ICMP echo requests to an address or a node; it holds if all are answered a second after the last.

    size_bytes: of ICMP payload: the packet is 28 bytes longer over IPv4, 48 over IPv6. dont_fragment: nobody may
    cut the requests, not even the sender (IPv4's DF bit, RFC 791; on IPv6 routers never do); if false, the DF bit is
    not set, whatever the sender's habit is. What is seen names the
    number of answers and the first error that came back instead, such as RFC 1191's "Frag needed".

    Raises BadMeasurementError.
    """
    address, _ = target_of(source, address)
    _check(size_bytes, count)
    argv = ["ping", "-n", "-c", str(count), "-i", str(INTERVAL_S), "-W", str(WAIT_S), "-s", str(size_bytes)]
    result = source.run([*argv, "-M", "do" if dont_fragment else "dont", address])
    return read_answer(result.stdout + result.stderr, count)


def carried(throughput_mbps: float, at_least_mbps: float) -> Observation:
    """Whether a measured throughput is enough, in whole Mbit/s: the last digits are not the same everywhere."""
    return Observation(throughput_mbps >= at_least_mbps, f"{throughput_mbps:.0f} Mbit/s arrived")


def read_answer(text: str, count: int) -> Observation:
    """What the output of ping(8) comes to."""
    found = _RECEIVED.search(text)
    received = int(found[1]) if found else 0
    seen = f"{received or 'none'} of {count} echoes came back"
    if received == count:
        return Observation(True, seen)
    remote, local = _REMOTE.search(text), _LOCAL.search(text)
    if remote:
        seen += f"; {remote[1]} says: {remote[2]}"
    elif local:
        # Versions of ping, and its IPv4 and IPv6 halves, write this in five ways, one of them without the MTU.
        words = _TOO_LONG.sub("message too long", local[1])
        seen += f"; the sender itself says: {words}"
    return Observation(False, seen)


def _check(size_bytes: int, count: int) -> None:
    if count < 1 or not 0 <= size_bytes <= MAX_SIZE_BYTES:
        raise BadMeasurementError(
            f"reaches cannot send {count} requests of {size_bytes} bytes: count from 1, size_bytes from 0 to"
            f" {MAX_SIZE_BYTES}."
        )
