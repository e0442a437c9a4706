"""Where commands print their tables."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

_PIPE_WIDTH = 200  # one line for each row: a pipe leads to grep rather than to eyes


def console_for(stream: TextIO) -> Console:
    """A console that fits a terminal's width, or gives a pipe whole lines without colours."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _PIPE_WIDTH)
