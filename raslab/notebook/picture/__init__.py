"""Pictures of a topology: arrangement -> layout (plain data) -> SVG text. Pure, so equal input gives equal bytes."""

from raslab.notebook.picture.layout import describe, lay_out
from raslab.notebook.picture.svg import to_svg

__all__ = ["describe", "lay_out", "to_svg"]
