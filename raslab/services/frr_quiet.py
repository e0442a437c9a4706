"""BGP neighbours are kept from having a session until all has been said of them.

FRR acts on each line as it comes. A neighbour that calls between two of them would get a session without the families
and the policies that are yet to come: it would be told routes that it must not know, or be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ROUTER = "router bgp "
_NEW = re.compile(r"neighbor (\S+) remote-as ")
_LIMIT = re.compile(r"(?:no )?neighbor (\S+) maximum-prefix (\d+)")
_BFD_ENDS = re.compile(r"no neighbor (\S+) bfd")


def quietly(lines: Sequence[str]) -> Iterator[str]:
    """The lines of a change, with each neighbour that they make shut down from its first line to the end of all."""
    held: dict[str, list[str]] = {}
    router = ""
    for line in lines:
        yield line
        if line.startswith(_ROUTER):
            router = line
        elif (found := _NEW.match(line)) and (shut := f"neighbor {found[1]} shutdown") not in lines:
            yield shut
            held.setdefault(router, []).append(f"no {shut}")
    for head, ends in held.items():
        yield from (head, *ends, "exit")


def losing_bfd(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The neighbours whose BFD a change ends, each after the words of FRR for its VRF, such as `` vrf blue``."""
    return ((vrf, found[1]) for vrf, found in _of_neighbours(lines, _BFD_ENDS))


def limits(lines: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """The neighbours whose limit of prefixes a change sets or lifts, and that limit; each as in `losing_bfd`."""
    new = {found[1] for line in lines if (found := _NEW.match(line))}
    for vrf, found in _of_neighbours(lines, _LIMIT):
        if found[1] not in new:
            yield vrf, found[1], int(found[2])


def _of_neighbours(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """The lines that match, with the words of FRR for the VRF that they are about."""
    vrf = ""
    for line in lines:
        if line.startswith(_ROUTER):
            vrf = f" vrf {words[-1]}" if "vrf" in (words := line.split()) else ""
        elif found := pattern.fullmatch(line):
            yield vrf, found
