"""Static routes, as the NetRoute cmdlets take them."""

from __future__ import annotations

from dataclasses import dataclass

from raslab.gateway.state.written import Address, Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class NetRoute:
    """A static route: New-NetRoute. destination_prefix: ``0.0.0.0/0`` and ``::/0`` are the default routes.

    next_hop: an address on a subnet of the gateway or, in a routing domain, of one of its interfaces.
    """

    destination_prefix: Prefix
    next_hop: Address
    route_metric: int | None = None
