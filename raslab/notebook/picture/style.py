"""Colours of everything that is drawn, for light and dark pages.

Ink and paper follow JupyterLab's and VS Code's theme where there is one, else what the reader prefers. All other
colours are of medium lightness, so that they can be told from both papers.
"""

from __future__ import annotations

TENANT_COLOURS = ("#2ea043", "#a259d9", "#d6336c", "#0c9ba6", "#b08800", "#6e7781", "#2f81f7", "#d2691e")

THEME = """
.raslab{--ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1f2328));
--soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#59636e));
--paper:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--rule:rgba(128,134,142,.55);--blue:#2f81f7;--orange:#d2691e;--green:#2ea043;--amber:#c98a00;--red:#e5484d;
font-family:var(--jp-ui-font-family,system-ui,sans-serif);color:var(--ink);line-height:1.35}
@media (prefers-color-scheme:dark){.raslab{
--ink:var(--jp-content-font-color1,var(--vscode-editor-foreground,#e6edf3));
--soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#9198a1));
--paper:var(--jp-layout-color0,var(--vscode-editor-background,#0d1117))}}
.raslab .mono{font-family:var(--jp-code-font-family,ui-monospace,monospace)}
""".replace("\n", "")
"""Put once into everything that is drawn; the rest refers to its variables."""

PICTURE = """
.raslab text{fill:var(--ink);font-size:12px}
.raslab .halo{stroke:var(--paper);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
.raslab .name{font-size:14px;font-weight:600}
.raslab .soft{fill:var(--soft)}
.raslab .intf{font-weight:600}
.raslab .frame{fill:rgba(128,134,142,.07);stroke:var(--rule);stroke-dasharray:2 4}
.raslab .box{fill:var(--paper);stroke:var(--ink);stroke-opacity:.65;stroke-width:1.3}
.raslab .title{fill:#80868e;fill-opacity:.18}
.raslab .gateway .box{stroke:var(--blue);stroke-opacity:1}
.raslab .gateway .title{fill:var(--blue)}
.raslab .row{stroke:var(--rule);stroke-width:.8}
.raslab .bar{fill:var(--soft)}
.raslab .wire{stroke:var(--ink);stroke-opacity:.75;stroke-width:1.6;fill:none}
.raslab .tube{stroke:var(--orange);stroke-opacity:.4;stroke-width:13;fill:none}
.raslab .core{stroke:var(--orange);stroke-width:1.6;fill:none}
.raslab .broken{stroke-dasharray:5 5}
.raslab .plate{fill:var(--paper);stroke:var(--orange);stroke-width:1.2}
.raslab .spark{fill:none;stroke:var(--blue);stroke-width:1.3}
.raslab .low{stroke:var(--green);stroke-opacity:1}
.raslab .middling{stroke:var(--amber);stroke-opacity:1}
.raslab .high{stroke:var(--red);stroke-opacity:1}
.raslab .cut{stroke:var(--red);stroke-opacity:1;stroke-dasharray:5 5}
.raslab .alarm{fill:var(--red);font-weight:600}
.raslab .asleep{opacity:.45}
""".replace("\n", "")

CHART = """
.raslab text{fill:var(--ink);font-size:12px}
.raslab .caption{font-size:13px;font-weight:600}
.raslab .tick{fill:var(--soft);font-size:11px}
.raslab .grid{stroke:var(--rule);stroke-width:.6;stroke-dasharray:2 4}
.raslab .axis{stroke:var(--rule)}
""".replace("\n", "")
"""Of a chart with a caption, axes and a grid."""


def tenant_colour(tenant: str, tenants: tuple[str, ...]) -> str:
    """The colour of a tenant, the same in every picture of the same tenants."""
    return TENANT_COLOURS[tenants.index(tenant) % len(TENANT_COLOURS)]
