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
    return f'<ul class="keys">{"".join(keys)}</ul>' if keys else ""


def look(state: str) -> str:
    """How a cell of a node in this state looks; of a state that is new to us, as one on its way."""
    return STATES.get(state.lower(), ("coming", ""))[0]


def _cell(node: Node, pool: str) -> str:
    looks, key = look(node.state), f"node {pool} {text(node.id)}"
    off = "" if node.taking else " off"
    field = f'<input type="radio" name="nodes {pool}" data-key="{key}" aria-label="{_told(node)}">'
    tip = f'<span class="tip" aria-hidden="true">{_told(node)}</span>'
    return f'<label class="cell {looks}{off}">{field}{SIGNS[looks]}{tip}</label>'


def _told(node: Node) -> str:
    parts = [node.id, _words(node.state)]
    if node.since:
        parts.append(f"since {node.since:%H:%M:%S} UTC")
    if node.tasks:
        parts.append(f"runs {count(node.tasks, 'task')}")
    parts += ["Spot"] * node.spot + ["takes no tasks"] * (not node.taking) + [node.said] * bool(node.said)
    return text(", ".join(parts))


def _table(pool: Pool) -> str:
    ordered = sorted(pool.nodes, key=lambda node: (ORDER.index(look(node.state)), node.id))
    rows = [
        (
            f"<code>{text(node.id)}</code>",
            text(_words(node.state)),
            f"{node.since:%Y-%m-%d %H:%M:%S}" if node.since else "",
            f"{node.tasks:,}",
            "Spot" if node.spot else "dedicated",
            text(node.said),
        )
        for node in ordered[:ROWS]
    ]
    rest = len(ordered) - len(rows)
    more = f'<p class="dim">and {count(rest, "more node", ",")}</p>' if rest else ""
    name = text(pool.name)
    told = table(("Node", "State", "Since, UTC", "Tasks", "Kind", "Errors"), rows, "nodes", f"Nodes of {name}")
    return folded(f"nodes {name}", "Nodes as a table", told + more)


def _words(state: str) -> str:
    return STATES.get(state.lower(), ("", state))[1]
