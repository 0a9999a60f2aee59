"""Plans, outcomes and states as text for a terminal or a log. Pure: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from reconciler.model import (
    STAGE,
    Action,
    Address,
    Change,
    Decision,
    Health,
    Observed,
    Outcome,
    Plan,
    Rule,
    Status,
    Why,
)
from reconciler.render import values
from reconciler.render.plain import clean, lines, table
from reconciler.report import Report, Table
from reconciler.verdict import Verdict
from reconciler.words import MINUTE, count, duration

SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.WAIT: ("…", "cyan"),
    Action.DEFER: ("»", "cyan"),
    Action.REFUSE: ("!", "red"),
    Action.KEEP: ("=", "cyan"),
    Action.UNKNOWN: ("?", "yellow"),
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
    Action.KEEP: "to stay",
    Action.UNKNOWN: "not known",
}
VERDICTS = {"refused": "red", "warned": "yellow", "excepted": "cyan"}
"""What comes of a verdict → its colour."""
NAMED = 8
"""How many addresses stand under a sentence of a policy."""
WHOLE = "the plan"
"""What a verdict is about that is about no resource."""
COLOURS = {"green": 32, "yellow": 33, "magenta": 35, "red": 31, "cyan": 36, "dim": 2, "bold": 1}
LONG_STEP = 120
"""Seconds from which on a step shows how long it takes."""
FIELDS = 12
"""How many fields of a resource that is to be made are shown."""


def plan(plan: Plan, way: tuple[float, Sequence[str]] = (0.0, ()), *, colour: bool = False, wire: bool = False) -> str:
    """Every change of the plan with its reason and rule; resources without a change are only counted.

    `way` is the critical path: its seconds and its steps. With `wire`, fields are called as in Azure's REST API, and
    values are shown whole.
    """
    paint = _painter(colour)
    shown: list[str] = []
    for decision in told_once(plan.decisions):
        if decision.action is not Action.NONE:
            shown += _decision(decision, plan.seconds.get(str(decision.address), 0.0), paint, wire=wire)
        elif decision.summarised:
            shown.append(paint("dim", f"  = {clean(str(decision.address))}: {lines(decision.reason, 6)}"))
            shown += _parts(decision.parts, paint)
    shown += [f"  note: {lines(note, 8)}" for note in plan.notes]
    shown += ["", *_verdicts(plan.verdicts, paint)] if plan.verdicts else []
    if shown:
        shown.append("")
    return "\n".join([*shown, summary(plan), *longest(plan, *way)])


def _verdicts(verdicts: Iterable[Verdict], paint: Any) -> Iterator[str]:
    """What policies say: refusals first, then warnings, then what exceptions let pass."""
    for word, text, about in sentences(verdicts):
        yield f"{paint(VERDICTS[word], f'  {word} by')} {lines(text, 6)}"
        yield paint("dim", f"      {clean(some(about, NAMED))}")


def sentences(verdicts: Iterable[Verdict]) -> list[tuple[str, str, list[str]]]:
    """What comes of verdicts in a word, what is said, and the addresses that it is said of, or the plan."""
    told: dict[tuple[str, str], list[str]] = {}
    for word, judged_so in judged(verdicts).items():
        for one in judged_so:
            told.setdefault((word, _said(one)), []).append(one.address or WHOLE)
    return [(word, text, about) for (word, text), about in told.items()]


def _said(verdict: Verdict) -> str:
    """`tags (org.yaml:3): has no tag owner`, and by what that does not hold."""
    text = f"{verdict.rule} ({verdict.place}): {verdict.text}"
    return f"{text}; exception {verdict.exception}" if verdict.exception else text


def some(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def judged(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """What comes of them in a word, the gravest first → those of which that comes."""
    every = list(verdicts)
    words = ["excepted" if one.exception else "refused" if one.refuses else "warned" for one in every]
    return {word: [one for one, its in zip(every, words, strict=True) if its == word] for word in VERDICTS}


def told_once(decisions: Iterable[Decision]) -> Iterator[Decision]:
    """The decisions; of those for which something could not be read, for one reason, only the first gives it."""
    first: dict[str, Address] = {}
    for decision in decisions:
        unread = decision.why is Why.UNREADABLE
        if unread and (same := _told_before(first, decision.reason, decision.address)):
            stays = "stays " if decision.action is Action.KEEP else ""
            yield replace(decision, reason=f"{stays}{same}")
        else:
            yield decision


def _told_before(first: dict[str, Address], reason: str, address: Address) -> str:
    """Which resource has told this reason before, in words; empty if none has. `first` holds those so far."""
    before = first.setdefault(reason, address)
    return "" if before == address else f"for the same reason as {before}"


def longest(plan: Plan, seconds: float, steps: Sequence[str]) -> list[str]:
    """`About 30 min: image_version/x 25 min → pool/prod 5 min.`, of the steps that take a minute or more."""
    if seconds < MINUTE:
        return []
    long = [f"{clean(name)} {duration(plan.seconds[name])}" for name in steps if plan.seconds[name] >= MINUTE]
    return [f"About {duration(seconds)}{': ' + ' → '.join(long) if long else ''}."]


def summary(plan: Plan) -> str:
    """`Plan: 3 to create, 1 to update; 5 unchanged.`"""
    held = sum(decision.why is Why.STALLED for decision in plan.of(Action.NONE))
    unchanged, waits = len(plan.of(Action.NONE)) - held, f", {held} held" if held else ""
    counts = [f"{len(plan.of(action))} {word}" for action, word in WORDS.items() if plan.of(action)]
    verdicts = [f"{len(told)} {word}" for word, told in judged(plan.verdicts).items() if told]
    policy = f" By policy: {', '.join(verdicts)}." if verdicts else ""
    if not counts:
        return f"Nothing to do: {count(unchanged, 'resource')} as desired{waits}.{policy}"
    return f"Plan: {', '.join(counts)}; {unchanged} unchanged{waits}.{policy}"


def _decision(decision: Decision, seconds: float, paint: Any, *, wire: bool) -> list[str]:
    symbol, colour = SYMBOLS[decision.action]
    head = f"  {symbol} {clean(str(decision.address))}"
    time = f"  (about {duration(seconds)})" if seconds >= LONG_STEP else ""
    goes = f"deleted with it: {decision.goes}" if decision.goes else ""
    reason = "; ".join(filter(None, (decision.reason, goes, decision.disturbs)))
    told = [f"{paint(colour, head)}  {paint('dim', lines(reason, 6) + time)}"]
    new = decision.action is Action.CREATE
    if decision.summarised and not new:  # the reason says how far a change of several stages is
        return told + _parts(decision.parts, paint)
    changes = [change for change in decision.diff.changes if change.path != STAGE]
    shown = changes if wire or not new else changes[:FIELDS]
    told += [f"      {field(one, new=new, wire=wire)}" for one in shown]
    if len(changes) > len(shown):
        told.append(paint("dim", f"      and {len(changes) - len(shown)} more; --wire shows all"))
    return told


def _parts(parts: Iterable[str], paint: Any) -> list[str]:
    return [paint("dim", f"      {clean(part)}") for part in parts]


def field(change: Change, *, new: bool, wire: bool) -> str:
    """`nodes.dedicated: 1 → 5  (live)`, clean; of a resource that is to be made, only what it will have."""
    change = values.seen(change)
    name = change.path if wire else change.key or change.path
    if new:
        return clean(f"{name}: {values.whole(change.after) if wire else values.single(change.after)}")
    before, after = (
        map(values.whole, (change.before, change.after)) if wire else values.pair(change.before, change.after)
    )
    return clean(f"{name}: {before} → {after}  ({COSTS.get(change.rule, change.rule.name)})")


def outcomes(outcomes: Iterable[Outcome], *, colour: bool = False) -> str:
    """The outcome of each step that is not done, failures last, where they are seen first. Equal causes appear once."""
    paint = _painter(colour)
    outcomes = list(outcomes)
    shown = []
    causes: dict[str, str] = {}
    colours = {Status.FAILED: "red", Status.DONE: "green"}
    for outcome in sorted(outcomes, key=_urgency):
        if outcome.status is Status.DONE:
            continue
        shown.append(paint(colours.get(outcome.status, "yellow"), f"  {outcome.status} {clean(outcome.step.id)}"))
        if error := _error(outcome, causes):
            shown.append(f"      {lines(error, 6)}")
    counts = [(status, sum(outcome.status is status for outcome in outcomes)) for status in Status]
    total = ", ".join(f"{number} {status}" for status, number in counts if number) or "nothing to do"
    return "\n".join([*shown, f"Apply: {total}."])


def _urgency(outcome: Outcome) -> tuple[bool, bool]:
    """Sorts steps that are done first and failed ones last."""
    return outcome.status is Status.FAILED, outcome.status is not Status.DONE


def _error(outcome: Outcome, causes: dict[str, str]) -> str:
    """The error, or the step that had the same one before; `causes` holds each cause so far and its first step."""
    error, step = outcome.error or "", outcome.step
    if outcome.status is not Status.FAILED or not error:
        return error
    first = causes.setdefault(error.removeprefix(f"cannot {step.action} {step.address}: "), step.id)
    return error if first == step.id else f"for the same reason as {first}"


def status(observed: Iterable[Observed], facts: Mapping[Address, Sequence[str]] = MappingProxyType({})) -> str:
    """A line for each resource: address, health, detail, and what else there is to say."""
    first: dict[str, Address] = {}
    rows = []
    for resource in observed:
        same = _told_before(first, resource.detail, resource.address) if resource.health is Health.UNKNOWN else ""
        told = "; ".join(filter(None, (same or resource.detail, *facts.get(resource.address, ()))))
        rows.append((clean(str(resource.address)), str(resource.health), lines("\n".join([told, *resource.parts]))))
    return table(("RESOURCE", "HEALTH", ""), rows) if rows else "Nothing of this spec is live."


def report(report: Report) -> str:
    """The report of a resource at the end of a run: a line, and its tables below."""
    parts = [f"{clean(str(report.address))}:{f' {lines(report.summary, 2)}' if report.summary else ''}"]
    parts += [(f"{clean(content.caption)}:\n" if content.caption else "") + grid(content) for content in report.tables]
    return "\n".join(parts)


def tasks(rows: Iterable[tuple[str, str, str, str, str]]) -> str:
    """A line for each task: its id, state, exit code and node, and why it failed."""
    cells = [(*map(clean, others), lines(failure)) for *others, failure in rows]
    return table(("TASK", "STATE", "EXIT", "NODE", "FAILURE"), cells)


def grid(content: Table) -> str:
    """A table of cells that may hold control characters, because others wrote them."""
    return table(content.head, [tuple(clean(cell) for cell in row) for row in content.rows])


def _painter(colour: bool) -> Any:  # noqa: FBT001
    def paint(name: str, text: str) -> str:
        return f"\x1b[{COLOURS[name]}m{text}\x1b[0m" if colour else text

    return paint


def healthy(observed: Iterable[Observed]) -> bool:
    return all(resource.health not in (Health.FAILED, Health.UNKNOWN) for resource in observed)
