"""What Azure says of what a spec uses, for people and for programs. Others have written it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.azure.advisories import Advisory
from reconciler.render import plain
from reconciler.words import some


def lines(advisories: Iterable[Advisory]) -> Iterator[str]:
    """A paragraph for each: what it is, what it touches, what to do, and where more is."""
    for one in advisories:
        yield f"\n{one.sort}: {plain.clean(one.what)}"
        yield from (f"  {word}: {plain.clean(text)}" for word, text in more(one) if text)


def documents(advisories: Iterable[Advisory], address: str) -> list[dict[str, Any]]:
    """Those that touch a resource."""
    return [_document(one) for one in advisories if address in one.about]


def whole(advisories: Iterable[Advisory]) -> list[dict[str, Any]]:
    """All of them, each with the addresses that it touches."""
    return [{**_document(one), "touches": list(one.about)} for one in advisories]


def _document(one: Advisory) -> dict[str, Any]:
    return {"sort": one.sort, "what": one.what, "remedy": one.remedy, "link": one.link}


def more(one: Advisory) -> Iterator[tuple[str, str]]:
    """What it touches, where that is not said already, what to do, and where more is; each may be empty."""
    several = one.sort not in ("health", "retirement") or len(one.about) > 1
    yield "touches", some(one.about) if several else ""
    yield "do", one.remedy
    yield "see", one.link
