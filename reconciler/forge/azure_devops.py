"""Azure DevOps, also a server of one's own. Source: learn.microsoft.com/rest/api/azure/devops, version 7.1.

A comment is the first of a thread, which is closed, as an open one may stand against completing the pull request. An
issue is a work item with a tag; its text is HTML, in which ours stands as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote

import httpx

from reconciler.forge import text
from reconciler.forge.archive import MOST, packed
from reconciler.forge.forge import Comment, Issue, PullRequest
from reconciler.forge.http import Client, ForgeError, Request, Service
from reconciler.forge.surroundings import address, needed, secret, whole

VERSION = {"api-version": "7.1"}
PREVIEW = {"api-version": "7.1-preview.1"}
READS = "Read on the repository, for the build service of the project"
COMMENTS = "Contribute to pull requests on the repository, for the build service of the project"
ITEMS = "View and Edit work items in this node, for the build service of the project"
BUILDS = "View builds, for the build service of the project"
PATCH = "application/json-patch+json"
HOSTS = (".visualstudio.com", ".dev.azure.com")
"""Where Azure DevOps keeps artifacts, which it gives to the same token only."""
_BUILDS = 20
"""How many builds of a pull request are looked at, newest first."""


class AzureDevOps:
    """The repository that a pipeline runs for; `item` is the type of the work items that stand for issues."""

    name = "Azure DevOps"

    def __init__(self, client: Client, project: str, repository: str, number: int | None, item: str) -> None:
        self.client, self.number, self.item = client, number, item
        self.project = f"/{quote(project, safe='')}/_apis"
        self.repository = repository
        self.git = f"{self.project}/git/repositories/{quote(repository, safe='')}"

    @cached_property
    def me(self) -> str:
        request = Request("GET", "/_apis/connectionData", "see whose the token is", "to be valid", PREVIEW)
        return self.client.ask(request, lambda answer: str(answer["authenticatedUser"]["id"]))

    def merged(self, commit: str) -> PullRequest | None:
        doing = f"find the pull request of commit {commit}"
        asked = {"queries": [{"type": "lastMergeCommit", "items": [commit]}]}
        request = Request("POST", f"{self.git}/pullrequestquery", doing, READS, VERSION, asked)

        def read(answer: Mapping[str, Any]) -> PullRequest | None:
            for one in (one for result in answer["results"] for one in result.get(commit, ())):
                if one["status"] == "completed" and one["lastMergeCommit"]["commitId"] == commit:
                    return PullRequest(int(one["pullRequestId"]), str(one["lastMergeSourceCommit"]["commitId"]))
            return None

        return self.client.ask(request, read)

    def labels(self, number: int) -> list[str]:
        path, doing = f"{self.git}/pullRequests/{number}/labels", f"read the labels of pull request {number}"
        request = Request("GET", path, doing, READS, VERSION)
        return [name for name in self.client.items(request, _label, _value) if name]

    def comments(self, number: int) -> list[Comment]:
        doing = f"read the threads of pull request {number}"
        request = Request("GET", self._threads(number), doing, COMMENTS, VERSION)
        return list(filter(None, self.client.items(request, self._comment, _value)))

    def add_comment(self, number: int, body: str) -> None:
        sent = {"comments": [{"parentCommentId": 0, "content": body, "commentType": "text"}], "status": "closed"}
        doing = f"write a comment on pull request {number}"
        self.client.send(Request("POST", self._threads(number), doing, COMMENTS, VERSION, sent))

    def change_comment(self, number: int, comment: Comment, body: str) -> None:
        doing = f"change the comment on pull request {number}"
        path = f"{self._threads(number)}/{comment.id}"
        self.client.send(Request("PATCH", path, doing, COMMENTS, VERSION, {"content": body}))

    def delete_comment(self, number: int, comment: Comment) -> None:
        path, doing = f"{self._threads(number)}/{comment.id}", f"delete a comment on pull request {number}"
        self.client.send(Request("DELETE", path, doing, COMMENTS, VERSION, missing=True))

    def issues(self, name: str) -> list[Issue]:
        doing, tag = "find work items", _tag(name)
        asked = Request(
            "POST", f"{self.project}/wit/wiql", doing, ITEMS, {**VERSION, "$top": 200}, {"query": _wiql(tag)}
        )
        ids = self.client.ask(asked, lambda answer: [str(int(one["id"])) for one in answer["workItems"]])
        if not ids:
            return []
        fields = "System.Title,System.State,System.CreatedBy,System.Tags"
        asked = Request(
            "GET", f"{self.project}/wit/workitems", doing, ITEMS, {**VERSION, "ids": ",".join(ids), "fields": fields}
        )
        return list(filter(None, self.client.items(asked, partial(self._issue, name), _value)))

    def add_issue(self, name: str, title: str, body: str) -> None:
        path = f"{self.project}/wit/workitems/${quote(self.item, safe='')}"
        sent = [*_fields(title, body), {"op": "add", "path": "/fields/System.Tags", "value": _tag(name)}]
        doing = f"make a work item of the type {self.item}, which RECONCILE_WORK_ITEM names"
        self.client.send(Request("POST", path, doing, ITEMS, VERSION, sent, PATCH))

    def change_issue(self, issue: Issue, title: str, body: str) -> None:
        sent = _fields(title, body)
        if not issue.open:
            sent.append(_field("System.State", self._state("Proposed", "InProgress")))
        self._patch(issue, sent, f"change work item {issue.number}")

    def close_issue(self, issue: Issue, text: str) -> None:
        sent = [_field("System.State", self._state("Completed")), _field("System.History", _html(text))]
        self._patch(issue, sent, f"close work item {issue.number}")

    def plans(self, merged: PullRequest, name: str) -> Iterator[bytes]:
        called, doing = f"plan-{name}-{merged.head}", f"read the plan of pull request {merged.number}"
        query: dict[str, str | int] = {
            "branchName": f"refs/pull/{merged.number}/merge",
            "reasonFilter": "pullRequest",
            "repositoryId": self.repository,
            "repositoryType": "TfsGit",
            "queryOrder": "queueTimeDescending",
            "$top": _BUILDS,
        }
        asked = Request("GET", f"{self.project}/build/builds", doing, BUILDS, {**VERSION, **query})
        for build in self.client.items(asked, lambda one: int(one["id"]), _value):
            path = f"{self.project}/build/builds/{build}/artifacts"
            asked = Request("GET", path, doing, BUILDS, {**VERSION, "artifactName": called}, missing=True)
            url = self.client.ask(asked, lambda artifact: str(artifact["resource"]["downloadUrl"]) if artifact else "")
            data = self.client.content(Request("GET", url, doing, BUILDS), MOST) if url else None
            if data is not None:
                yield packed(data)

    @cached_property
    def _states(self) -> list[tuple[str, str]]:
        """The states of the work item type, each with its category."""
        path = f"{self.project}/wit/workitemtypes/{quote(self.item, safe='')}/states"
        doing = f"read the states of the work item type {self.item}, which RECONCILE_WORK_ITEM names"
        request = Request("GET", path, doing, ITEMS, VERSION)
        return list(self.client.items(request, lambda one: (str(one["name"]), str(one["category"])), _value))

    def _state(self, *categories: str) -> str:
        """The first state of the first of these categories that the type has."""
        for category in categories:
            for name, its in self._states:
                if its == category:
                    return name
        raise ForgeError(f"work items of the type {self.item} have no state that is {' or '.join(categories)}")

    def _comment(self, thread: Mapping[str, Any]) -> Comment | None:
        """The first comment of a thread, if it is there still."""
        first: Mapping[str, Any] = next(iter(thread["comments"]), {"isDeleted": True})
        if thread.get("isDeleted") or first.get("isDeleted"):
            return None
        number, mine = int(thread["id"]), str((first.get("author") or {}).get("id")) == self.me
        return Comment(number, f"{number}/comments/{int(first['id'])}", str(first.get("content") or ""), mine)

    def _issue(self, name: str, raw: Mapping[str, Any]) -> Issue | None:
        fields = raw["fields"]
        tags = re.split(r"\s*;\s*", fields.get("System.Tags", ""))
        if _tag(name) not in tags:
            return None
        over = {state for state, category in self._states if category in ("Completed", "Removed")}
        mine = str((fields.get("System.CreatedBy") or {}).get("id")) == self.me
        body = text.marker(name)
        return Issue(int(raw["id"]), fields["System.Title"], body, fields["System.State"] not in over, mine)

    def _patch(self, issue: Issue, sent: list[dict[str, str]], doing: str) -> None:
        path = f"{self.project}/wit/workitems/{issue.number}"
        self.client.send(Request("PATCH", path, doing, ITEMS, VERSION, sent, PATCH))

    def _threads(self, number: int) -> str:
        return f"{self.git}/pullRequests/{number}/threads"


def found(environ: Mapping[str, str]) -> AzureDevOps:
    """The repository of a pipeline, from what its agent sets. WrongUsage if that lacks something."""
    token = secret(environ, "SYSTEM_ACCESSTOKEN", "env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "X-TFS-FedAuthRedirect": "Suppress",
        "User-Agent": "reconcile",
    }
    root, project = address(environ, "SYSTEM_COLLECTIONURI"), needed(environ, "SYSTEM_TEAMPROJECT")
    service = Service("Azure DevOps", root, "SYSTEM_ACCESSTOKEN", token, headers, _kept)
    number = whole(environ, "SYSTEM_PULLREQUEST_PULLREQUESTID")
    item = environ.get("RECONCILE_WORK_ITEM") or "Issue"
    return AzureDevOps(Client(service), project, needed(environ, "BUILD_REPOSITORY_ID"), number, item)


def _kept(url: httpx.URL) -> bool:
    return url.scheme == "https" and url.host.endswith(HOSTS)


def _tag(name: str) -> str:
    return f"reconcile-ci-{name}"


def _value(answer: Mapping[str, Any]) -> Any:
    return answer["value"]


def _label(raw: Mapping[str, Any]) -> str:
    """The name of a label; empty for one that is not in use any more."""
    return str(raw["name"]) if raw.get("active", True) else ""


def _wiql(tag: str) -> str:
    """What asks for the work items of the project with a tag, which is of letters, digits and . _ - only."""
    where = "[System.TeamProject] = @project AND [System.Tags] CONTAINS"
    return f"SELECT [System.Id] FROM WorkItems WHERE {where} '{tag}' ORDER BY [System.Id]"  # noqa: S608


def _fields(title: str, body: str) -> list[dict[str, str]]:
    return [_field("System.Title", title[:255]), _field("System.Description", _html(body))]


def _field(name: str, value: str) -> dict[str, str]:
    return {"op": "add", "path": f"/fields/{name}", "value": value}


def _html(body: str) -> str:
    return f"<pre>{html.escape(body)}</pre>"
