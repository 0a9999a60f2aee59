"""One comment and one issue of a name, whatever others write and however many runs there are at a time.

A run that makes one looks again: of several, the oldest stays, so that two runs that both made one agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from reconciler.forge import text
from reconciler.forge.forge import Comment, Forge, Issue
from reconciler.forge.http import ForgeError

Post = TypeVar("Post", Comment, Issue)


def comment(forge: Forge, number: int, name: str, body: str) -> bool:
    """Make or change the comment; returns whether it was made. `body` begins with the marker of `name`."""
    there = ours(forge.comments(number), name)
    if not there:
        forge.add_comment(number, body)
        there = ours(forge.comments(number), name)
        if not there:
            raise ForgeError(
                f"the comment is written, but {forge.name} does not show it as ours, so nobody can change it"
            )
        if there[0].body.strip() == body.strip():
            _drop(forge, number, there[1:])
            return True
    forge.change_comment(number, there[0], body)
    _drop(forge, number, there[1:])
    return not there


def digest(forge: Forge, number: int, name: str) -> str:
    """The digest of a plan that our comment tells; empty if there is no such comment, or none in it."""
    for one in ours(forge.comments(number), name)[:1]:
        told = text.named(one.body)
        return told[1] if told else ""
    return ""


def issue(forge: Forge, name: str, title: str, body: str) -> tuple[int, str]:
    """Make, change or open the issue again; returns its number, and which of these it was (`opened`, ...)."""
    there = _issues(forge, name)
    if not there:
        forge.add_issue(name, title, body)
        there = _issues(forge, name)
        if not there:
            raise ForgeError(f"the issue is opened, but {forge.name} does not show it as ours, so nobody can change it")
        _double(forge, there)
        return there[0].number, "opened"
    first = there[0]
    forge.change_issue(first, title, body)
    _double(forge, there)
    return first.number, "updated" if first.open else "opened again"


def close(forge: Forge, name: str, said: str) -> int:
    """Close the issue, if it is open; returns its number, or 0."""
    there = [one for one in _issues(forge, name) if one.open]
    for one in there:
        forge.close_issue(one, said)
    return there[0].number if there else 0


def ours(posts: Iterable[Post], name: str) -> list[Post]:
    """Those that the token's own identity wrote and that begin with the marker of `name`, oldest first."""
    found = [one for one in posts if one.mine and (text.named(one.body) or ("",))[0] == name]
    return sorted(found, key=lambda one: one.number if isinstance(one, Issue) else one.age)


def _issues(forge: Forge, name: str) -> list[Issue]:
    return ours(forge.issues(name), name)


def _double(forge: Forge, there: Sequence[Issue]) -> None:
    for one in there[1:]:
        if one.open:
            forge.close_issue(one, f"Another run has opened #{there[0].number} for the same.")


def _drop(forge: Forge, number: int, more: Sequence[Comment]) -> None:
    for one in more:
        forge.delete_comment(number, one)
