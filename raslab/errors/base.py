"""What all errors of raslab have in common."""

from __future__ import annotations

import traceback

#: How ipykernel calls the files that cells would come from if they came from files.
CELL_FILE = "ipykernel_"


class RaslabError(Exception):
    """Base of all errors of raslab. `str(error)` is a complete sentence for the user."""

    def _render_traceback_(self) -> list[str]:
        """IPython's question what to print: the line of the cell and our sentence, no page of somebody else's code.

        `traceback.print_exception(error)` still shows everything.
        """
        frames = traceback.extract_tb(self.__traceback__)
        cells = [frame for frame in frames if CELL_FILE in frame.filename]
        where = [f"Line {frame.lineno}: {frame.line}" for frame in cells[-1:]]
        return [*where, f"\033[31m{type(self).__name__}\033[0m: {self}"]


_LONGEST = 1500


def one_line(sentence: str) -> str:
    """A sentence on one line that can be printed and read, whatever the user's words in it are."""
    if not sentence.isprintable():
        sentence = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in sentence)
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST // 2]}...{sentence[-_LONGEST // 2 :]}"
