"""What a pipeline asks of a forge. `comment`, `issue` and `reviewed` are written against this and know no forge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from reconciler.forge.http import Client


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request. `age` is less for older ones; `mine`: its author is whoever the token is of."""

    age: int
    id: str
    body: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or a work item, with `mine` as of a comment; `number` is less for older ones."""

    number: int
    title: str
    body: str
    open: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request that was merged: `head` is the last commit of it, which its plan was made of."""

    number: int
    head: str


class Forge(Protocol):
    """One repository of a forge, as the token sees it. Each call raises ForgeError."""

    client: Client
    name: str
    number: int | None
    """Of the pull request that this run is for, if it is for one."""

    def merged(self, commit: str) -> PullRequest | None:
        """The pull request whose merge made `commit`; None if it was pushed."""

    def labels(self, number: int) -> list[str]:
        """Those that a pull request has, open or merged, as people wrote them."""

    def comments(self, number: int) -> list[Comment]: ...

    def add_comment(self, number: int, body: str) -> None: ...

    def change_comment(self, number: int, comment: Comment, body: str) -> None: ...

    def delete_comment(self, number: int, comment: Comment) -> None:
        """Done, also if it is gone already."""

    def issues(self, name: str) -> list[Issue]:
        """The issues of this name, open or not, of whomever."""

    def add_issue(self, name: str, title: str, body: str) -> None: ...

    def change_issue(self, issue: Issue, title: str, body: str) -> None:
        """Also opens it, if it was closed."""

    def close_issue(self, issue: Issue, text: str) -> None:
        """Says `text` in it, and closes it."""

    def plans(self, merged: PullRequest, name: str) -> Iterator[bytes]:
        """Each file that the runs of a pull request kept as the plan `name` of its last commit, newest first."""
