"""zebra is told again of addresses that it has missed.

It hears of interfaces in one thread and of addresses in another, and forgets the address of an interface that it has
not heard of yet (FRR 8.4, `zebra_if_addr_update_ctx`). Without the address there is no connected route, and BGP
neighbours on that subnet stay out of reach.
"""

from __future__ import annotations

import socket
import time

from raslab.errors import ConfigurationRefusedError, NotObservedError
from raslab.net import Node
from raslab.net.netlink import addresses
from raslab.net.netlink.addresses import InterfaceAddress
from raslab.net.waiting import look_until
from raslab.services.vty import Vty

_DEADLINE_S = 5.0
_PAUSE_S = 0.02


def remind(vty: Vty, node: Node) -> None:
    """Let the kernel announce again what zebra lacks, until it knows the addresses of all interfaces of the node.

    vty: a connection to zebra. Raises NotObservedError.
    """

    def tell_again() -> None:
        time.sleep(_PAUSE_S)
        node.namespace.connection.send([one.announcement for _, one in lacking(vty, node)])

    counts: list[int] = []  # of what it lacked, as it has been seen

    def look() -> list[tuple[str, InterfaceAddress]]:
        found = lacking(vty, node)
        counts.append(len(found))
        return found

    if left := look_until(lambda found: not found, look, _DEADLINE_S, tell_again, lambda: tuple(counts[-1:])):
        name, one = left[0]
        raise NotObservedError(f"zebra of {vty.node} knows of {one.address} on {name}", _DEADLINE_S, "it does not")


def lacking(vty: Vty, node: Node) -> list[tuple[str, InterfaceAddress]]:
    """The addresses that the kernel has and zebra does not, with the names of their interfaces.

    Those that are link-local are left out. Raises NoSuchServiceError if there is no zebra.
    """
    shown = vty.show("show interface vrf all brief json")  # without addresses that are not the first of their subnet
    names = dict(node.call(socket.if_nameindex))
    answer = node.namespace.connection.ask(addresses.dump_addresses())
    known = (addresses.interface_address(message) for message in answer)
    hidden = [
        (name, one)
        for one in known
        if one.is_usable and not one.is_link_local and (name := names.get(one.index)) is not None
        if one.address not in shown.get(name, {}).get("addresses", ())
    ]
    in_full = {name: _addresses(vty, name) for name, _ in hidden if name in shown}
    return [(name, one) for name, one in hidden if one.address not in in_full.get(name, ())]


def _addresses(vty: Vty, interface: str) -> set[str]:
    """All addresses of an interface that zebra knows."""
    try:
        (found,) = vty.show(f"show interface {interface} vrf all json").values()
    except ConfigurationRefusedError:  # it has gone meanwhile
        return set()
    return {one["address"] for one in found.get("ipAddresses", ())}
