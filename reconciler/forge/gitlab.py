"""GitLab, also a server of one's own. Source: docs.gitlab.com, REST API, version 4.

The token of a job may not write notes, so there must be another: that of a project or group, or of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import quote

from reconciler.forge.archive import MOST
from reconciler.forge.forge import Comment, Issue, PullRequest
from reconciler.forge.http import Client, Request, Service
from reconciler.forge.surroundings import address, needed, secret, whole

NEEDS = "the scope `api` and the role Reporter or more in the project"
LABEL = "reconcile"
ALL: Mapping[str, str | int] = {"per_page": 100}
_PIPELINES = 10
"""How many pipelines of a merge request are looked at, newest first."""


class GitLab:
    """The project that a pipeline runs in."""

    name = "GitLab"

    def __init__(self, client: Client, project: str, number: int | None) -> None:
        self.client, self.project, self.number = client, project, number
        self.root = f"/projects/{quote(project, safe='')}"

    @cached_property
    def me(self) -> int:
        return self.client.ask(Request("GET", "/user", "see whose the token is", NEEDS), lambda user: int(user["id"]))

    def merged(self, commit: str) -> PullRequest | None:
        doing = f"find the merge request of commit {commit}"
        path = f"{self.root}/repository/commits/{quote(commit, safe='')}/merge_requests"

        def read(one: Mapping[str, Any]) -> PullRequest | None:
            made = (one["merge_commit_sha"], one["squash_commit_sha"], one["sha"])  # the last, if it was not rewritten
            merged = one["state"] == "merged" and commit in made
            return PullRequest(int(one["iid"]), str(one["sha"])) if merged else None

        return next(filter(None, self.client.items(Request("GET", path, doing, NEEDS, ALL), read)), None)

    def labels(self, number: int) -> list[str]:
        path, doing = f"{self.root}/merge_requests/{number}", f"read the labels of merge request {number}"
        return self.client.ask(Request("GET", path, doing, NEEDS), lambda one: [str(name) for name in one["labels"]])

    def comments(self, number: int) -> list[Comment]:
        doing = f"read the notes of merge request {number}"

        def read(one: Mapping[str, Any]) -> Comment | None:
            if one["system"]:
                return None
            return Comment(int(one["id"]), str(int(one["id"])), str(one["body"] or ""), self._mine(one))

        request = Request("GET", self._notes(number), doing, NEEDS, ALL)
        return [note for note in self.client.items(request, read) if note]

    def add_comment(self, number: int, body: str) -> None:
        doing = f"write a note on merge request {number}"
        self.client.send(Request("POST", self._notes(number), doing, NEEDS, body={"body": body}))

    def change_comment(self, number: int, comment: Comment, body: str) -> None:
        doing = f"change the note on merge request {number}"
        path = f"{self._notes(number)}/{comment.id}"
        self.client.send(Request("PUT", path, doing, NEEDS, body={"body": body}))

    def delete_comment(self, number: int, comment: Comment) -> None:
        doing = f"delete a note on merge request {number}"
        self.client.send(Request("DELETE", f"{self._notes(number)}/{comment.id}", doing, NEEDS, missing=True))

    def issues(self, name: str) -> list[Issue]:
        query: dict[str, str | int] = {"labels": LABEL, "state": "all", "scope": "all", **ALL}

        def read(one: Mapping[str, Any]) -> Issue:
            number, body = int(one["iid"]), str(one["description"] or "")
            return Issue(number, one["title"], body, one["state"] == "opened", self._mine(one))

        return list(self.client.items(Request("GET", f"{self.root}/issues", "list the issues", NEEDS, query), read))

    def add_issue(self, name: str, title: str, body: str) -> None:
        sent = {"title": title, "description": body, "labels": LABEL}
        self.client.send(Request("POST", f"{self.root}/issues", "open an issue", NEEDS, body=sent))

    def change_issue(self, issue: Issue, title: str, body: str) -> None:
        event = {} if issue.open else {"state_event": "reopen"}
        self._put(issue, f"change issue {issue.number}", {"title": title, "description": body, **event})

    def close_issue(self, issue: Issue, text: str) -> None:
        path, doing = f"{self.root}/issues/{issue.number}/notes", f"write into issue {issue.number}"
        self.client.send(Request("POST", path, doing, NEEDS, body={"body": text}))
        self._put(issue, f"close issue {issue.number}", {"state_event": "close"})

    def plans(self, merged: PullRequest, name: str) -> Iterator[bytes]:
        """Of the project's own pipelines: those of a fork have other variables, and another may have written them."""
        doing, called = f"read the plan of merge request {merged.number}", f"plan-{name}-{merged.head}.json"
        path = f"{self.root}/merge_requests/{merged.number}/pipelines"
        pipelines = self.client.items(Request("GET", path, doing, NEEDS, ALL), self._own)
        for pipeline in islice(filter(None, pipelines), _PIPELINES):
            path = f"{self.root}/pipelines/{pipeline}/jobs"
            jobs = self.client.items(Request("GET", path, doing, NEEDS, ALL), _keeping)
            for job in filter(None, jobs):
                path = f"{self.root}/jobs/{job}/artifacts/{called}"
                data = self.client.content(Request("GET", path, doing, NEEDS), MOST)
                if data is not None:
                    yield data

    def _own(self, pipeline: Mapping[str, Any]) -> int:
        """The id of a pipeline of this project; 0 for others."""
        return int(pipeline["id"]) if str(pipeline["project_id"]) == self.project else 0

    def _mine(self, post: Mapping[str, Any]) -> bool:
        return bool((post.get("author") or {}).get("id") == self.me)

    def _notes(self, number: int) -> str:
        return f"{self.root}/merge_requests/{number}/notes"

    def _put(self, issue: Issue, doing: str, body: Mapping[str, str]) -> None:
        self.client.send(Request("PUT", f"{self.root}/issues/{issue.number}", doing, NEEDS, body=dict(body)))


def _keeping(job: Mapping[str, Any]) -> int:
    """The id of a job that has artifacts; 0 for others."""
    return int(job["id"]) if job.get("artifacts_file") else 0


def found(environ: Mapping[str, str]) -> GitLab:
    """The project of a pipeline, from what its runner sets. WrongUsage if that lacks something."""
    token = secret(environ, "GITLAB_TOKEN", "a masked variable of the project with a project access token, scope api")
    headers = {"PRIVATE-TOKEN": token, "User-Agent": "reconcile"}
    service = Service("GitLab", address(environ, "CI_API_V4_URL"), "GITLAB_TOKEN", token, headers)
    number = whole(environ, "CI_MERGE_REQUEST_IID")
    return GitLab(Client(service), needed(environ, "CI_PROJECT_ID"), number)
