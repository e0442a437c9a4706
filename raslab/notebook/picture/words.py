"""Numbers and facts as the short words that fit on a picture."""

from __future__ import annotations

from raslab.model.topology import DEFAULT_MTU, Impairment, Interface, Link

_UNITS = ((1e3, "Gbit/s"), (1.0, "Mbit/s"), (1e-3, "kbit/s"))


def rate(mbps: float) -> str:
    """A configured rate: ``10 Gbit/s``."""
    for size, unit in _UNITS:
        if mbps >= size:
            return f"{mbps / size:g} {unit}"
    return f"{mbps * 1e6:g} bit/s"


def throughput(mbps: float) -> str:
    """A measured rate with three digits: ``9.56 Gbit/s``, ``0``."""
    for size, unit in _UNITS:
        if mbps >= size * 0.9995:
            return f"{mbps / size:.3g} {unit}" if mbps < size * 999.5 else f"{mbps / size:.0f} {unit}"
    return "0"


def count(number: float) -> str:
    """A number of packets per second: ``83.3 k``."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if number >= size * 0.9995:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


def wire(link: Link) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to write above and below a link whose first end is drawn on the left."""
    there, back = link.ends
    above = _rate_line(there.impairment, back.impairment)
    below = _lines(there) if _lines(there) == _lines(back) else _both_ways(there, back)
    vlans = " · ".join(dict.fromkeys(filter(None, map(_vlans, link.ends))))
    return (above,) if above else (), (*below, *((vlans,) if vlans else ()))


def _vlans(port: Interface) -> str:
    """The VLANs of a switch's port: the one that frames without a tag are in, then the tags of the others."""
    named = list(map(str, port.vlans[:_NAMED_VLANS]))
    if more := len(port.vlans) - len(named):
        named.append(f"{more} more")
    tags = f"tag{'s' if len(port.vlans) > 1 else ''} {', '.join(named)}" if named else ""
    untagged = "" if port.untagged_vlan is None else f"VLAN {port.untagged_vlan}"
    return ", ".join(filter(None, (untagged, tags)))


_NAMED_VLANS = 4


def _both_ways(there: Interface, back: Interface) -> list[str]:
    return [f"{line} ▸" for line in _lines(there)] + [f"◂ {line}" for line in _lines(back)]


def _rate_line(there: Impairment, back: Impairment) -> str:
    if there.rate_mbps == back.rate_mbps:
        return rate(there.rate_mbps) if there.rate_mbps else ""
    words = [rate(side.rate_mbps) if side.rate_mbps else "unlimited" for side in (back, there)]
    return f"◂ {words[0]} · {words[1]} ▸"


def _lines(end: Interface) -> list[str]:
    """What is unusual about what an interface sends."""
    wire = end.impairment
    lines = [f"MTU {end.mtu}"] if end.mtu != DEFAULT_MTU else []
    if wire.delay_ms or wire.jitter_ms:
        lines.append(f"{wire.delay_ms:g}{f' ± {wire.jitter_ms:g}' if wire.jitter_ms else ''} ms")
    if wire.loss_percent:
        lines.append(f"{wire.loss_percent:g} % loss")
    return lines
