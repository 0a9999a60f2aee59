"""The resources, causes, cost and runs of a status page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.cost.money import money
from reconciler.model import Action
from reconciler.render import as_html, review
from reconciler.render import cost as costs
from reconciler.render.html import folded, message, table, text
from reconciler.render.status import GRAVE, Resource, Round, Spent, Status
from reconciler.render.why import WIDTH, Cause, Diagnosis

SIGNS = {
    "failed": "✕",
    "refused": "!",
    "unknown": "?",
    "drifted": "≠",
    "absent": "+",
    "differs": "~",
    "busy": "…",
    "ready": "✓",
}
WORDS = {
    "failed": "failed",
    "refused": "refused",
    "unknown": "not known",
    "drifted": "changed outside",
    "absent": "not there yet",
    "differs": "to be changed",
    "busy": "on its way",
    "ready": "ready",
}
"""How a resource stands, in words."""
ESTIMATED = (
    "Estimated at the prices of today: nodes that are there count since they were allocated, those that went while "
    "this page looked count until then, and those that went before are not known. Storage and traffic are not counted."
)


def causes(status: Status) -> str:
    """What pools and jobs in trouble wait for or died of, and what to do."""
    return "\n".join(map(_diagnosis, status.why))


def _diagnosis(one: Diagnosis) -> str:
    told = "".join(map(_cause, one.causes))
    return f'<article class="card"><h3>{text(one.about)}</h3><p class="dim">{text(one.state)}</p>{told}</article>'


def _cause(cause: Cause) -> str:
    evidence = "\n".join(text(line[:WIDTH]) for line in cause.evidence)
    lines = f"<pre>{evidence}</pre>" if evidence else ""
    guess = ' <span class="dim">(inferred: Azure does not say so itself)</span>' if cause.inferred else ""
    return f"<p><strong>{message(cause.what)}</strong>{guess}</p>{lines}<p>What to do: {message(cause.remedy)}</p>"


def resources(status: Status) -> str:
    """Those that are not as they should be, each with what differs; then the others in a table to open."""
    telling = [one for one in status.resources if one.standing not in ("ready", "busy")]
    calm = [one for one in status.resources if one.standing in ("ready", "busy")]
    parts = [_resource(one) for one in telling]
    if calm:
        rows = [(chip(one.standing), _address(one), _detail(one)) for one in calm]
        told = table(("State", "Resource", ""), rows, "calm", "Resources that are as the spec says")
        parts.append(folded("calm", f"{len(calm)} as the spec says", told, opened=not telling))
    return "\n".join(parts)


def chip(standing: str, number: int | None = None) -> str:
    """How a resource stands, or how many stand so, in its colour."""
    said = WORDS[standing] if number is None else f"{number} {WORDS[standing]}"
    return f'<span class="standing {standing}"><span class="sign">{SIGNS[standing]}</span> {said}</span>'


def _resource(one: Resource) -> str:
    decision = one.decision
    head = f"{chip(one.standing)} {_address(one)}"
    held = f"Left as it is: {one.held}" if one.held else ""
    why = decision.reason if decision.action is not Action.NONE and decision.reason not in held else ""
    told = [held, one.live.detail if one.live else "", why]
    body = "".join(f"<p>{message(line)}</p>" for line in dict.fromkeys(told) if line)
    body += "".join(f"<p><strong>{what}</strong>: {message(line)}</p>" for what, line in review.consequences(decision))
    if decision.summarised:
        body += "".join(f"<p>{text(part)}</p>" for part in decision.parts)
    elif decision.action is not Action.CREATE:
        body += "".join(as_html.fields(decision, wire=False))
    opened = one.standing in GRAVE or bool(held)
    return folded(f"resource {text(str(one.address))}", head, body or as_html.NO_MORE, opened=opened)


def _address(one: Resource) -> str:
    return f"<code>{text(str(one.address))}</code>"


def _detail(one: Resource) -> str:
    told = [one.live.detail if one.live else "", f"left as it is: {one.held}" if one.held else ""]
    return message("; ".join(filter(None, told)))


def cost(status: Status) -> str:
    """What is to come, by the plan; and what nodes have cost so far, as far as that is known."""
    return "".join([*_to_come(status), *_so_far(status)])


def _to_come(status: Status) -> Iterator[str]:
    if status.unpriced:
        yield f'<p class="trouble">What this costs is not known: {message(status.unpriced)}</p>'
    if not status.cost:
        return
    rows = [tuple(map(text, row)) for row in costs.rows(status.cost)]
    if status.cost.lines:
        yield table(costs.HEAD, rows, "money", "To come, as things are and after the plan")
    yield "".join(f"<p>{text(line.strip())}</p>" for line in costs.ending(status.cost))


def _so_far(status: Status) -> Iterator[str]:
    currency = status.cost.currency if status.cost else ""
    rows = [_spent(one, currency) for one in status.spent if one.hours or one.spot_hours]
    if not rows:
        return
    head = ("Pool", "Known since, UTC", "Node-hours", "Spot", "So far")
    yield table(head, rows, "money", "So far: nodes of pools, estimated")
    yield f'<p class="dim">{ESTIMATED}</p>'


def _spent(one: Spent, currency: str) -> tuple[str, ...]:
    amount = "price unknown" if one.amount is None else f"about {money(one.amount, currency)}"
    hours = f"{one.hours:,.2f}", f"{one.spot_hours:,.2f}"
    return f"<code>{text(one.pool)}</code>", f"{one.since:%Y-%m-%d %H:%M}", *hours, text(amount)


def runs(status: Status) -> str:
    """The last runs, the newest first."""
    rows = []
    for run in status.runs:
        sign = "ready" if run.ok else "failed"
        ended = f'<span class="standing {sign}"><span class="sign">{SIGNS[sign]}</span> {text(run.outcome)}</span>'
        command = linked(run.command, run.link)
        rows.append((f"{run.at:%Y-%m-%d %H:%M}", command, text(run.who), text(run.planned), ended))
    return table(("When, UTC", "What", "Who", "Plan", "Outcome"), rows, "runs", "Last runs") if rows else ""


def rounds(made: Sequence[Round]) -> str:
    """The last rounds of a watch, the newest first."""
    rows = []
    for one in made:
        sign = "ready" if one.ok else "failed"
        end = f'<span class="standing {sign}"><span class="sign">{SIGNS[sign]}</span> {text(one.end)}</span>'
        rows.append((f"{one.at:%Y-%m-%d %H:%M:%S}", end, f"{one.seconds:.1f} s", f"{one.requests}", message(one.told)))
    head = ("Ended, UTC", "Round", "Took", "Requests", "What came of it")
    return table(head, rows, "rounds", "Last rounds") if rows else ""


def linked(words: str, url: str) -> str:
    """The words, as a link where the URL is one of the web."""
    if not url.startswith(("https://", "http://")):
        return text(words)
    return f'<a href="{text(url)}" rel="noreferrer">{text(words)}</a>'


def notes(status: Status) -> str:
    told = "".join(f"<li>{message(note)}</li>" for note in (*status.plan.notes, *status.left_out))
    return f"<ul>{told}</ul>" if told else ""
