"""The nodes of a pool as a grid, a cell for each: by mouse and by arrow keys a cell tells its node; so does a table.

The cells are radio buttons: one stop of the Tab key however many there are, and no script. Pure.
"""

from __future__ import annotations

from collections import Counter

from reconciler.render.html import folded, table, text
from reconciler.render.status import Node, Pool
from reconciler.words import count

STATES = {
    "running": ("running", "running"),
    "idle": ("idle", "idle"),
    "creating": ("coming", "creating"),
    "starting": ("coming", "starting"),
    "waitingforstarttask": ("coming", "waiting for start task"),
    "rebooting": ("coming", "rebooting"),
    "reimaging": ("coming", "reimaging"),
    "upgradingos": ("coming", "upgrading OS"),
    "unusable": ("broken", "unusable"),
    "starttaskfailed": ("broken", "start task failed"),
    "unknown": ("broken", "does not answer"),
    "leavingpool": ("leaving", "leaving pool"),
    "offline": ("leaving", "offline"),
    "preempted": ("leaving", "preempted"),
    "deallocated": ("leaving", "deallocated"),
    "deallocating": ("leaving", "deallocating"),
}
"""The state of a node, in lower case → how its cell looks, and its words."""
SIGNS = {"running": "", "idle": "", "coming": "…", "broken": "\u00d7", "leaving": "\u2013"}
"""What a cell shows beside its colour."""
LARGE = 200
"""With more nodes than this, cells are small."""
HINT = '<p class="hint dim" aria-hidden="true">Point at a node, or go there with Tab and the arrow keys.</p>'
ROWS = 200
"""How many nodes the table tells of, the broken first."""
LEVELS = (0.2, 0.4, 0.6, 0.8)
"""Shares of 1 from which on a cell is a shade darker."""
LIVELY = ("running", "idle")
"""How cells look that are shaded by load: nodes that can run tasks."""
ORDER = ("broken", "leaving", "coming", "running", "idle")


def grid(pool: Pool) -> str:
    """The grid, its legend, and the table behind it; empty if the pool has no node that is known."""
    if not pool.nodes:
        return ""
    nodes = sorted(pool.nodes, key=lambda node: node.id)
    name = text(pool.name)
    cells = "".join(_cell(node, name) for node in nodes)
    small = " small" if len(nodes) > LARGE else ""
    more = f'<p class="dim">and {count(pool.more, "more node", ",")}</p>' if pool.more else ""
    legend = f"<legend>Nodes of {name}: arrow keys go from one to the next</legend>"
    return (
        f'<fieldset class="grid{small}">{legend}<div class="cells">{cells}</div>{HINT}</fieldset>{more}{_table(pool)}'
    )


def summary(pool: Pool) -> str:
    """How many nodes there are in each state, with the colours of the grid."""
    states = Counter(node.state for node in pool.nodes)
    keys = [
        f'<li><span class="key cell {look(state)}">{SIGNS[look(state)]}</span>{number:,} {text(_words(state))}</li>'
        for state, number in sorted(states.items(), key=lambda pair: (ORDER.index(look(pair[0])), pair[0]))
    ]
    return f'<ul class="keys">{"".join(keys)}</ul>{_scale(pool)}' if keys else ""


def _scale(pool: Pool) -> str:
    """What the shades mean, or why there are none; empty where nothing is measured."""
    if pool.unmeasured:
        return f'<p class="dim">Load is not known: {text(pool.unmeasured)}</p>'
    if not any(node.load for node in pool.nodes):
        return ""
    bounds = [f"under {LEVELS[0]:.0%}", *(f"from {one:.0%}" for one in LEVELS)]
    keys = [f'<li><span class="key cell load{number}"></span>{one}</li>' for number, one in enumerate(bounds)]
    return f'<ul class="keys"><li>Load of measured nodes, CPU or memory, whichever is more:</li>{"".join(keys)}</ul>'


def look(state: str) -> str:
    """How a cell of a node in this state looks; of a state that is new to us, as one on its way."""
    return STATES.get(state.lower(), ("coming", ""))[0]


def _cell(node: Node, pool: str) -> str:
    looks, key = look(node.state), f"node {pool} {text(node.id)}"
    off = "" if node.taking else " off"
    load = f" load{_level(node)}" if node.load and looks in LIVELY else ""
    field = f'<input type="radio" name="nodes {pool}" data-key="{key}" aria-label="{_told(node)}">'
    tip = f'<span class="tip" aria-hidden="true">{_told(node)}</span>'
    return f'<label class="cell {looks}{load}{off}">{field}{SIGNS[looks]}{tip}</label>'


def _level(node: Node) -> int:
    return sum(node.load.share >= one for one in LEVELS) if node.load else 0


def _load(node: Node) -> tuple[str, str]:
    """CPU and memory in percent; empty where they are not known."""
    if node.load is None:
        return "", ""
    return "" if node.load.cpu is None else f"{node.load.cpu:.0%}", f"{node.load.memory:.0%}"


def _told(node: Node) -> str:
    parts = [node.id, _words(node.state)]
    if node.since:
        parts.append(f"since {node.since:%H:%M:%S} UTC")
    if node.tasks:
        parts.append(f"runs {count(node.tasks, 'task')}")
    parts += [f"{word} {share}" for word, share in zip(("CPU", "memory"), _load(node), strict=True) if share]
    parts += ["Spot"] * node.spot + ["takes no tasks"] * (not node.taking) + [node.said] * bool(node.said)
    return text(", ".join(parts))


def _table(pool: Pool) -> str:
    ordered = sorted(pool.nodes, key=lambda node: (ORDER.index(look(node.state)), node.id))
    measured = any(node.load for node in pool.nodes)
    rows = [
        (
            f"<code>{text(node.id)}</code>",
            text(_words(node.state)),
            f"{node.since:%Y-%m-%d %H:%M:%S}" if node.since else "",
            f"{node.tasks:,}",
            *(_load(node) if measured else ()),
            "Spot" if node.spot else "dedicated",
            text(node.said),
        )
        for node in ordered[:ROWS]
    ]
    rest = len(ordered) - len(rows)
    more = f'<p class="dim">and {count(rest, "more node", ",")}</p>' if rest else ""
    name = text(pool.name)
    head = ("Node", "State", "Since, UTC", "Tasks", *(("CPU", "Memory") if measured else ()), "Kind", "Errors")
    told = table(head, rows, "nodes", f"Nodes of {name}")
    return folded(f"nodes {name}", "Nodes as a table", told + more)


def _words(state: str) -> str:
    return STATES.get(state.lower(), ("", state))[1]
