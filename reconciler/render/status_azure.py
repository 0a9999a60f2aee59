"""What Azure says of itself, on a status page. Others have written it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.azure.advisories import Advisory
from reconciler.render import advisories, as_html
from reconciler.render.html import folded, message, text
from reconciler.render.status import Status
from reconciler.render.status_parts import SIGNS, linked

STANDINGS = {"health": "failed", "incident": "failed", "security": "refused", "maintenance": "busy"}
"""Sort of an advisory → the resource that it looks like; others look like one that is to be changed."""
SUMS = {"health": "not well"}
"""What many of a sort are called, where that is not its name."""
WORDS = {"touches": "Touches", "do": "What to do", "see": "More"}


def section(status: Status) -> str:
    """What is not well is open, what is to come is a line to open; and what Azure did not tell, with why."""
    troubles = (f'<p class="trouble">{message(line[:1].upper() + line[1:])}</p>' for line in status.unasked)
    return "\n".join([*troubles, *map(_advisory, status.advisories)])


def sums(status: Status) -> str:
    """How many there are of each sort, in words."""
    found = Counter((one.sort, one.ill) for one in status.advisories)
    told = (("bad" if ill else "", f"{number} {SUMS.get(sort, sort)}") for (sort, ill), number in found.items())
    return "".join(f'<span class="{look}">{words}</span>' for look, words in told)


def _advisory(one: Advisory) -> str:
    standing = STANDINGS.get(one.sort, "differs")
    chip = f'<span class="standing {standing}"><span class="sign">{SIGNS[standing]}</span> {one.sort}</span>'
    inside = "".join(_told(one)) or as_html.NO_MORE
    return folded(f"azure {one.sort} {text(one.what)}", f"{chip} {text(one.what)}", inside, opened=one.ill)


def _told(one: Advisory) -> Iterator[str]:
    for word, told in advisories.more(one):
        if told:
            yield f"<p><strong>{WORDS[word]}</strong>: {linked(told, told) if word == 'see' else message(told)}</p>"
