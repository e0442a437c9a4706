"""A packet's headers as boxes within boxes, with the bytes of every field. Pure.

What differs from run to run of the same experiment is shown as such unless every byte is asked for: so the boxes of a
notebook are the same whoever runs it.
"""

from __future__ import annotations

from html import escape

from raslab.measure.header_fields import Dissection, Field, Header
from raslab.notebook import cards

_COLOURS = {
    "Ethernet": "#6e7781",
    "VLAN": "#b08800",
    "MPLS": "#a259d9",
    "IPv4": "#2f81f7",
    "IPv6": "#2f81f7",
    "GRE": "#d2691e",
    "ESP": "#d2691e",
    "TCP": "#2ea043",
    "UDP": "#2ea043",
    "IKE": "#a259d9",
    "WireGuard": "#d2691e",
    "AH": "#d2691e",
    "VXLAN": "#d2691e",
    "VXLAN-GPE": "#d2691e",
    "GENEVE": "#d2691e",
    "EtherIP": "#d2691e",
    "SCTP": "#2ea043",
    "ICMP": "#a259d9",
    "ICMPv6": "#a259d9",
    "ARP": "#b08800",
}
_INNER_COLOURS = {"IPv4": "#0c9ba6", "IPv6": "#0c9ba6", "Ethernet": "#b08800"}
_OTHER_COLOUR = "#6e7781"
_PAYLOAD_COLOUR = "#80868e"
_PAYLOAD_SHOWN = 16  # bytes
_VARYING = "x: chosen anew for each packet, or computed from what is. header(…, every_byte=True) shows all bytes."

BOXES = """
.raslab .hdr{border:1.5px solid;border-radius:7px;padding:4px 8px 8px;margin:6px 0 0;max-width:1080px}
.raslab .hdr>b{font-size:13px;color:var(--ink)}
.raslab .hdr>i{font-style:normal;font-size:12px;color:var(--soft);margin-left:8px}
.raslab .fields{display:flex;flex-wrap:wrap;gap:4px;margin-top:4px}
.raslab .fld{border:1px solid var(--rule);border-radius:4px;padding:1px 6px 2px;
background:var(--paper);line-height:1.25}
.raslab .fld span{display:block;font-size:11px;color:var(--soft)}
.raslab .fld code{display:block;font-size:12px;color:var(--ink);background:none!important;padding:0!important}
.raslab .fld em{display:block;font-style:normal;font-size:12px;color:var(--ink);font-weight:600}
""".replace("\n", "")


def to_html(dissection: Dissection, title: str, *, every_byte: bool = False) -> str:
    """All headers, each box holding the next one, and the payload in the innermost.

    every_byte: with those that vary, and the payload's.
    """
    total = sum(header.length for header in dissection.headers) + len(dissection.payload) + len(dissection.padding)
    inner = _payload("Payload", dissection.payload, every_byte)
    for header in reversed(dissection.headers):
        inner = _box(header, inner, every_byte)
    inner += _payload("Padding", dissection.padding, every_byte)
    varying = any(field.varying_digits for header in dissection.headers for field in header.fields)
    remarks = [cards.remark(_VARYING)] if varying and not every_byte else []
    return cards.page(cards.heading(f"{title}: {total} bytes"), inner, *remarks, extra_style=BOXES)


def _box(header: Header, inner: str, every_byte: bool) -> str:
    colours = _INNER_COLOURS if header.place == "inner" else _COLOURS
    colour = colours.get(header.protocol) or _COLOURS.get(header.protocol, _OTHER_COLOUR)
    fields = "".join(_field(field, every_byte) for field in header.fields)
    return (
        f'<div class="hdr" {_tint(colour)}>'
        f"<b>{escape(header.title)}</b><i>{header.length} bytes{', cut off' * header.cut}, {escape(header.source)}</i>"
        f'<div class="fields">{fields}</div>{inner}</div>'
    )


def _field(field: Field, every_byte: bool) -> str:
    where = (
        f"bytes {field.offset} to {field.offset + len(field.data) - 1}"
        if len(field.data) > 1
        else f"byte {field.offset}"
    )
    data, meaning = field.data.hex(" "), field.meaning
    if field.varying_digits and not every_byte:
        data, meaning = field.steady_data, field.steady_meaning
    return (
        f'<div class="fld" title="{where}"><span>{escape(field.name)}</span>'
        f'<code class="mono">{data}</code><em>{escape(meaning)}</em></div>'
    )


def _payload(name: str, data: bytes, every_byte: bool) -> str:
    """What follows the headers. name: what it is called."""
    if not data:
        return ""
    more = f" … and {len(data) - _PAYLOAD_SHOWN} more" if len(data) > _PAYLOAD_SHOWN else ""
    shown = f'<code class="mono">{data[:_PAYLOAD_SHOWN].hex(" ")}{more}</code>'
    fields = f'<div class="fields"><div class="fld">{shown}</div></div>' if every_byte else ""
    return f'<div class="hdr" {_tint(_PAYLOAD_COLOUR)}><b>{name}</b><i>{len(data)} bytes</i>{fields}</div>'


def _tint(colour: str) -> str:
    """A border of that colour around a light shade of it, the same however deep the box is nested."""
    return f'style="border-color:{colour};background:linear-gradient({colour}24,{colour}24),var(--paper)"'
