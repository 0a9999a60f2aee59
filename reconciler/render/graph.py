"""What the resources of a plan need of one another, as a graph: in Mermaid, and in the language of Graphviz. Pure.

An arrow goes from what is needed to what needs it. What follows from other arrows is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model import Action, Address, Decision, Plan
from reconciler.render.as_text import SYMBOLS
from reconciler.render.plain import clean

LONGEST = 60
"""How much of a name is shown."""
COLOURS = {
    Action.NONE: ("#6e7781", "#f6f8fa"),
    Action.CREATE: ("#1a7f37", "#dafbe1"),
    Action.UPDATE: ("#9a6700", "#fff8c5"),
    Action.REPLACE: ("#8250df", "#fbefff"),
    Action.DELETE: ("#cf222e", "#ffebe9"),
    Action.WAIT: ("#0969da", "#ddf4ff"),
    Action.DEFER: ("#0969da", "#ddf4ff"),
    Action.REFUSE: ("#a40e26", "#ffcecb"),
    Action.KEEP: ("#1b7c83", "#d7f5f5"),
    Action.UNKNOWN: ("#953800", "#ffe2cc"),
}
"""The line and the ground of a resource by what is done about it, below dark text."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Decisions, each after those that it needs, and what each needs of them. It has no circle."""

    nodes: tuple[Decision, ...]
    needs: Mapping[Address, tuple[Address, ...]]


def of(plan: Plan) -> Graph:
    """The graph of a plan. One that was saved before plans knew what resources need has the edges of its steps."""
    decisions = {decision.address: decision for decision in plan.decisions}
    before = {step.id: step.address for step in plan.steps}
    steps = {
        step.address: tuple(before[name] for name in step.after if name in before)
        for step in plan.steps
        if step.action is not Action.DELETE
    }
    needs = _ordered(decisions, plan.needs or steps)
    return Graph(tuple(decisions[address] for address in needs), _reduced(needs))


def mermaid(graph: Graph) -> str:
    """The graph for markdown, as GitHub and GitLab draw it."""
    ids = {node.address: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR", *(f'  {ids[node.address]}["{_entities(_label(node))}"]' for node in graph.nodes)]
    lines += [f"  {ids[ref]} --> {ids[address]}" for address, refs in graph.needs.items() for ref in refs]
    for action, (line, ground) in COLOURS.items():
        if members := [ids[node.address] for node in graph.nodes if node.action is action]:
            lines.append(f"  classDef {action} fill:{ground},stroke:{line},color:#1f2328")
            lines.append(f"  class {','.join(members)} {action}")
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """The graph for the programs of Graphviz."""
    ids = {node.address: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["digraph plan {", "  rankdir=LR", '  node [shape=box, style="rounded,filled", fontname="sans-serif"]']
    for node in graph.nodes:
        line, ground = COLOURS[node.action]
        label = _label(node).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
        lines.append(f'  {ids[node.address]} [label="{label}", color="{line}", fillcolor="{ground}"]')
    lines += [f"  {ids[ref]} -> {ids[address]}" for address, refs in graph.needs.items() for ref in refs]
    return "\n".join([*lines, "}"])


def sign(action: Action) -> str:
    """What stands before a resource in a plan; nothing before one that stays as it is."""
    return SYMBOLS[action][0] if action in SYMBOLS else ""


def short(name: str, most: int = LONGEST) -> str:
    """A clean name, cut in the middle if it is longer than that."""
    name = clean(name)
    return name if len(name) <= most else f"{name[: most // 2]}…{name[1 - most // 2 :]}"


def _label(node: Decision) -> str:
    return f"{sign(node.action)} {short(str(node.address))}".strip()


def _entities(text: str) -> str:
    """A text between the quotes of Mermaid, which reads it as markdown and HTML: signs as codes of its own."""
    coded = (char if char.isalnum() or char in " /_.-" else f"#{ord(char)};" for char in text)
    return "".join(coded).replace("- ", "#45; ")  # which would begin a list


def _ordered(
    nodes: Mapping[Address, Decision], needs: Mapping[Address, tuple[Address, ...]]
) -> dict[Address, tuple[Address, ...]]:
    """What each of the nodes needs of the others, after those; an edge that closes a circle is left out."""
    left = {one: tuple(ref for ref in needs.get(one, ()) if ref in nodes and ref != one) for one in nodes}
    placed: dict[Address, tuple[Address, ...]] = {}
    while left:
        ready = [one for one, refs in left.items() if all(ref in placed for ref in refs)] or [next(iter(left))]
        for one in ready:
            placed[one] = tuple(dict.fromkeys(ref for ref in left.pop(one) if ref in placed))
    return placed


def _reduced(needs: Mapping[Address, tuple[Address, ...]]) -> dict[Address, tuple[Address, ...]]:
    """The needs without those that others of the same resource need already; each stands after what it needs."""
    above: dict[Address, set[Address]] = {}
    reduced = {}
    for address, refs in needs.items():
        beyond: set[Address] = set().union(*(above[ref] for ref in refs))
        above[address] = beyond | set(refs)
        reduced[address] = tuple(ref for ref in refs if ref not in beyond)
    return reduced
