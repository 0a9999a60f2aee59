"""A plan as one page that needs nothing from anywhere: no script, no font, no network. Pure.

Its policy allows only its own style sheet, by its digest, so that no text of others could do anything even if it were
not quoted. All of them are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

from reconciler.model import Action, Decision
from reconciler.render import as_text, graph, html, review, svg, timeline
from reconciler.render import cost as costs
from reconciler.render.review import Review
from reconciler.words import duration

DRAWN = 150
"""How many resources a graph has before those that stay as they are are left out of it."""
NO_MORE = '<p class="dim">There is nothing more to tell.</p>'
_COLOURS = "".join(
    f".{action}.chip, .{action} .sign {{ color: {line} }}\n" for action, (line, _) in graph.COLOURS.items()
)
_LIGHTER = "".join(f".{action}.chip, .{action} .sign {{ color: {line} }}\n" for action, line in svg.LIGHTER.items())


def plan(shown: Review) -> str:
    """The page."""
    style = _style()
    sections = [(title, content) for title, make in SECTIONS if (content := make(shown))]
    links = "".join(f'<a href="#{_anchor(title)}">{title}</a>' for title, _ in sections)
    body = "\n".join(f'<section id="{_anchor(title)}"><h2>{title}</h2>\n{text}\n</section>' for title, text in sections)
    name = f"Plan of {html.text(shown.plan.spec)}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.policy(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{name}</title>
<style>{style}</style>
</head>
<body>
<main>
<header>
<h1>{name}</h1>
{_head(shown)}
<nav aria-label="Sections">{links}</nav>
</header>
{body}
</main>
</body>
</html>"""


def _style() -> str:
    page = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    dark = f"@media (prefers-color-scheme: dark) {{\n{_LIGHTER}}}\n"
    return f"\n{page}{_COLOURS}{dark}{svg.STYLE}"


def _head(shown: Review) -> str:
    made = "".join(f'<p class="dim">{html.text(line)}</p>' for line in shown.head)
    counts = [(action, len(shown.plan.of(action)), word) for action, word in as_text.WORDS.items()]
    chips = [_chip(action, f"{graph.sign(action)} {number} {word}") for action, number, word in counts if number]
    chips.append(_chip(Action.NONE, f"{len(shown.plan.of(Action.NONE))} unchanged"))
    way = "".join(f"<p>{html.text(line)}</p>" for line in as_text.longest(shown.plan, *shown.way))
    return f'{made}<ul class="chips" aria-label="Sums">{"".join(chips)}</ul>{way}'


def _chip(action: Action, text: str) -> str:
    return f'<li class="chip {action}">{text}</li>'


def _decide(shown: Review) -> str:
    """The table of questions, and what each is about, opened."""
    rows = [
        (f"<strong>{one.title}</strong>", str(len(one.about)), ", ".join(map(_address, one.about)))
        for one in review.questions(shown.plan)
    ]
    said = "" if rows else f"<p>{review.NOTHING}</p>"
    if shown.cost:
        rows.append(("<strong>Cost</strong>", "", html.text(costs.total(shown.cost))))
    asked, _ = review.split(shown.plan)
    table = html.table(("What", "Number", "Where"), rows) if rows else ""
    return said + table + "\n".join(_resource(shown, one, opened=True) for one in asked)


def _policy(shown: Review) -> str:
    """What policies say."""
    rows = [(word, html.message(text), html.text(about)) for word, text, about in review.verdicts(shown.plan)]
    return html.table(("What", "Rule", "Where"), rows) if rows else ""


def _running(shown: Review) -> str:
    """Whose work is disturbed, and what is lost."""
    hit = [one for one in shown.plan.decisions if one.goes or one.disturbs]
    rows = [(_address(str(one.address)), html.message(one.disturbs), html.message(one.goes)) for one in hit]
    return html.table(("Resource", "Disturbs", "Deleted with it"), rows) if rows else ""


def _timeline(shown: Review) -> str:
    """A bar for each step."""
    spans = timeline.spans(shown.plan, shown.way[1])
    whole = max((span.end for span in spans), default=0.0)
    if not whole:
        return ""
    rows = []
    for span in spans:
        name = f"<code>{html.text(span.step.id)}</code>"
        time = duration(span.end - span.start)
        longest = ' class="longest"' if span.critical else ""
        left, width = 100 * span.start / whole, max(100 * (span.end - span.start) / whole, 0.4)
        bar = f'<rect{longest} x="{left:.2f}" width="{width:.2f}" height="8" rx="1"/>'
        drawn = f'<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'
        rows.append((f"<strong>{name}</strong>" if span.critical else name, time, drawn))
    said = "Expected times, as if each step began when those before it are done. Bold steps are on the longest way."
    return f"<p>{said}</p>{html.table(('Step', 'Takes', f'{duration(whole)} in all'), rows, 'timeline')}"


def _graph(shown: Review) -> str:
    plan, note = shown.plan, ""
    if len(plan.decisions) > DRAWN:
        plan = replace(plan, decisions=tuple(one for one in plan.decisions if one.action is not Action.NONE))
        note = " Resources that stay as they are are left out."
    if not plan.decisions:
        return ""
    said = f"<p>An arrow goes from what is needed to what needs it.{note}</p>"
    return (
        f'{said}<div class="scroll" tabindex="0" role="region" aria-label="Graph">{svg.picture(graph.of(plan))}</div>'
    )


def _cost(shown: Review) -> str:
    if not shown.cost:
        return ""
    rows = [tuple(map(escape, row)) for row in costs.rows(shown.cost)]
    said = "".join(f"<p>{escape(line.strip())}</p>" for line in costs.ending(shown.cost))
    return (html.table(costs.HEAD, rows) if shown.cost.lines else "") + said


def _others(shown: Review) -> str:
    _, rest = review.split(shown.plan)
    return "\n".join(_resource(shown, one, opened=False) for one in rest)


def _notes(shown: Review) -> str:
    notes = "".join(f"<li>{html.message(note)}</li>" for note in shown.plan.notes)
    return f"<ul>{notes}</ul>" if notes else ""


SECTIONS: tuple[tuple[str, Callable[[Review], str]], ...] = (
    ("To decide", _decide),
    ("Policy", _policy),
    ("Running work and data", _running),
    ("Timeline", _timeline),
    ("Graph", _graph),
    ("Cost", _cost),
    ("Other resources", _others),
    ("Notes", _notes),
)


def _resource(shown: Review, decision: Decision, *, opened: bool) -> str:
    """All that there is to read about one resource, behind a line that opens it."""
    time = review.time(shown.plan.seconds.get(str(decision.address), 0.0))
    sign = f'<span class="sign">{graph.sign(decision.action) or "="}</span>'
    head = f"{sign} {_address(str(decision.address))} {html.message(decision.reason)}"
    head += f' <span class="dim">({time})</span>' if time else ""
    told = "".join(
        f"<p><strong>{what}</strong>: {html.message(text)}</p>" for what, text in review.consequences(decision)
    )
    if decision.summarised and decision.action is not Action.CREATE:
        told += "".join(f"<p>{html.text(part)}</p>" for part in decision.parts)
    else:
        told += "".join(fields(decision, wire=shown.wire))
    mark = " open" if opened and told else ""
    inside = f'<div class="inside">{told or NO_MORE}</div>'
    return f'<details class="{decision.action}"{mark}><summary>{head}</summary>{inside}</details>'


def fields(decision: Decision, *, wire: bool) -> Iterator[str]:
    """The differing fields, with whole values."""
    rows = review.rows(decision, wire=wire)
    new = decision.action is Action.CREATE
    cells = []
    for name, before, after, cost in rows:
        is_, becomes = f'<span class="gone">{escape(before)}</span>', f'<span class="new">{escape(after)}</span>'
        cells.append((escape(name), becomes) if new else (escape(name), is_, becomes, escape(cost)))
    head = ("Field", "Will be") if new else ("Field", "Is", "Will be", "How")
    if cells:
        yield html.table(head, cells, "fields")


def _address(address: str) -> str:
    return f"<code>{html.text(address)}</code>"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
