"""External addresses as rules of nftables: which source gets which of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

from raslab.gateway.outside import expand
from raslab.gateway.state import NetNatExternalAddress

FIRST_PORT, LAST_PORT = 1024, 65535
_SEED = "0x1"  # without one the kernel takes another for each rule


def rules(where: str, pools: Sequence[NetNatExternalAddress]) -> Iterator[str]:
    """Rules that give what matches `where`, which ends in a space, a source address of one of the pools."""
    for pool, share in _shares(pools):
        to = "-".join(str(IPv4Address(end)) for end in pool.ip_address.split("-"))
        if (pool.port_start, pool.port_end) != (FIRST_PORT, LAST_PORT):
            ports = f"{pool.port_start}-{pool.port_end}"
            yield f"{where}{share}meta l4proto {{ tcp, udp }} counter snat to {to}:{ports} persistent"
        yield f"{where}{share}counter snat to {to} persistent"


def _shares(pools: Sequence[NetNatExternalAddress]) -> Iterator[tuple[NetNatExternalAddress, str]]:
    """Each pool with the match for the hosts inside that use it, by the number of its addresses.

    A host keeps its address for all that it sends to, whichever pool it is from: "paired" in RFC 4787, section 4.1.
    """
    sizes = [len(expand(pool)) for pool in pools]
    for number, pool in enumerate(pools, 1):
        share = f"jhash ip saddr mod {sum(sizes)} seed {_SEED} < {sum(sizes[:number])} "
        yield pool, share if number < len(pools) else ""
