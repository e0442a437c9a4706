"""What a cell shows that was drawn."""

from __future__ import annotations


class Figure:
    """Something drawn: `markup`, SVG or HTML, looks right in a light and in a dark page. Its text form is its title."""

    def __init__(self, markup: str, title: str) -> None:
        self.markup = markup
        self._title = title

    def __repr__(self) -> str:
        return f"<{self._title}>"

    def _repr_html_(self) -> str:
        return self.markup
