"""Names and numbers that a gateway makes of its user's names: none may be somebody else's on the node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raslab.gateway.plan.interfaces import if_id
from raslab.gateway.rules.subnets import title
from raslab.gateway.scopes import Scope, scopes
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings
from raslab.model.checks.names import RESERVED_INTERFACES
from raslab.net.names import kernel_name
from raslab.services.shaping import HOLDER


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Interfaces that the kernel would know under one name, and tunnels that it could not tell apart."""
    parts = list(scopes(state, surroundings))
    yield from _reserved(parts)
    yield from _holders(parts, surroundings)
    yield from _interfaces(state, surroundings, parts)
    owners: dict[int, str] = {}
    for inside, where in parts:
        for one in inside.vpn_s2s_interfaces:
            shown = title(one, where.title)
            other = owners.setdefault(if_id(one.name), shown)
            if other != shown:
                yield (
                    f"The names of {other} and {shown} give their packets one number (if_id {if_id(one.name)}): "
                    "give one of them another name."
                )


def _reserved(parts: Sequence[Scope]) -> Iterator[str]:
    for inside, where in parts:
        for one in inside.s2s_interfaces:
            if one.name in RESERVED_INTERFACES or one.name.startswith(HOLDER):
                yield f"The name of the {title(one, where.title)} is taken by Linux or raslab: give it another name."


def _holders(parts: Sequence[Scope], surroundings: Surroundings) -> Iterator[str]:
    """Devices that hold what comes in by limited interfaces are known by the begin of their names."""
    domains = [where.domain for _, where in parts if where.domain is not None]
    limited = any(one.is_limited for one in domains) or any(
        one.rx_bandwidth_kbps for inside, _ in parts for one in inside.s2s_interfaces
    )
    for name in (*surroundings.names, *surroundings.devices):
        if limited and name.startswith(HOLDER):
            yield (
                f"Interface {name} of {surroundings.node} begins as the names of devices that hold bandwidths do: "
                f"give it a name without {HOLDER} at its begin."
            )


def _interfaces(state: GatewayState, surroundings: Surroundings, parts: Sequence[Scope]) -> Iterator[str]:
    """One S2S interface with the very name of another, or of an interface that is there, is spoken of elsewhere."""
    there = [(name, f"interface {name} of {surroundings.node}") for name in (*surroundings.names, "lo")]
    devices = [(name, f"device {name} of {surroundings.node}") for name in surroundings.devices]
    tunnels = [(one.name, title(one, where.title)) for inside, where in parts for one in inside.s2s_interfaces]
    vrfs = [(one.vrf, f"VRF {one.vrf} of routing domain {one.name}") for one in state.routing_domains]
    own = dict.fromkeys((*tunnels, *vrfs))
    holders: dict[str, tuple[str, str]] = {}
    for name, shown in (*dict.fromkeys((*there, *devices)), *own):
        other_name, other = holders.setdefault(kernel_name(name), (name, shown))
        if (name, shown) not in own or other == shown:
            continue
        if other_name != name or (name, shown) in vrfs or (other_name, other) in (*devices, *vrfs):
            yield f"The {other} and the {shown} would have one name in the kernel: give one of them another."
