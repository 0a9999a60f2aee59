"""A plan as a comment on a pull request: what must be decided, then details of that, then the rest, folded. Pure.

It never is longer than a limit: the last things are left out as a whole, so that what stays is well-formed, and it says
how much that is and where the rest is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from reconciler.model import Decision
from reconciler.render import as_text, review
from reconciler.render import cost as costs
from reconciler.render.markdown import LIMIT, cell, code, fence, folded, prose, size
from reconciler.render.review import Review
from reconciler.words import count

LEAST = 16_384
"""Room for what must be decided, whatever its names are, if none of them is told."""
_FRAME = 700
"""Room for titles of sections, and for what is said about what is left out."""
_NAMES = (5, 1, 0)
"""How many names of resources stand beside a question; fewer where even that would be too long."""
_LONGEST = 120
"""How much of a name stands there."""
_LINE = 300
"""How much of a line stands there that says where the plan comes from, or what takes long."""


class _Part(NamedTuple):
    """Blocks that belong together, and the title of what folds them, or that of a section."""

    title: str
    blocks: Sequence[str]
    fold: bool = True


def plan(shown: Review, limit: int = LIMIT, link: str = "") -> str:
    """The plan in at most `limit` bytes of UTF-8; `link` is where the whole of it is."""
    room = limit - _FRAME - size(link)
    top = next((text for names in _NAMES if size(text := _top(shown, names)) <= room), "")
    asked, rest = review.split(shown.plan)
    parts = (
        _Part("Policy", [_verdict(*one) for one in review.verdicts(shown.plan)], fold=False),
        _Part("To decide", [_block(shown, one) for one in asked], fold=False),
        _Part("Notes", [f"- {prose(note)}" for note in shown.plan.notes]),
        _Part("Cost", [fence(costs.below(shown.cost).splitlines(), "text")] if shown.cost else []),
        _Part(count(len(rest), "other resource", ","), [_block(shown, one) for one in rest]),
    )
    kept, left = _cut(parts, room - size(top))
    return "\n\n".join([top, *_written(kept), *_end(left, link, bool(shown.digest))])


def mark(spec: str) -> str:
    """The comment, which nobody sees, by which the text about a spec is known again."""
    return f"<!-- reconcile plan {quote(review.clipped(spec, _LONGEST), safe='')} -->"


def _top(shown: Review, names: int) -> str:
    """What is always there: whose plan it is, the sums, and a table of what must be decided."""
    marks = [mark(shown.plan.spec)] + ([f"<!-- sha256:{quote(shown.digest)} -->"] if shown.digest else [])
    lines = ["\n".join(marks), f"### Plan of {code(review.clipped(shown.plan.spec, _LONGEST))}"]
    if shown.head:
        lines.append("<br>".join(prose(review.clipped(line, _LINE)) for line in shown.head))
    lines.append(f"**{as_text.summary(shown.plan).removeprefix('Plan: ')}**")
    lines += [prose(review.clipped(line, _LINE)) for line in as_text.longest(shown.plan, *shown.way)]
    return "\n\n".join([*lines, *_table(shown, names)])


def _table(shown: Review, names: int) -> Iterator[str]:
    rows = [
        f"| {one.sign} | **{one.title}** | {len(one.about)} | {_named(one.about, names)} |"
        for one in review.questions(shown.plan)
    ]
    if not rows:
        yield review.NOTHING
    if shown.cost:
        rows.append(f"| 💰 | **Cost** | | {prose(costs.total(shown.cost))} |")
    if rows:
        yield "\n".join(["| | to decide | | |", "|:-:|---|--:|---|", *rows])


def _named(about: Sequence[str], most: int) -> str:
    named = [cell(review.clipped(address, _LONGEST)) for address in about[:most]]
    rest = len(about) - len(named)
    return ", ".join(named) + (f" and {rest} more" if named and rest else "")


def _block(shown: Review, decision: Decision) -> str:
    """All that there is to read about one resource."""
    time = review.time(shown.plan.seconds.get(str(decision.address), 0.0))
    word = as_text.WORDS.get(decision.action, "unchanged")
    head = f"**{word}** {code(str(decision.address))}: {prose(decision.reason)}"
    lines = [f"{head} ({time})" if time else head]
    lines += [f"**{what}**: {prose(text)}" for what, text in review.consequences(decision)]
    rows = review.fields(decision, wire=shown.wire)
    return "<br>".join(lines) + (f"\n\n{fence(rows, 'diff')}" if rows else "")


def _verdict(word: str, text: str, about: str) -> str:
    return f"**{word}** by {prose(text)}<br>{prose(about)}"


def _cut(parts: Sequence[_Part], room: int) -> tuple[list[_Part], dict[str, tuple[int, int]]]:
    """What of the parts has room, the first before the last; title → how many blocks were left out, of how many."""
    kept, left = [], {}
    for part in parts:
        blocks = []
        for block in part.blocks:
            if (needed := size(block) + 2) <= room:
                blocks.append(block)
                room -= needed
        if missing := len(part.blocks) - len(blocks):
            left[part.title] = missing, len(part.blocks)
        kept.append(part._replace(blocks=blocks))
    return kept, left


def _written(parts: Sequence[_Part]) -> Iterator[str]:
    for title, blocks, fold in parts:
        text = "\n\n".join(blocks)
        if text:
            yield folded(title, text) if fold else f"#### {title}\n\n{text}"


def _end(left: dict[str, tuple[int, int]], link: str, saved: bool) -> Iterator[str]:  # noqa: FBT001
    """What was left out, and where the whole is."""
    if left:
        told = ", ".join(f"{missing:,} of {whole:,} under “{title}”" for title, (missing, whole) in left.items())
        yield f"✂️ **Cut**: the plan is too long to stand here whole; left out are {told}."
    if link:
        yield f"[The whole plan]({link})"
    elif left:
        yield f"`reconcile {'show' if saved else 'plan'}` has the whole plan."
