"""External addresses as rules of nftables: which source gets which of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import IPv4Address

from raslab.gateway.outside import expand
from raslab.gateway.plan.own_ports import FIRST_PORT, LAST_PORT, free_range, spared
from raslab.gateway.state import NetNatExternalAddress

_SEED = "0x1"  # without one the kernel takes another for each rule


def rules(
    where: str,
    pools: Sequence[NetNatExternalAddress],
    own: Collection[str] = (),
    taken: Mapping[str, tuple[int, ...]] | None = None,
) -> Iterator[str]:
    """Rules that give what matches `where`, which ends in a space, a source address of one of the pools.

    own: addresses of the node itself; taken: the ports of theirs that it listens on, by protocol.
    """
    for pool, share in _shares(pools):
        shared = taken if taken and not set(own).isdisjoint(expand(pool)) else {}
        to = _addresses(pool)
        if (pool.port_start, pool.port_end) != (FIRST_PORT, LAST_PORT):
            every = (port for ports in shared.values() for port in ports)
            low, high = free_range(every, pool.port_start, pool.port_end) or (pool.port_start, pool.port_end)
            yield f"{where}{share}meta l4proto {{ tcp, udp }} counter snat to {to}:{low}-{high} persistent"
        else:
            for match, free in spared(shared):
                yield f"{where}{share}{match}counter snat to {to}:{free} persistent"
        yield f"{where}{share}counter snat to {to} persistent"


def _addresses(pool: NetNatExternalAddress) -> str:
    """The addresses of a pool as nft takes them: one, or the first and the last."""
    return "-".join(str(IPv4Address(end)) for end in pool.ip_address.split("-"))


def _shares(pools: Sequence[NetNatExternalAddress]) -> Iterator[tuple[NetNatExternalAddress, str]]:
    """Each pool with the match for the hosts inside that use it, by the number of its addresses.

    A host keeps its address for all that it sends to, whichever pool it is from: "paired" in RFC 4787, section 4.1.
    """
    sizes = [len(expand(pool)) for pool in pools]
    for number, pool in enumerate(pools, 1):
        share = f"jhash ip saddr mod {sum(sizes)} seed {_SEED} < {sum(sizes[:number])} "
        yield pool, share if number < len(pools) else ""
