"""Plans, outcomes and states as text for a terminal or a log. Pure: values in, lines out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.model import (
    STAGE,
    Action,
    Change,
    Decision,
    Health,
    Observed,
    Outcome,
    Plan,
    Report,
    Rule,
    Status,
    Table,
)
from reconciler.words import count

SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.WAIT: ("…", "cyan"),
    Action.DEFER: ("»", "cyan"),
    Action.REFUSE: ("!", "red"),
}
COSTS = {
    Rule.LIVE: "live",
    Rule.NEW_NODES: "new nodes only",
    Rule.NEW_VERSION: "new version",
    Rule.WHEN_EMPTY: "when empty",
    Rule.REPLACE: "replaces",
    Rule.REFUSE: "refused",
}
WORDS = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.WAIT: "in progress",
    Action.DEFER: "deferred",
    Action.REFUSE: "refused",
}
COLOURS = {"green": 32, "yellow": 33, "magenta": 35, "red": 31, "cyan": 36, "dim": 2, "bold": 1}
MINUTE, LONG_STEP = 60, 120
"""Seconds; a step that takes longer than the second says so."""
LONGEST = 60
"""Characters of a value that are shown."""


def plan(made: Plan, way: tuple[float, Sequence[str]] = (0.0, ()), *, colour: bool = False) -> str:
    """Everything that will change, why, and what it costs; what stays is a count.

    `way` is the critical path: its seconds and its steps.
    """
    paint = _painter(colour)
    lines: list[str] = []
    for decision in made.decisions:
        if decision.action is not Action.NONE:
            lines += _decision(decision, made.seconds.get(str(decision.address), 0.0), paint)
        elif decision.summarised:
            lines.append(paint("dim", f"  = {clean(str(decision.address))}: {clean(decision.reason)}"))
    lines += [f"  note: {clean(note)}" for note in made.notes]
    if lines:
        lines.append("")
    return "\n".join([*lines, summary(made), *_way(made, *way)])


def _way(made: Plan, seconds: float, steps: Sequence[str]) -> list[str]:
    """`About 30 min: image_version/x 25 min → pool/prod 5 min.`, of what takes a minute or more."""
    if seconds < MINUTE:
        return []
    long = [f"{clean(name)} {duration(made.seconds[name])}" for name in steps if made.seconds[name] >= MINUTE]
    return [f"About {duration(seconds)}{': ' + ' → '.join(long) if long else ''}."]


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `1 h 20 min`."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def summary(made: Plan) -> str:
    """`Plan: 3 to create, 1 to update; 5 unchanged.`"""
    unchanged = len(made.of(Action.NONE))
    counts = [f"{len(made.of(action))} {word}" for action, word in WORDS.items() if made.of(action)]
    if not counts:
        return f"Nothing to do: {count(unchanged, 'resource')} as desired."
    return f"Plan: {', '.join(counts)}; {unchanged} unchanged."


def _decision(decision: Decision, seconds: float, paint: Any) -> list[str]:
    symbol, colour = SYMBOLS[decision.action]
    head = f"  {symbol} {clean(str(decision.address))}"
    time = f"  (about {duration(seconds)})" if seconds >= LONG_STEP else ""
    lines = [f"{paint(colour, head)}  {paint('dim', clean(decision.reason) + time)}"]
    if not decision.summarised:  # the reason says how far a change of several stages is
        lines += [f"      {_change(change)}" for change in decision.diff.changes if change.path != STAGE]
    return lines


def _change(change: Change) -> str:
    path = clean(change.path).replace("properties.", "", 1) if change.path.startswith("properties.") else change.path
    return f"{path}: {_value(change.before)} → {_value(change.after)}  ({COSTS.get(change.rule, change.rule.name)})"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = clean(json.dumps(value, ensure_ascii=False, default=dict))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def outcomes(found: Iterable[Outcome], *, colour: bool = False) -> str:
    """What became of each step: trouble last, where it is read first. A cause that several share is told once."""
    paint = _painter(colour)
    found = list(found)
    lines = []
    causes: dict[str, str] = {}
    colours = {Status.FAILED: "red", Status.DONE: "green"}
    for outcome in sorted(found, key=lambda one: (one.status is Status.FAILED, one.status is not Status.DONE)):
        if outcome.status is Status.DONE:
            continue
        lines.append(paint(colours.get(outcome.status, "yellow"), f"  {outcome.status} {clean(outcome.step.id)}"))
        lines += [f"      {clean(line)}" for line in _error(outcome, causes).splitlines()]
    counts = [(status, sum(one.status is status for one in found)) for status in Status]
    told = ", ".join(f"{number} {status}" for status, number in counts if number) or "nothing to do"
    return "\n".join([*lines, f"Apply: {told}."])


def _error(outcome: Outcome, causes: dict[str, str]) -> str:
    """What went wrong, or which step has said so already; `causes` are those told so far, with their step."""
    error, step = outcome.error or "", outcome.step
    if outcome.status is not Status.FAILED or not error:
        return error
    first = causes.setdefault(error.removeprefix(f"cannot {step.action} {step.address}: "), step.id)
    return error if first == step.id else f"for the same reason as {first}"


def status(observed: Iterable[Observed]) -> str:
    """One line a resource: address, health, and what there is to say."""
    rows = [(clean(str(one.address)), str(one.health), clean(one.detail)) for one in observed]
    return table(("RESOURCE", "HEALTH", ""), rows) if rows else "Nothing of this spec is live."


def report(told: Report) -> str:
    """What there is to say of one resource at the end of a run: a line, and tables below it."""
    parts = [f"{clean(str(told.address))}:{f' {clean(told.summary)}' if told.summary else ''}"]
    parts += [(f"{one.caption}:\n" if one.caption else "") + grid(one) for one in told.tables]
    return "\n".join(parts)


def grid(rows: Table) -> str:
    """A table whose cells others may have written."""
    return table(rows.head, [tuple(clean(cell) for cell in row) for row in rows.rows])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    )


def clean(text: str) -> str:
    """`text` without control characters: a name must not move the cursor."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _painter(colour: bool) -> Any:  # noqa: FBT001
    def paint(name: str, text: str) -> str:
        return f"\x1b[{COLOURS[name]}m{text}\x1b[0m" if colour else text

    return paint


def healthy(observed: Iterable[Observed]) -> bool:
    return all(one.health is not Health.FAILED for one in observed)
