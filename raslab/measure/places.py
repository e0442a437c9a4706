"""Where in a network: an interface or a link from what a person types."""

from __future__ import annotations

import re
from typing import Any

from raslab.errors import NoSuchPlaceError
from raslab.net import Intf, Link, Network


def find_interface(network: Network, text: str) -> Intf:
    """The interface that `text` names.

    ``gw1:wan0`` and ``gw1 wan0`` are exact; ``gw1-transport`` is the first node's end of the link between two nodes;
    ``wan0``, or the beginning of such a name, will do where all interfaces that it fits are on one segment. The first
    one is meant then, in the order in which the network was described. Raises NoSuchPlaceError.
    """
    everything: list[Intf] = [intf for node in network.values() for intf in node.all_interfaces()]
    words = [word for word in re.split(r"[:\s]+", text.strip()) if word]
    if len(words) == 2:
        exact = [intf for intf in everything if [intf.node.name, intf.name] == words]
        if exact:
            return exact[0]
    links = _links_between(network, text)
    if links:
        first = re.split(r"\s*-\s*", text.strip())[0]
        ends: tuple[Intf, Intf] = links[0].ends
        return next((end for end in ends if end.node.name == first), ends[0])
    fitting = [intf for intf in everything if intf.name == text] or [
        intf for intf in everything if intf.name.startswith(text) and not intf.node.kind.is_switch
    ]
    if not fitting:
        raise NoSuchPlaceError(text, "is no interface and no link of this lab", _choices(everything))
    if len({_segment(intf) for intf in fitting}) > 1:
        raise NoSuchPlaceError(text, "fits interfaces on different networks", _choices(fitting))
    return fitting[0]


def find_link(network: Network, text: str) -> Link:
    """The link that `text` names: ``gw1-transport``, or one of its interfaces as in `find_interface`.

    Raises NoSuchPlaceError.
    """
    links = _links_between(network, text)
    if links:
        return links[0]
    link: Link | None = find_interface(network, text).link
    if link is None:
        names = [link_name(one) for one in network.links]
        raise NoSuchPlaceError(text, "is a tunnel, which has no wire of its own", names)
    return link


def link_name(link: Link) -> str:
    """``gw1-transport``: what `find_link` understands."""
    return "-".join(end.node.name for end in link.ends)


def _links_between(network: Network, text: str) -> list[Link]:
    return [link for link in network.links if text.replace(" ", "") in (link_name(link), _reversed_name(link))]


def _reversed_name(link: Link) -> str:
    return "-".join(end.node.name for end in reversed(link.ends))


def _segment(intf: Intf) -> Any:
    """The switch or, without one, the link that an interface is plugged into."""
    if intf.link is None:
        return intf
    far = next(end for end in intf.link.ends if end is not intf)
    return far.node if far.node.kind.is_switch else intf.link


def _choices(interfaces: list[Intf]) -> list[str]:
    return [f"{intf.node.name}:{intf.name}" for intf in interfaces if not intf.node.kind.is_switch]
