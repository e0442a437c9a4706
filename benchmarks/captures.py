"""Rows of public captures, compared with what tshark says of the same packets.

    .venv/bin/python -m benchmarks.captures FOLDER...

Reads every pcap and pcapng file below the folders (the tests of tcpdump, scapy, gopacket and Wireshark have
many), counts what raises, and lists the rows that differ by column; docs/captures.md explains the differences.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks import tshark
from raslab.measure.capture_files import DamagedCaptureError, Packet, read
from raslab.measure.dissection import rows
from raslab.measure.headers import LINKS

_SUFFIXES = (".pcap", ".pcapng", ".cap", ".gz")
_AT_ONCE = 5000  # packets
_SHOWN = 3  # examples of each difference


def packets_below(folders: list[str]) -> Iterator[tuple[Path, list[Packet]]]:
    """The packets of each file, of links that are read."""
    for folder in folders:
        for path in sorted(one for one in Path(folder).rglob("*") if one.suffix in _SUFFIXES and one.is_file()):
            try:
                found = read(path.read_bytes())
            except DamagedCaptureError as error:
                found = list(error.packets)
            yield path, [one for one in found if one.link in LINKS]


def main(folders: list[str]) -> int:
    """Compare and report; 1 if anything raised."""
    count: Counter[str] = Counter()
    examples: defaultdict[str, list[str]] = defaultdict(list)
    for path, packets in packets_below(folders):
        count["files"] += 1
        for start in range(0, len(packets), _AT_ONCE):
            part = packets[start : start + _AT_ONCE]
            begin = time.perf_counter()
            try:
                ours = rows(part)
            except Exception as error:  # whatever it is, it is what we look for
                count["raised"] += 1
                print(f"{path}: {error!r}")
                continue
            count["microseconds"] += round(1e6 * (time.perf_counter() - begin))
            try:
                theirs = tshark.rows(part)
            except (subprocess.CalledProcessError, ValueError) as error:
                print(f"{path}: tshark failed: {error}")
                continue
            count["packets"] += len(part)
            for number, (mine, other) in enumerate(zip(ours, theirs, strict=True), start):
                differing = tshark.difference(mine, other)
                count["rows that differ"] += bool(differing)
                for column, (here, there) in differing.items():
                    count[f"  {column}"] += 1
                    examples[column].append(f"{path.name} {number}: {here} here, {there} there")
    for name, number in count.items():
        print(f"{number:9}  {name}")
    for column, found in examples.items():
        print(f"\n{column}:", *found[:: max(1, len(found) // _SHOWN)][: _SHOWN + 1], sep="\n  ")
    return 1 if count["raised"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
