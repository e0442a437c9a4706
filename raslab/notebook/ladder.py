"""Who spoke to whom: a column per address, an arrow per packet, time running down. Pure.

Beside a packet stands how long after the one above it came, in whole milliseconds, above a tenth of a second in tenths:
the pause that a program makes is not the same each time it runs. The exact times are in the capture's frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from ipaddress import ip_address
from typing import Any

from raslab.notebook.picture import measures
from raslab.notebook.picture.tags import opening

SHOWN = 40  # packets
_LONG_S = 0.0995
_TIME_WIDTH = 86
_ROW = 30
_HEAD = 48
_COLUMN_MINIMUM = 190
_ARROW = 7
_SPELLING = {"icmpv6": "ICMPv6", "ipv6": "IPv6"}

LADDER = """
.raslab text{fill:var(--ink);font-size:12px}
.raslab .who{font-size:13px;font-weight:600}
.raslab .soft{fill:var(--soft)}
.raslab .life{stroke:var(--rule);stroke-width:1.2}
.raslab .arrow{stroke:var(--blue);stroke-width:1.5;fill:none}
.raslab .tip{fill:var(--blue)}
.raslab .tunnelled .arrow{stroke:var(--orange)}
.raslab .tunnelled .tip{fill:var(--orange)}
""".replace("\n", "")


@dataclass(frozen=True, slots=True)
class Step:
    """One packet: when, between which columns, what to write on it, and whether a tunnel carries it."""

    time_s: float
    source: str
    destination: str
    words: str
    tunnelled: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Addresses in the order in which they appear, with the node's name where it is known; packets; how many more."""

    who: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    left_out: int


def ladder(
    rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], *, inner: bool = False, everything: bool = False
) -> Ladder:
    """The ladder of captured packets, as rows of `raslab.measure.dissection`.

    names: node by address. inner: between the addresses inside tunnels, where there are any. everything: with what
    IPv6 sends on its own account, from link-local addresses (RFC 4862, RFC 9777).
    """
    steps = [step for row in rows if (step := _step(row, inner)) is not None]
    steps = [step for step in steps if everything or not _is_housekeeping(step)]
    shown = steps[:SHOWN]
    addresses = dict.fromkeys(address for step in shown for address in (step.source, step.destination))
    who = tuple((address, names.get(address, "")) for address in addresses)
    return Ladder(who, tuple(shown), len(steps) - len(shown))


def _step(row: Mapping[str, Any], inner: bool) -> Step | None:
    source, destination = _text(row, "source"), _text(row, "destination")
    if not source or not destination:
        return None
    inner_source = _text(row, "inner_source")
    if inner and inner_source:
        source, destination = inner_source, _text(row, "inner_destination")
    return Step(float(row["time_s"]), source, destination, _words(row, with_tunnel=not inner), _is_tunnelled(row))


def _is_housekeeping(step: Step) -> bool:
    source = ip_address(step.source)
    return source.version == 6 and (source.is_link_local or source.is_unspecified)


def _words(row: Mapping[str, Any], *, with_tunnel: bool) -> str:
    protocol = _text(row, "inner_protocol") or ("" if _is_tunnelled(row) else _text(row, "protocol"))
    port = _text(row, "destination_port")
    parts = [
        _tunnel_words(row) if with_tunnel and _is_tunnelled(row) else "",
        _SPELLING.get(protocol, protocol.upper()),
        f"to {port}" if port else "",
        _text(row, "tcp_flags"),
        _text(row, "icmp"),
        _fragment_words(row, "inner_fragment_offset"),
        "" if _is_tunnelled(row) else _fragment_words(row, "fragment_offset"),
    ]
    segments = _text(row, "segments")
    bundle = f" in {segments} segments" if segments not in ("", "1") else ""
    return f"{' '.join(filter(None, parts)).rstrip(':')}, {row['length_bytes']} B{bundle}"


def _is_tunnelled(row: Mapping[str, Any]) -> bool:
    return _text(row, "protocol") == "gre" or bool(_text(row, "inner_source"))


def _tunnel_words(row: Mapping[str, Any]) -> str:
    key = _text(row, "gre_key")
    name = _text(row, "tunnel") or ("gre" if _text(row, "protocol") == "gre" else "vxlan")
    words = (name.upper(), f"key {key}" if key else "", _fragment_words(row, "fragment_offset"))
    return " ".join(filter(None, words)) + ":"


def _fragment_words(row: Mapping[str, Any], column: str) -> str:
    offset = _text(row, column)
    return f"fragment at {offset}" if offset else ""


def _text(row: Mapping[str, Any], column: str) -> str:
    """A cell as text, empty if there is nothing in it."""
    value = row.get(column)
    return "" if value is None or str(value) in ("", "nan", "<NA>") else str(value)


def to_svg(drawn: Ladder, title: str) -> str:
    """The ladder as one SVG element."""
    widths = [measures.sans_width(step.words) + 36 for step in drawn.steps]
    heads = [measures.mono_width(address) + 24 for address, _ in drawn.who]
    pitch = max([_COLUMN_MINIMUM, *widths, *heads])
    x = {address: _TIME_WIDTH + pitch * (number + 0.5) for number, (address, _) in enumerate(drawn.who)}
    width = _TIME_WIDTH + pitch * max(len(drawn.who), 1)
    bottom = _HEAD + _ROW * len(drawn.steps) + 8
    height = bottom + (24 if drawn.left_out else 4)
    parts = opening(width, height, title, LADDER)
    for address, name in drawn.who:
        parts.append(f'<text class="who" x="{x[address]:.1f}" y="16" text-anchor="middle">{escape(name)}</text>')
        parts.append(f'<text class="mono" x="{x[address]:.1f}" y="34" text-anchor="middle">{escape(address)}</text>')
        parts.append(f'<path class="life" d="M{x[address]:.1f} {_HEAD - 6}V{bottom}"/>')
    for number, step in enumerate(drawn.steps):
        when = _pause(step.time_s - drawn.steps[number - 1].time_s) if number else ""
        parts.append(_arrow(step, number, when, x))
    if drawn.left_out:
        more = f"and {drawn.left_out} more packets"
        parts.append(f'<text class="soft" x="{_TIME_WIDTH}" y="{height - 8}">{more}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _pause(seconds: float) -> str:
    return f"+{seconds:.1f} s" if seconds >= _LONG_S else f"+{seconds * 1e3:.0f} ms"


def _arrow(step: Step, number: int, when: str, x: Mapping[str, float]) -> str:
    y = _HEAD + _ROW * number + 20
    start, stop = x[step.source], x[step.destination]
    back = -_ARROW if stop > start else _ARROW
    kind = ' class="tunnelled"' if step.tunnelled else ""
    return (
        f"<g{kind}>"
        f'<text class="soft mono" x="{_TIME_WIDTH - 14}" y="{y + 4}" text-anchor="end">{when}</text>'
        f'<path class="arrow" d="M{start:.1f} {y}H{stop:.1f}"/>'
        f'<path class="tip" d="M{stop:.1f} {y}l{back} -4v8z"/>'
        f'<text x="{(start + stop) / 2:.1f}" y="{y - 5}" text-anchor="middle">{escape(step.words)}</text></g>'
    )
