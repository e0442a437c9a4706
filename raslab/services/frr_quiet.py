"""BGP neighbours are kept from having a session until all has been said of them.

FRR acts on each line as it comes. A neighbour that calls between two of them would get a session without the families
and the policies that are yet to come: it would be told routes that it must not know, or be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ROUTER = "router bgp "
_NEW = re.compile(r"neighbor (\S+) remote-as ")
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
    vrf = ""
    for line in lines:
        if line.startswith(_ROUTER):
            vrf = f" vrf {words[-1]}" if "vrf" in (words := line.split()) else ""
        elif found := _BFD_ENDS.fullmatch(line):
            yield vrf, found[1]
