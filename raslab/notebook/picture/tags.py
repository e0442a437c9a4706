"""The SVG that all drawings have in common. Pure."""

from __future__ import annotations

from html import escape

from raslab.notebook.picture import style


def opening(width: float, height: float, title: str, rules: str) -> list[str]:
    """The begin of a drawing that grows with the page up to its own size. rules: CSS besides the theme's."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="raslab" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="width:100%;max-width:{width:.0f}px;height:auto" role="img" aria-label="{escape(title)}">',
        f"<style>{style.THEME}{rules}</style>",
    ]


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Words at a place. kind: CSS classes; anchor: which end of the words is at `x`."""
    named = f' class="{kind}"' if kind else ""
    middle = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}{middle}>{escape(words)}</text>'
