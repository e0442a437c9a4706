"""IP packets of the network namespace of the calling thread, as the kernel tells under /proc/net."""

from __future__ import annotations

from pathlib import Path

from raslab.model.encapsulation import IpVersion

# /proc/net belongs to the process's first thread; a thread that entered another namespace has its own.
_NET = Path("/proc/thread-self/net")


def ip_packets_received(ip_version: IpVersion) -> int:
    """IP packets that this namespace has received, counted as they were on the wire.

    Interface counters count a bundle made by segmentation offload (GSO) as one packet. The counters of the ECN
    field (RFC 3168) are the ones in which the kernel counts each segment of a bundle.
    """
    if ip_version == 6:
        pairs = (line.split() for line in (_NET / "snmp6").read_text().splitlines())
        return sum(int(value) for name, value in pairs if name in _IP6_ECN)
    lines = (_NET / "netstat").read_text().splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        if names.startswith("IpExt:"):
            table = dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
            return sum(table[name] for name in _IP4_ECN)
    return 0


_IP4_ECN = ("InNoECTPkts", "InECT1Pkts", "InECT0Pkts", "InCEPkts")
_IP6_ECN = frozenset(f"Ip6{name}" for name in _IP4_ECN)
