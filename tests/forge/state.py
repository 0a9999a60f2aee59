"""What is in the forges of the tests: plain lists that a test reads and writes, whatever API they are seen by."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Account:
    """Who a token is of, and what it may: words such as `comments`, `issues`, `labels`, `plans`, `pulls`."""

    id: int
    login: str
    bot: bool
    may: frozenset[str] = frozenset({"comments", "environments", "issues", "labels", "plans", "pulls"})


@dataclass
class Fault:
    """Answers a request whose `METHOD /path` is found by `where`, `times` times; `after` it is done, or instead."""

    where: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    times: int = 1
    after: bool = False


@dataclass
class State:
    """Lists of dictionaries.

    pulls      number, head, merge (the commit that it was merged as, or None), fork (bool), labels (names)
    comments   id, pull, body, author (an Account)
    issues     number, title, body, labels, open, author, comments (texts)
    artifacts  id, name, data, head, fork, expired, files (how many are in its zip), path (of the file in it)
    requests   (method, path with query, headers)
    environments  name → its rules of protection
    """

    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    tokens: dict[str, Account] = field(default_factory=dict)
    environments: dict[str, list[str]] = field(default_factory=dict)
    gate: threading.Barrier | None = None
    """Where requests that write wait for one another."""
    last: int = 0

    def next(self) -> int:
        self.last += 1
        return self.last

    def pull(self, number: int, head: str, merge: str | None = None, *, fork: bool = False) -> dict[str, Any]:
        made = {"number": number, "head": head, "merge": merge, "fork": fork, "labels": []}
        self.pulls.append(made)
        return made

    def comment(self, pull: int, body: str, author: Account) -> dict[str, Any]:
        made = {"id": self.next(), "pull": pull, "body": body, "author": author}
        self.comments.append(made)
        return made

    def issue(self, title: str, body: str, author: Account, labels: list[str]) -> dict[str, Any]:
        number = self.next()
        made = {"number": number, "title": title, "body": body, "author": author, "labels": labels}
        self.issues.append({**made, "open": True, "comments": []})
        return self.issues[-1]

    def upload(self, name: str, data: bytes, head: str, **more: Any) -> dict[str, Any]:
        """Keep a file as an artifact of a run for the commit `head`."""
        made = {"id": self.next(), "name": name, "data": data, "head": head}
        self.artifacts.append({**made, "fork": False, "expired": False, "path": "plan.json", "files": 1, **more})
        return self.artifacts[-1]

    def fault(self, method: str, path: str, *, after: bool) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.after is after and re.search(fault.where, f"{method} {path}"):
                fault.times -= 1
                return fault
        return None
