"""What tshark says of captured packets, in the columns of `raslab.measure.dissection`."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from raslab.measure import header_meanings as words
from raslab.measure.capture_files import Packet, as_pcapng
from raslab.measure.dissection import GRE_PROTOCOL_NAMES, PROTOCOL_NAMES

COLUMNS = (
    "source",
    "destination",
    "protocol",
    "fragment_offset",
    "gre_protocol",
    "gre_key",
    "inner_source",
    "inner_destination",
    "inner_protocol",
    "inner_fragment_offset",
    "source_port",
    "destination_port",
    "tcp_flags",
    "icmp",
    "network_identifier",
)
"""Those that are compared."""
_AS_IT_IS = ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams", "ip.tso_support")
"""Each packet for itself; a total length of 0 is what the kernel of a sender leaves to its card."""
_SETTINGS = ("FALSE", "FALSE", "FALSE", "TRUE")
_LAYERS = "frame eth arp ip ipv6 gre vxlan geneve etherip tcp udp sctp dccp udplite icmp icmpv6 ah data"
_TUNNELS = ("gre", "vxlan", "geneve", "etherip")
_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_FLAGS = "FSRPAUECN"

_FRAGMENT_AT = 1480
_FRAGMENT = Packet(0, bytes(12) + bytes.fromhex("0800 45000014000100b9401100000a0000010a000002"), 34, 1)
"""A known one: versions of tshark differ in whether they count bytes or units of eight."""

Layer = tuple[str, Sequence[tuple[str, Any]]]


def program() -> str | None:
    """Where tshark is."""
    return shutil.which("tshark")


def rows(packets: Sequence[Packet]) -> list[dict[str, Any]]:
    """A row per packet, with those of `COLUMNS` that tshark finds."""
    tshark = program()
    assert tshark is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "packets.pcapng")
        path.write_bytes(as_pcapng([*packets, _FRAGMENT]))
        options = [word for pair in zip(_AS_IT_IS, _SETTINGS, strict=True) for word in ("-o", ":".join(pair))]
        argv = [tshark, "-n", "-r", str(path), "-T", "json", "-J", _LAYERS, *options]
        told = subprocess.run(argv, capture_output=True, check=True, env={"HOME": folder, "PATH": "/usr/bin:/bin"})
    text = told.stdout.decode(errors="replace")
    *found, known = [_row(_layers(one)) for one in json.loads(text, object_pairs_hook=tuple)]
    for row in found:
        for column in ("fragment_offset", "inner_fragment_offset"):
            if column in row and row[column][0] == "ip":
                row[column] = row[column][1] * _FRAGMENT_AT // known["fragment_offset"][1]
            elif column in row:
                row[column] = row[column][1]
    return found


def _layers(packet: Sequence[tuple[str, Any]]) -> list[Layer]:
    layers = dict(dict(packet)["_source"])["layers"]
    return [(name, value) for name, value in layers if isinstance(value, tuple)]


def _fields(layer: Any) -> Iterator[tuple[str, str]]:
    """All fields of a layer, from its tree too."""
    for name, value in layer:
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, tuple) and value and isinstance(value[0], tuple):
            yield from _fields(value)


def _row(layers: Sequence[Layer]) -> dict[str, Any]:
    within: list[list[Layer]] = [[]]
    for layer in layers:
        if layer[0] in ("ip", "ipv6") and any(one[0] in ("ip", "ipv6") for one in within[-1]):
            within.append([])
        within[-1].append(layer)
        if layer[0] in _TUNNELS:
            within.append([])
    row = _network(within[0])
    inner = next((found for level in reversed(within[1:]) if (found := _network(level))), {})
    row |= {f"inner_{name}": value for name, value in inner.items()}
    for name, values in layers:
        fields = dict(_fields(values))
        if name == "gre" and "gre_protocol" not in row:
            kind = int(fields.get("gre.proto", "0"), 16)
            row["gre_protocol"] = GRE_PROTOCOL_NAMES.get(kind, f"{kind:#06x}")
            if "gre.key" in fields:
                row["gre_key"] = int(fields["gre.key"], 0)
        if name in ("vxlan", "geneve") and "network_identifier" not in row:
            number = fields.get(f"{name}.vni")
            if number is not None:
                row["network_identifier"] = int(number, 0)
    row |= _transport(within[-1])
    return {name: value for name, value in row.items() if value not in ("", None)}


def _network(level: Sequence[Layer]) -> dict[str, Any]:
    for name, layer in level:
        fields = list(_fields(layer))
        values = dict(reversed(fields))  # of several, the first
        if name == "arp":
            ends = {"source": values.get("arp.src.proto_ipv4"), "destination": values.get("arp.dst.proto_ipv4")}
            return ends | {"protocol": "arp"}
        if name == "ip" and "ip.dst" in values:
            place = int(values.get("ip.frag_offset", "0"), 0)
            cut = place or values.get("ip.flags.mf") == "1"
            return {
                "source": values["ip.src"],
                "destination": values["ip.dst"],
                "protocol": _protocol(values.get("ip.proto", "0")),
                "fragment_offset": ("ip", place) if cut else None,
            }
        if name == "ipv6" and "ipv6.dst" in values:
            following = [value for key, value in fields if key.endswith(".nxt")]
            place = int(values.get("ipv6.fraghdr.offset", "0"), 0) * 8
            cut = place or values.get("ipv6.fraghdr.more") == "1"
            return {
                "source": values["ipv6.src"],
                "destination": values["ipv6.dst"],
                "protocol": _protocol(following[-1]),
                "fragment_offset": ("ipv6", place) if cut else None,
            }
    return {}


def _protocol(number: str) -> str:
    return PROTOCOL_NAMES.get(int(number, 0), number)


def _transport(level: Sequence[Layer]) -> dict[str, Any]:
    for name, layer in level:
        fields = dict(reversed(list(_fields(layer))))
        if name in _PORTS and f"{name}.srcport" in fields:
            row: dict[str, Any] = {"source_port": int(fields[f"{name}.srcport"])}
            if f"{name}.dstport" in fields:
                row["destination_port"] = int(fields[f"{name}.dstport"])
            if name == "tcp" and "tcp.flags" in fields:
                flags = int(fields["tcp.flags"], 16)
                row["tcp_flags"] = "".join(letter for bit, letter in enumerate(_FLAGS) if flags >> bit & 1)
            return row
        if name in ("icmp", "icmpv6"):
            kind, code = fields.get(f"{name}.type"), fields.get(f"{name}.code")
            if kind is None or code is None:
                return {}
            return {"icmp": words.icmp_message(4 if name == "icmp" else 6, int(kind), int(code))}
    return {}


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The columns that differ, each with both values; what one does not have is None."""
    pairs = {name: (_none(ours.get(name)), _none(theirs.get(name))) for name in COLUMNS}
    if pairs["source"] == (None, None):  # of what is not IP, names are a matter of taste
        pairs["protocol"] = (None, None)
    if pairs["inner_source"] == (None, None):
        pairs["inner_protocol"] = (None, None)
    return {name: (ours, theirs) for name, (ours, theirs) in pairs.items() if ours != theirs}


def _none(value: Any) -> Any:
    return None if value == "" else {"rarp": "arp"}.get(value, value)
