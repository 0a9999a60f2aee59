"""A status as a page: it needs nothing from anywhere, works without a script, and comes anew by itself. Pure.

Its own script only asks for the same page again and puts what has changed in its place; what is open stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from reconciler.cost.money import roughly
from reconciler.render import status_azure as azure
from reconciler.render import status_parts as parts
from reconciler.render import status_work as work
from reconciler.render.html import digest, message, text
from reconciler.render.status import GRAVE, Shown, Status
from reconciler.words import count, duration

LATE = 3
"""After so many intervals without a new look, what is shown is marked as old."""
OFTEN = 30.0
"""Seconds until a browser loads the page anew, at most: a round may come before its time."""


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


STYLE = f"\n{_file('page.css')}{_file('status.css')}"
SCRIPT = f"\n{_file('status.js')}"
POLICY = (
    f"default-src 'none'; style-src {digest(STYLE)}; script-src {digest(SCRIPT)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser may do with such a page: it is sent along with it."""


def page(shown: Shown, now: datetime, every: float, *, back: bool = False) -> str:
    """The page of one spec; `back`: with a link to that of all."""
    status = shown.status
    told = [(title, make(status)) for title, make in SECTIONS] if status else []
    sections = [(title, content) for title, content in (*told, ("Last rounds", parts.rounds(shown.rounds))) if content]
    links = "".join(f'<a href="#{_anchor(title)}">{title}</a>' for title, _ in sections)
    home = '<p><a href="../">All specs</a></p>' if back else ""
    place = f'<p class="dim">{text(status.place)}</p>' if status else ""
    tiles = f'<ul class="tiles" id="sums" aria-label="Sums">{_tiles(status)}</ul>' if status else ""
    head = f'<header id="top">{home}<h1>{text(shown.name)}</h1>{place}{_age(shown, now, every)}</header>'
    nav = f'<nav id="sections" aria-label="Sections">{links}</nav>' if links else ""
    body = "\n".join(f'<section id="{_anchor(title)}"><h2>{title}</h2>\n{told}\n</section>' for title, told in sections)
    return _whole(f"{_mark(shown)}{text(shown.name)}", f"{head}{tiles}{nav}\n{body}", every)


def overview(shown: Sequence[Shown], now: datetime, every: float) -> str:
    """The page of several specs: how each stands, with a link."""
    each = []
    for number, one in enumerate(shown):
        link = f'<a href="specs/{quote(one.name, safe="")}">{text(one.name)}</a>'
        sums = f'<ul class="tiles" aria-label="Sums">{_tiles(one.status)}</ul>' if one.status else ""
        each.append(f'<section id="spec-{number}"><h2>{link}</h2>{_age(one, now, every)}{sums}</section>')
    none = "" if shown else '<p class="dim" role="status">No spec has been looked at yet.</p>'
    head = f'<header id="top"><h1>Specs</h1>{none}</header>'
    return _whole("Specs", "\n".join([head, *each]), every)


def _whole(title: str, body: str, every: float) -> str:
    seconds = f"{min(every, OFTEN):.0f}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<noscript><meta http-equiv="refresh" content="{seconds}"></noscript>
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body data-every="{seconds}">
<div class="live">
<p id="lost" class="trouble" role="status" hidden>The server does not answer: this is what it said last.</p>
<button id="pause" type="button" hidden>Pause</button>
</div>
<main>
{body}
</main>
<script>{SCRIPT}</script>
</body>
</html>"""


def _mark(shown: Shown) -> str:
    """A sign before the title, for those who have the page in one of many tabs."""
    if shown.error:
        return "? "
    status = shown.status
    grave = status and (set(status.standing()) & set(GRAVE) or status.why or any(one.ill for one in status.advisories))
    return "! " if grave else ""


def _age(shown: Shown, now: datetime, every: float) -> str:
    """When what is shown was read, and why nothing later was."""
    age = shown.age(now)
    if shown.standby:
        when = f" What is shown is from {duration(age)} ago." if age is not None else ""
        return f'<p role="status">This watch {message(shown.standby)}. It reads and changes nothing.{when}</p>'
    if shown.status is None or age is None:
        if shown.error:
            return f'<p class="trouble" role="status">It could not be read: {message(shown.error)}</p>'
        return '<p class="dim" role="status">It is being read for the first time.</p>'
    at = f"{shown.status.at:%Y-%m-%d %H:%M:%S} UTC"
    if shown.error:
        why = f"It could not be read again; this is from {at}, {duration(age)} ago: {message(shown.error)}"
        return f'<p class="trouble" role="status">{why}</p>'
    if age > LATE * every:
        return f'<p class="trouble" role="status">This is old: it is from {at}, {duration(age)} ago.</p>'
    return f'<p class="dim">Read at {at}, {duration(age)} ago, and again every {duration(every)}.</p>'


def _tiles(status: Status) -> str:
    """The sums: resources, tasks, nodes, money, and what Azure says."""
    chips = "".join(parts.chip(name, number) for name, number in status.standing().items())
    tiles = [("Resources", f"{len(status.resources)}", chips)]
    if status.jobs:
        tiles.append(("Tasks", *_tasks(status)))
    if status.pools:
        there = sum(sum(pool.current) for pool in status.pools)
        wanted = sum(sum(pool.target) for pool in status.pools)
        tiles.append(("Nodes", f"{there:,}", f"of {wanted:,} asked for, {count(len(status.pools), 'pool')}"))
    if status.cost and status.cost.lines:
        tiles.append(("Cost", *_money(status)))
    if status.advisories:
        tiles.append(("Azure says", f"{len(status.advisories)}", azure.sums(status)))
    return "".join(
        f'<li class="tile"><span class="dim">{name}</span><strong>{text(number)}</strong><span>{told}</span></li>'
        for name, number, told in tiles
    )


def _tasks(status: Status) -> tuple[str, str]:
    states = {state: sum(job.states.get(state, 0) for job in status.jobs) for state in work.ORDER}
    look = {"failed": "bad"}
    told = "".join(
        f'<span class="{look.get(state, "")}">{number:,} {state}</span>' for state, number in states.items() if number
    )
    return f"{sum(states.values()):,}", told or count(len(status.jobs), "job")


def _money(status: Status) -> tuple[str, str]:
    assert status.cost is not None
    now, currency = status.cost.now, status.cost.currency
    least = "" if now.complete else "at least "
    spent = sum((one.amount for one in status.spent if one.amount is not None), Decimal(0))
    so_far = f"; so far about {roughly(spent, currency)}" if spent else ""
    return f"{least}{roughly(now.month.expected, currency)}", text(f"a month as things are{so_far}")


SECTIONS: tuple[tuple[str, Callable[[Status], str]], ...] = (
    ("What is wrong", parts.causes),
    ("What Azure says", azure.section),
    ("Resources", parts.resources),
    ("Jobs", work.jobs),
    ("Pools", work.pools),
    ("Cost", parts.cost),
    ("Last runs", parts.runs),
    ("Notes", parts.notes),
)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
