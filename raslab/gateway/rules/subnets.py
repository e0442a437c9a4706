"""What all kinds of S2S interfaces have in common: names, subnets behind them, their own addresses, bandwidth."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.forced import MAX_FORCED_METRIC, is_forced, is_nested
from raslab.gateway.rules.reading import (
    address,
    duplicates,
    given,
    interface,
    name_problem,
    prefix_problem,
    range_problem,
)
from raslab.gateway.state import GatewayState, GreInterface, S2SInterface, VpnS2SInterface, WireguardInterface
from raslab.gateway.state.notation import Subnet, subnet
from raslab.gateway.surroundings import Surroundings

_KINDS: dict[type[S2SInterface], str] = {VpnS2SInterface: "S2S", GreInterface: "GRE", WireguardInterface: "WireGuard"}
MAX_METRIC = 2**32 - 1
MAX_KBPS = 10**8  # 100 Gbit/s


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """All of it, for each interface and between them."""
    yield from _names(state, surroundings)
    used: dict[Subnet, str] = {}
    for one in state.s2s_interfaces:
        where = title(one, surroundings.title)
        later = one if isinstance(one, VpnS2SInterface) else VpnS2SInterface(name=one.name)
        for version, texts in (
            (4, (*one.ipv4_subnet, *later.post_connection_ipv4_subnet)),
            (6, (*one.ipv6_subnet, *later.post_connection_ipv6_subnet)),
        ):
            for text in texts:
                yield from _subnet(text, version, one, where, used, state, surroundings)
        for version, own in ((4, one.ipv4_address), (6, one.ipv6_address)):
            yield from _address(own, version, where, surroundings)
        yield from given(
            range_problem(one.tx_bandwidth_kbps, 0, MAX_KBPS, "tx_bandwidth_kbps", where),
            range_problem(one.rx_bandwidth_kbps, 0, MAX_KBPS, "rx_bandwidth_kbps", where),
        )


def title(one: S2SInterface, node: str) -> str:
    """What an interface is called in sentences."""
    return f"{_KINDS[type(one)]} interface {one.name} of {node}"


def _names(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    names = [one.name for one in state.s2s_interfaces]
    for one in state.s2s_interfaces:
        yield from given(name_problem(one.name, f"an S2S interface of {surroundings.title}"))
        if one.name in surroundings.names:
            yield f"{surroundings.title} already has an interface {one.name}: give the S2S interface another name."
    for name in duplicates(names):
        yield f"{surroundings.title} has S2S interfaces of two kinds named {name}: give one of them another name."


def _subnet(
    text: str,
    version: int,
    one: S2SInterface,
    where: str,
    used: dict[Subnet, str],
    state: GatewayState,
    surroundings: Surroundings,
) -> Iterator[str]:
    prefix, slash, length = text.partition("/")
    problem = prefix_problem(f"{prefix}{slash}{length.partition(':')[0]}", "Subnet", where, version)
    if problem:
        yield problem
        return
    try:
        found = subnet(text)
    except ValueError:
        yield f"Subnet {text} of {where} cannot be read: write a prefix and a metric like 10.2.0.0/24:100."
        return
    highest = MAX_FORCED_METRIC if is_forced(found, one, surroundings) else MAX_METRIC
    yield from given(range_problem(found.metric, 0, highest, "Metric", f"subnet {text} of {where}"))
    if found.network.prefixlen:  # to send everything there is a wish
        for name, own in surroundings.addresses:
            if (
                own.version == version
                and found.network.prefixlen >= own.network.prefixlen
                and found.network.overlaps(own.network)
            ):
                yield (
                    f"Subnet {text} of {where} overlaps with {own.network} on {name}: "
                    "what is behind a tunnel cannot be here too."
                )
        for target in map(address, one.destination):
            if target is not None and target in found.network and is_nested(one, target, state, surroundings):
                yield (
                    f"Subnet {text} of {where} holds its own destination {target}: "
                    "the tunnel would have to go through itself."
                )
    other = used.setdefault(found, one.name)
    if other != one.name:
        yield (
            f"Subnet {text} is behind both {other} and {one.name} of {surroundings.title}: "
            "give one of them another metric."
        )


def _address(text: str | None, version: int, where: str, surroundings: Surroundings) -> Iterator[str]:
    if text is None:
        return
    own = interface(text)
    if own is None or own.version != version:
        example = "10.255.0.1/30" if version == 4 else "2001:db8:ff::1/64"
        yield (
            f"ipv{version}_address {text} of {where} cannot be read: "
            f"write an address with prefix length like {example}."
        )
    elif holder := surroundings.owner_of(own.ip):
        yield f"ipv{version}_address {text} of {where} belongs to interface {holder} already: choose another one."
