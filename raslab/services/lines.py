"""The last defence before a daemon's configuration: a line is one line, a name is one name. Pure.

Whatever gets here has been read by rules before, so a refusal here is a gap in them and nothing that a user meets.
"""

from __future__ import annotations

from collections.abc import Iterable

from raslab.errors import ServiceDeclarationError
from raslab.model.sentences import quoted

_NOT_IN_A_NAME = frozenset('"\\*')
"""What ends a quoted name of nft, or makes of it a pattern."""


def whole(line: str, what: str) -> str:
    """The line, if it is one and can be written; raises ServiceDeclarationError. what: whose line it is."""
    if line.isprintable() or all(sign == "\t" or sign.isprintable() for sign in line):
        return line
    raise ServiceDeclarationError(
        f"A line for {what} would hold a sign that ends it or cannot be printed, {quoted(line)}: nothing was sent."
    )


def joined(lines: Iterable[str], what: str) -> str:
    """A text of whole lines; raises as `whole`."""
    return "".join(f"{whole(line, what)}\n" for line in lines)


def in_quotes(name: str) -> str:
    """A name in the quotes of nft; raises ServiceDeclarationError if it would mean something else there."""
    if not name or _NOT_IN_A_NAME & set(name) or not name.isprintable():
        raise ServiceDeclarationError(f"nft cannot take {quoted(name)} for a name: nothing was sent.")
    return f'"{name}"'
