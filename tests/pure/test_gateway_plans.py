"""Plans of gateways, as text for people: the golden file is what a daemon or the kernel gets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gateway_samples import GOOD, HERE

from raslab.gateway.plan import NOTHING, Plan, plan
from raslab.gateway.plan.number_ranges import pattern
from raslab.gateway.plan.own_ports import free_range
from raslab.gateway.rules import problems_of
from raslab.gateway.state import GatewayState
from raslab.net.render import command
from raslab.net.steps import AddRule
from raslab.services import Charon, Nftables, Shaping, Wireguard
from raslab.services.frr import FrrDaemon
from raslab.services.pki import subject
from raslab.services.strongswan import Shared

GOLDEN = Path(__file__).parent / "golden" / "gateway-plans.txt"


def text(found: Plan) -> Iterator[str]:
    """A plan, line by line."""
    yield from (f"vrf {one.name} table {one.table}" for one in found.vrfs)
    yield from (f"interface {name} in {master}" for name, master in found.masters.items())
    for one in found.tunnels:
        inside = f" in {one.master}" if one.master else ""
        ends = f"{one.local} - {one.remote}"
        yield f"tunnel {one.name}: {one.kind} {ends} key {one.key} {' '.join(one.addresses)}".rstrip() + inside
    for route in found.routes:
        way = f"dev {route.dev}" if route.via is None else f"via {route.via}"
        way = "refused" if route.unreachable else way
        where = f" in {route.vrf or route.table}" if route.vrf or route.table else ""
        yield f"route {route.destination} {way} metric {route.metric}{where}"
    for rule in found.rules:
        yield f"rule {command(AddRule(rule.node, rule)).partition(' rule add ')[2]}"
    yield from (f"address {address} on {interface}" for interface, address in found.addresses)
    yield from (f"sysctl {key}={value}" for key, value in found.sysctls.items())
    for service in found.services:
        yield f"[{service.name}]"
        if isinstance(service, FrrDaemon):
            yield from service.config.splitlines()
        elif isinstance(service, Charon):
            yield from section({"connections": service.connections})
            yield from (f"secret {name}: {shared(one)}" for name, one in service.secrets.items())
            yield from (f"certificate {short(one)}" for one in service.certificates)
            yield from section({"authorities": service.authorities, "settings": service.settings})
        else:
            assert isinstance(service, Nftables | Shaping | Wireguard)
            yield from service.plan(None)


def shared(one: Shared) -> str:
    """All of a secret: its own words leave out what is secret about it."""
    return f"Shared(kind={one.kind!r}, secret={one.secret!r}, owners={one.owners!r})"


def section(values: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Nested settings as swanctl.conf shows them."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key} {{"
            yield from section(value, indent + "  ")
            yield f"{indent}}}"
        else:
            texts = value if isinstance(value, list) else [value]
            yield f"{indent}{key} = {', '.join(map(short, texts))}"


def short(text: str) -> str:
    """A text, or whose certificate it is: its key is another one in each run."""
    return f"(certificate of {subject(text)})" if "BEGIN CERTIFICATE" in text else text


def rendered() -> str:
    """All plans, one section each."""
    return "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in text(plan(state, HERE))) + "\n" for name, state in GOOD.items()
    )


def test_plans_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", GOOD)
def test_the_samples_are_good(name: str) -> None:
    assert problems_of(GOOD[name], HERE) == []


def test_without_a_role_nothing_is_planned() -> None:
    assert plan(GatewayState(), HERE) == NOTHING


@pytest.mark.parametrize(
    ("low", "high"), [(1, 1), (5, 17), (99, 1001), (64545, 64555), (64512, 65534), (1, 70000), (0, 9), (10, 99)]
)
def test_a_range_pattern_fits_exactly_its_numbers(low: int, high: int) -> None:
    fits = re.compile(pattern(low, high)).fullmatch
    around = {0, 1, 9, 10, 11, 99, 100, *range(max(low - 30, 0), low + 30), *range(max(high - 30, 0), high + 30), 10**6}
    assert {number for number in around if fits(str(number))} == {n for n in around if low <= n <= high}


@pytest.mark.parametrize(
    ("taken", "limits", "free"),
    [
        ((), (1024, 65535), (1024, 65535)),
        ((500, 4500), (1024, 65535), (4501, 65535)),
        ((500, 4500, 51820), (1024, 65535), (4501, 51819)),
        ((1024, 65535), (1024, 65535), (1025, 65534)),
        ((500,), (500, 500), None),
        ((500, 501), (500, 502), (502, 502)),
    ],
)
def test_the_longest_range_without_ports_of_the_gateway(
    taken: tuple[int, ...], limits: tuple[int, int], free: tuple[int, int] | None
) -> None:
    assert free_range(taken, *limits) == free
