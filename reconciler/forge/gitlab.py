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

NEEDS = "the scope `api` and the role Reporter or more in the project"
LABEL = "reconcile"
ALL: Mapping[str, str | int] = {"per_page": 100}
_PIPELINES = 10
"""How many pipelines of a merge request are looked at, newest first."""


class GitLab:
    """The project that a pipeline runs in."""

    name = "GitLab"

    def __init__(self, client: Client, project: str, number: int | None, run_url: str) -> None:
        self.client, self.project, self.number, self.run_url = client, project, number, run_url
        self.root = f"/projects/{quote(project, safe='')}"

    @cached_property
    def me(self) -> int:
        return int(self.client.send(Request("GET", "/user", "see whose the token is", NEEDS))["id"])

    def merged(self, commit: str) -> PullRequest | None:
        doing = f"find the merge request of commit {commit}"
        path = f"{self.root}/repository/commits/{quote(commit, safe='')}/merge_requests"
        for one in self.client.items(Request("GET", path, doing, NEEDS, ALL)):
            made = (one.get("merge_commit_sha"), one.get("squash_commit_sha"), one.get("sha"))
            if one.get("state") == "merged" and commit in made:
                return PullRequest(int(one["iid"]), str(one["sha"]))
        return None

    def comments(self, number: int) -> list[Comment]:
        doing = f"read the notes of merge request {number}"
        found = self.client.items(Request("GET", self._notes(number), doing, NEEDS, ALL))
        return [
            Comment(int(one["id"]), str(one["id"]), one["body"] or "", self._mine(one))
            for one in found
            if not one.get("system")
        ]

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
        found = self.client.items(Request("GET", f"{self.root}/issues", "list the issues", NEEDS, query))
        return [
            Issue(int(one["iid"]), one["title"], one["description"] or "", one["state"] == "opened", self._mine(one))
            for one in found
        ]

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
        pipelines = (one for one in self.client.items(Request("GET", path, doing, NEEDS, ALL)) if self._of(one))
        for pipeline in islice(pipelines, _PIPELINES):
            path = f"{self.root}/pipelines/{int(pipeline['id'])}/jobs"
            for job in self.client.items(Request("GET", path, doing, NEEDS, ALL)):
                if not job.get("artifacts_file"):
                    continue
                path = f"{self.root}/jobs/{int(job['id'])}/artifacts/{called}"
                data = self.client.content(Request("GET", path, doing, NEEDS), MOST)
                if data is not None:
                    yield data

    def _of(self, pipeline: Mapping[str, Any]) -> bool:
        return str(pipeline.get("project_id")) == self.project

    def _mine(self, post: Mapping[str, Any]) -> bool:
        return bool((post.get("author") or {}).get("id") == self.me)

    def _notes(self, number: int) -> str:
        return f"{self.root}/merge_requests/{number}/notes"

    def _put(self, issue: Issue, doing: str, body: Mapping[str, str]) -> None:
        self.client.send(Request("PUT", f"{self.root}/issues/{issue.number}", doing, NEEDS, body=dict(body)))


def found(environ: Mapping[str, str]) -> GitLab:
    """The project of a pipeline, from what its runner sets. WrongUsage if that lacks something."""
    from reconciler.forge.surroundings import needed, secret, whole

    token = secret(environ, "GITLAB_TOKEN", "a masked variable of the project with a project access token, scope api")
    headers = {"PRIVATE-TOKEN": token, "User-Agent": "reconcile"}
    service = Service("GitLab", needed(environ, "CI_API_V4_URL"), "GITLAB_TOKEN", token, headers)
    number = whole(environ, "CI_MERGE_REQUEST_IID")
    return GitLab(Client(service), needed(environ, "CI_PROJECT_ID"), number, environ.get("CI_JOB_URL", ""))
