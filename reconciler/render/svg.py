"""The graph of a plan as a picture: SVG that needs nothing from anywhere, for light and dark. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from reconciler.model import Action, Decision
from reconciler.render import graph as graphs
from reconciler.render.graph import COLOURS, Graph
from reconciler.render.layout import Layout, Point, laid_out
from reconciler.render.plain import clean

HEIGHT = 42.0
LETTER = 7.8
"""The width of a letter of a name, at most, on average."""
PADDING = 22.0
LONGEST = 40
"""How much of a name is shown; all of it when the mouse is over it."""
LIGHTER = {
    Action.NONE: "#8b949e",
    Action.CREATE: "#3fb950",
    Action.UPDATE: "#d29922",
    Action.REPLACE: "#bc8cff",
    Action.DELETE: "#f85149",
    Action.WAIT: "#58a6ff",
    Action.DEFER: "#58a6ff",
    Action.REFUSE: "#ff7b72",
    Action.KEEP: "#39c5cf",
    Action.UNKNOWN: "#f0883e",
}
"""The colours of lines and signs on a dark ground."""
STYLE = (
    """
.graph { color: #1f2328; font: 13px system-ui, sans-serif }
.graph .edge { fill: none; stroke: #8c959f; stroke-width: 1.3 }
.graph text { fill: currentColor }
.graph .kind { font-size: 10px; opacity: .75 }
.graph .box { fill-opacity: .12; stroke-width: 1.3 }
.graph .refuse .box, .graph .unknown .box { stroke-dasharray: 4 2 }
"""
    + "".join(f".{action} .box {{ fill: {line}; stroke: {line} }}\n" for action, (line, _) in COLOURS.items())
    + "@media (prefers-color-scheme: dark) {\n.graph { color: #e6edf3 }\n"
    + "".join(f".{action} .box {{ fill: {line}; stroke: {line} }}\n" for action, line in LIGHTER.items())
    + "}\n"
)


def document(graph: Graph) -> str:
    """The picture as a file of its own."""
    ground = "svg { background: #ffffff }\n@media (prefers-color-scheme: dark) { svg { background: #0d1117 } }\n"
    return picture(graph, f"<style>{ground}{STYLE}</style>")


def picture(graph: Graph, style: str = "") -> str:
    """The picture as an element; where it stands, there must be STYLE, unless it brings its own."""
    numbers = {node.address: number for number, node in enumerate(graph.nodes)}
    needs = {numbers[address]: [numbers[ref] for ref in refs] for address, refs in graph.needs.items()}
    layout = laid_out([(_width(node), HEIGHT) for node in graph.nodes], needs)
    size = (
        f'width="{layout.width:.0f}" height="{layout.height:.0f}" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
    )
    lines = [f'<path class="edge" d="{_path(points)}"/>' for _, points, _ in layout.lines]
    boxes = [_box(node, layout, number) for number, node in enumerate(graph.nodes)]
    head = f'<svg class="graph" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="graph of resources" {size}>'
    return "\n".join([head, *([style] if style else []), *lines, *boxes, "</svg>"])


def _width(node: Decision) -> float:
    return max(len(_name(node)), 0.8 * len(graphs.short(node.address.kind, LONGEST))) * LETTER + PADDING


def _name(node: Decision) -> str:
    return f"{graphs.sign(node.action)} {graphs.short(node.address.name, LONGEST)}".strip()


def _box(node: Decision, layout: Layout, number: int) -> str:
    box, kind = layout.boxes[number], graphs.short(node.address.kind, LONGEST)
    return (
        f'<g class="{node.action}"><title>{escape(clean(f"{node.address}: {node.action}"))}</title>'
        f'<rect class="box" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6"/>'
        f'<text class="kind" x="{box.x + 10:.1f}" y="{box.y + 15:.1f}">{escape(kind)}</text>'
        f'<text x="{box.x + 10:.1f}" y="{box.y + 32:.1f}">{escape(_name(node))}</text></g>'
    )


def _path(points: Sequence[Point]) -> str:
    """A line that leaves and enters boxes level: a curve between columns, straight across them."""
    (x, y), *_ = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        middle = (x + to_x) / 2
        curve = f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        parts.append(curve if number % 2 else f"L{to_x:.1f} {to_y:.1f}")
    return "".join(parts)
