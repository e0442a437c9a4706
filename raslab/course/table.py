"""How the table of a lab is shown, on a terminal and on a page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raslab.course.events import Value


def filled_columns(columns: Sequence[str], rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """Those of `columns` that hold something in at least one row."""
    return [name for name in columns if any(row.get(name) is not None for row in rows)]


def cell(value: Value, decimals: int | None = None) -> str:
    """A value as text: thousands are separated, except in small whole numbers such as an MTU; nothing is empty.

    decimals: of a figure that is not whole, None for all that it has.
    """
    match value:
        case None:
            return ""
        case float():
            return f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"
        case int() if value >= 10_000:
            return f"{value:,}"
        case _:
            return str(value)
