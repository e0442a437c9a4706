"""Short text and HTML forms of labs and nodes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from raslab.notebook.picture import style

TABLE = """
.raslab table{border-collapse:collapse;font-size:13px;margin:2px 0}
.raslab th,.raslab td{padding:2px 12px 2px 0;text-align:left;border:0;background:none;color:var(--ink)}
.raslab th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--rule)}
.raslab td.number,.raslab th.number{text-align:right;font-variant-numeric:tabular-nums}
.raslab h4{margin:8px 0 2px;font-size:13px;font-weight:600;color:var(--ink)}
.raslab p{margin:2px 0;color:var(--soft);font-size:13px}
""".replace("\n", "")


def page(*parts: str, extra_style: str = "") -> str:
    """Parts of HTML with everything that they need to look right on light and dark pages."""
    return f'<div class="raslab"><style>{style.THEME}{TABLE}{extra_style}</style>{"".join(parts)}</div>'


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], html_columns: Sequence[str] = ()) -> str:
    """A table; numbers are aligned right. Cells of `html_columns` are markup already."""
    numeric = [bool(rows) and all(isinstance(row[n], int | float) for row in rows) for n in range(len(columns))]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(columns, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{cell if name in html_columns else escape(str(cell))}</td>"
            for name, kind, cell in zip(columns, kinds, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def heading(text: str) -> str:
    """A small heading."""
    return f"<h4>{escape(text)}</h4>"


def remark(text: str) -> str:
    """A line of soft text."""
    return f"<p>{escape(text)}</p>"
