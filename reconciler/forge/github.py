"""GitHub, also a server of one's own. Source: docs.github.com, REST API, version 2022-11-28.

The token of a job is that of an app, which may not ask who it is (`GET /user` answers 403): what bots wrote
is ours then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.errors import WrongUsage
from reconciler.forge.archive import MOST, packed
from reconciler.forge.forge import Comment, Issue, PullRequest
from reconciler.forge.http import Client, ForgeError, Request, Service
from reconciler.forge.surroundings import address, needed, secret

READS, WRITES = (
    "`permissions: pull-requests: read`",
    "`permissions: pull-requests: write`, which a run for a fork never has",
)
ISSUES, ACTIONS = "`permissions: issues: write`", "`permissions: actions: read`"
LABEL = "reconcile"
"""Of issues of ours: a list of all others would be long."""
ALL: Mapping[str, str | int] = {"per_page": 100}
_KEPT = 10
"""How many artifacts of one name are looked at."""


class GitHub:
    """The repository that a workflow runs in."""

    name = "GitHub"

    def __init__(self, client: Client, repository: str, number: int | None) -> None:
        self.client, self.number = client, number
        self.root = f"/repos/{quote(repository)}"

    @cached_property
    def me(self) -> int | None:
        """The id of whoever the token is of; None for that of an app."""
        try:
            request = Request("GET", "/user", "see whose the token is", "to be valid")
            return self.client.ask(request, lambda user: int(user["id"]))
        except ForgeError as error:
            if error.status != 403:
                raise
            return None

    def merged(self, commit: str) -> PullRequest | None:
        doing = f"find the pull request of commit {commit}"
        path = f"{self.root}/commits/{quote(commit, safe='')}/pulls"

        def read(one: Mapping[str, Any]) -> PullRequest | None:
            made = one["merge_commit_sha"] if one["merged_at"] else None
            return PullRequest(int(one["number"]), str(one["head"]["sha"])) if made == commit else None

        request = Request("GET", path, doing, f"{READS} and `contents: read`", ALL)
        return next(filter(None, self.client.items(request, read)), None)

    def labels(self, number: int) -> list[str]:
        path, doing = f"{self.root}/issues/{number}/labels", f"read the labels of pull request {number}"
        return list(self.client.items(Request("GET", path, doing, READS, ALL), lambda one: str(one["name"])))

    def comments(self, number: int) -> list[Comment]:
        path, doing = f"{self.root}/issues/{number}/comments", f"read the comments on pull request {number}"

        def read(one: Mapping[str, Any]) -> Comment:
            return Comment(int(one["id"]), str(int(one["id"])), str(one["body"] or ""), self._mine(one))

        return list(self.client.items(Request("GET", path, doing, READS, ALL), read))

    def add_comment(self, number: int, body: str) -> None:
        path, doing = f"{self.root}/issues/{number}/comments", f"write a comment on pull request {number}"
        self.client.send(Request("POST", path, doing, WRITES, body={"body": body}))

    def change_comment(self, number: int, comment: Comment, body: str) -> None:
        path, doing = f"{self.root}/issues/comments/{comment.id}", f"change the comment on pull request {number}"
        self.client.send(Request("PATCH", path, doing, WRITES, body={"body": body}))

    def delete_comment(self, number: int, comment: Comment) -> None:
        path, doing = f"{self.root}/issues/comments/{comment.id}", f"delete a comment on pull request {number}"
        self.client.send(Request("DELETE", path, doing, WRITES, missing=True))

    def issues(self, name: str) -> list[Issue]:
        query: dict[str, str | int] = {"labels": LABEL, "state": "all", **ALL}

        def read(one: Mapping[str, Any]) -> Issue | None:
            if "pull_request" in one:
                return None
            number, body = int(one["number"]), str(one["body"] or "")
            return Issue(number, one["title"], body, one["state"] == "open", self._mine(one))

        request = Request("GET", f"{self.root}/issues", "list the issues", ISSUES, query)
        return [issue for issue in self.client.items(request, read) if issue]

    def add_issue(self, name: str, title: str, body: str) -> None:
        sent = {"title": title, "body": body, "labels": [LABEL]}
        self.client.send(Request("POST", f"{self.root}/issues", "open an issue", ISSUES, body=sent))

    def change_issue(self, issue: Issue, title: str, body: str) -> None:
        self._patch(issue, f"change issue {issue.number}", {"title": title, "body": body, "state": "open"})

    def close_issue(self, issue: Issue, text: str) -> None:
        path, doing = f"{self.root}/issues/{issue.number}/comments", f"write into issue {issue.number}"
        self.client.send(Request("POST", path, doing, ISSUES, body={"body": text}))
        self._patch(issue, f"close issue {issue.number}", {"state": "closed"})

    def plans(self, merged: PullRequest, name: str) -> Iterator[bytes]:
        called, doing = f"plan-{name}-{merged.head}", f"read the plan of pull request {merged.number}"
        request = Request("GET", f"{self.root}/actions/artifacts", doing, ACTIONS, {"name": called, **ALL})

        def read(one: Mapping[str, Any]) -> tuple[int, str] | None:
            """Only of a run of this repository, not of a fork, for that commit."""
            run = one["workflow_run"] or {}
            own = run.get("head_repository_id") == run.get("repository_id") and run.get("head_sha") == merged.head
            return (int(one["id"]), str(one["archive_download_url"])) if own and not one["expired"] else None

        listed = self.client.items(request, read, lambda page: page["artifacts"])
        for _, url in sorted(filter(None, listed), reverse=True)[:_KEPT]:
            data = self.client.content(Request("GET", url, doing, ACTIONS), MOST)
            if data is not None:
                yield packed(data)

    def _mine(self, post: Mapping[str, Any]) -> bool:
        author = post.get("user") or {}
        return author.get("type") == "Bot" if self.me is None else author.get("id") == self.me

    def _patch(self, issue: Issue, doing: str, body: Mapping[str, str]) -> None:
        self.client.send(Request("PATCH", f"{self.root}/issues/{issue.number}", doing, ISSUES, body=dict(body)))


def found(environ: Mapping[str, str]) -> GitHub:
    """The repository of a workflow, from what its runner sets. WrongUsage if that lacks something."""
    token = secret(environ, "GITHUB_TOKEN", "env: GITHUB_TOKEN: ${{ github.token }}")
    repository = needed(environ, "GITHUB_REPOSITORY")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "reconcile",
    }
    service = Service("GitHub", address(environ, "GITHUB_API_URL"), "GITHUB_TOKEN", token, headers)
    return GitHub(Client(service), repository, _number(environ.get("GITHUB_EVENT_PATH", "")))


def _number(path: str) -> int | None:
    """The pull request that an event is about."""
    if not path:
        return None
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        told = event.get("pull_request")
        return int(told["number"]) if told else None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WrongUsage(f"{path}, which GITHUB_EVENT_PATH names, is no event of GitHub") from None
