"""The sentences that tell users what is wrong with their topology: each names their own thing and the fix."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_SHOWN = 120
"""Characters of a text of the user's that a sentence shows."""


def duplicate_node(name: str) -> str:
    """Two nodes of one name."""
    return f"There are two nodes named {name}: give one of them another name."


def duplicate_interface(node: str, name: str) -> str:
    """Two interfaces of one name on one node."""
    return f"Node {node} has two interfaces named {name}: give one of them another name."


def name_not_text(what: str) -> str:
    """A name that is no text."""
    return f"{what} is not text: write it in quotes."


def no_such_link(link: str) -> str:
    """A link to remove that is not there."""
    return f"The link {link} is not in this network: it was removed before, or belongs to another network."


def unknown_status(link: str, status: object) -> str:
    """A status of a link that is neither of the two."""
    return f"Status {status} of the link {link} is unknown: choose up or down."


def no_such_route(node: str, destination: str) -> str:
    """A route to remove that is not there."""
    return f"Node {node} has no such route to {destination}: its routes are those that addRoute gave it."


def no_such_label(node: str, label: object) -> str:
    """A label to forget that the node does not know."""
    return f"Node {node} has no path for label {label}: its paths are those that addMplsRoute gave it."


def no_such_address(interface: str, node: str, address: str) -> str:
    """An address to remove that is not there."""
    return f"Interface {interface} of node {node} has no address {address}: write it as it was given."


def unknown_node(where: str, name: str, known: Sequence[str]) -> str:
    """Something refers to a node that is not there."""
    return f"{where[0].upper()}{where[1:]} refers to node {name}, which does not exist: {_suggestion(name, known)}"


def unknown_here(where: str, kind: str, name: str, known: Sequence[str]) -> str:
    """Something of a node refers to an interface, of some kind, that the node does not have."""
    missing = f"refers to {kind} {name}, which that node does not have"
    return f"{where[0].upper()}{where[1:]} {missing}: {_suggestion(name, known)}"


def link_to_itself(name: str) -> str:
    """Both ends of a link on one node."""
    return f"Node {name} is linked to itself: link two different nodes."


def no_way_out() -> str:
    """A network is to be connected to the computer's own."""
    return (
        "A network of raslab has no way out to the computer's own network, so addNAT cannot be used: "
        "put what its hosts need onto a host of the network."
    )


def unknown_parameter(where: str, name: str, known: Sequence[str]) -> str:
    """A parameter that nothing reads."""
    return f"{where} has no parameter {shown(name)}: {_suggestion(name, known)}"


def shown(value: object) -> str:
    """What a sentence writes for something of the user's: short, on one line, and in signs that can be printed."""
    return _cut(value) if isinstance(value, str) and value.isprintable() else quoted(value)


def quoted(value: object) -> str:
    """The same as Python writes it, texts in quotes."""
    try:
        return _cut(repr(value))
    except ValueError:  # a number of thousands of digits
        return "a number of thousands of digits"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN // 2]}... ({len(text)} characters)"


def _suggestion(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # only for those who err: its import is not free

    name, known = shown(name), [str(one) for one in known]
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"choose one of {', '.join(sorted(known))}." if known else "add it first."
