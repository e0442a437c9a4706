"""zebra is told again of addresses that it has missed.

It hears of interfaces in one thread and of addresses in another, and forgets the address of an interface that it has
not heard of yet (FRR 8.4, `zebra_if_addr_update_ctx`). Without the address there is no connected route, and BGP
neighbours on that subnet stay out of reach.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_interface

from raslab.errors import NotObservedError
from raslab.net.names import kernel_name
from raslab.net.namespaces import Namespace
from raslab.net.netlink.rtnetlink import add_address
from raslab.net.waiting import look_until
from raslab.services.vty import Vty

_DEADLINE_S = 5.0
_PAUSE_S = 0.02


def remind(vty: Vty, namespace: Namespace, wanted: Mapping[str, Sequence[str]]) -> None:
    """Wait until zebra knows the addresses of interfaces, and let the kernel tell it again of those that it lacks.

    vty: a connection to zebra. wanted: addresses with prefix lengths by interface. Raises NotObservedError.
    """

    def lacking() -> list[tuple[str, str]]:
        known = vty.show("show interface vrf all brief json")
        found = {
            name: {ip_interface(one) for one in known.get(kernel_name(name), {}).get("addresses", ())}
            for name in wanted
        }
        return [
            (name, text) for name, texts in wanted.items() for text in texts if ip_interface(text) not in found[name]
        ]

    def tell_again() -> None:
        time.sleep(_PAUSE_S)
        namespace.connection.send(
            [add_address(namespace.index_of(name), ip_interface(text)) for name, text in lacking()]
        )

    if left := look_until(lambda missing: not missing, lacking, _DEADLINE_S, tell_again):
        name, address = left[0]
        raise NotObservedError(f"zebra of {vty.node} knows of {address} on {name}", _DEADLINE_S, "it does not")
