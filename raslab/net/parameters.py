"""Link parameters as people write them, Mininet's TCLink words included, turned into model data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from raslab.model import addresses as written
from raslab.model import sentences
from raslab.model.checks.facts import is_integer, is_number
from raslab.model.topology import Impairment, Interface, Route

_IMPAIRMENT = ("rate_mbps", "delay_ms", "jitter_ms", "loss_percent", "limit_packets")
_MININET = {"bw": "rate_mbps", "delay": "delay_ms", "jitter": "jitter_ms", "loss": "loss_percent"}
_MININET |= {"max_queue_size": "limit_packets"}
PORT_VLANS = ("vlans", "untagged_vlan")
"""Parameters of switches' ports."""
_OWN = ("name", "ip", "ips", "mac", "mtu", "master", *PORT_VLANS, *_IMPAIRMENT)
# They choose among ways to shape, of which there is one here, or switch offloads, which stay as they are.
_WITHOUT_EFFECT = {"use_htb", "use_hfsc", "use_tbf", "speedup", "gro", "txo", "rxo", "fast", "up"}

_TIME = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]*)\s*")
_MS = {"": 1e-3, "ns": 1e-6}  # tc reads a bare number as microseconds
_MS |= dict.fromkeys(("us", "usec", "usecs"), 1e-3)
_MS |= dict.fromkeys(("ms", "msec", "msecs"), 1.0)
_MS |= dict.fromkeys(("s", "sec", "secs"), 1e3)


def interface(node: str, name: str, parameters: Mapping[str, Any]) -> tuple[Interface, list[str]]:
    """One end of a link from its parameters, with a sentence for each parameter that cannot be used."""
    values, problems = _values(f"Interface {name} of node {node}", parameters, _OWN)
    values = {key: value for key, value in values.items() if value is not None}
    result = Interface(
        node,
        name,
        addresses(values.get("ip"), values.get("ips")),
        impairment=Impairment(**{key: values[key] for key in _IMPAIRMENT if key in values}),
    )
    others = ("mac", "mtu", "master", *PORT_VLANS)
    return replace(result, **{key: values[key] for key in others if key in values}), problems


def impairment(where: str, base: Impairment, parameters: Mapping[str, Any]) -> tuple[Impairment, list[str]]:
    """`base` with the given parameters changed; None makes one perfect again."""
    values, problems = _values(where, parameters, _IMPAIRMENT)
    perfect = Impairment()
    given = {key: getattr(perfect, key) if value is None else value for key, value in values.items()}
    return replace(base, **given), problems


def port_vlans(where: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Changes of a switch's port; None is no VLAN."""
    values, problems = _values(where, parameters, PORT_VLANS)
    return {key: () if key == "vlans" and value is None else value for key, value in values.items()}, problems


def _values(where: str, parameters: Mapping[str, Any], known: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """Parameters under our own names and in our own units."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in parameters.items():
        own = _MININET.get(key, key)
        if own not in known:
            if key not in _WITHOUT_EFFECT:
                problems.append(sentences.unknown_parameter(where, key, known))
        elif own == "mac" and value is not None:
            values[own] = written.normal(written.mac, value)
        elif own == "loss_percent" and isinstance(value, str):
            values[own] = _number(value.rstrip("% "))
        elif key in ("delay", "jitter"):
            values[own] = milliseconds(value)
        elif key == "vlans" and value is not None:
            several = isinstance(value, Iterable) and not isinstance(value, str)
            values[own] = tuple(map(_integer, value if several else (value,)))
        elif key == "untagged_vlan" and value is not None:
            values[own] = _integer(value)
        else:
            values[own] = value
    return values, problems


def addresses(ip: Any, ips: Any) -> tuple[str, ...]:
    """Addresses from Mininet's `ip` and our `ips`, a list or one address; what is none is for validation to refuse."""
    several = ips if isinstance(ips, list | tuple | set | frozenset) else [ips]
    given = (address for address in (ip, *several) if address not in (None, ""))
    return tuple(written.normal(written.interface, address) for address in given)


def route(
    node: str,
    destination: Any,
    via: Any = None,
    dev: str | None = None,
    metric: int | None = None,
    vrf: str | None = None,
    labels: Any = (),
) -> Route:
    """A route with its addresses in one spelling."""
    return Route(
        node, written.normal(written.network, destination), next_hop(via), dev, metric, vrf, label_stack(labels)
    )


def label_stack(labels: Any) -> tuple[Any, ...]:
    """MPLS labels, several or one."""
    return tuple(labels) if isinstance(labels, Iterable) and not isinstance(labels, str | bytes) else (labels,)


def next_hop(via: Any) -> str | None:
    """An address in one spelling, or None for none."""
    return None if via is None else written.normal(written.address, via)


def milliseconds(time: Any) -> Any:
    """``"10ms"``, ``"1s"``, ``"500us"`` or a number of microseconds, as tc reads them, in milliseconds.

    Anything else is returned as it is, for validation to refuse.
    """
    if is_number(time):
        return time * _MS[""]
    match = _TIME.fullmatch(time) if isinstance(time, str) else None
    return float(match[1]) * _MS[match[2]] if match and match[2] in _MS else time


def _integer(value: Any) -> Any:
    """The value, or what it looks like if it is none, for validation to refuse."""
    return value if is_integer(value) else str(value)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
