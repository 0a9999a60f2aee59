"""GitLab's REST API, as docs.gitlab.com tells of it: what a pipeline uses."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.forge.answers import Refusal, document, paged
from tests.forge.state import Account, State

PROJECT = "42"


class GitLab:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        root = f"/projects/{PROJECT}"
        notes = f"{root}/merge_requests/{{number:int}}/notes"
        return [
            Route("/user", self.user),
            Route(f"{root}/repository/commits/{{sha}}/merge_requests", self.merged),
            Route(f"{root}/merge_requests/{{number:int}}", self.merge_request),
            Route(notes, self.notes, methods=["GET", "POST"]),
            Route(f"{notes}/{{id:int}}", self.note, methods=["PUT", "DELETE"]),
            Route(f"{root}/issues", self.issues, methods=["GET", "POST"]),
            Route(f"{root}/issues/{{number:int}}", self.issue, methods=["PUT"]),
            Route(f"{root}/issues/{{number:int}}/notes", self.said, methods=["POST"]),
            Route(f"{root}/merge_requests/{{number:int}}/pipelines", self.pipelines),
            Route(f"{root}/pipelines/{{id:int}}/jobs", self.jobs),
            Route(f"{root}/jobs/{{id:int}}/artifacts/{{path:path}}", self.artifact),
        ]

    def _account(self, request: Request, may: str = "") -> Account:
        token = request.headers.get("private-token", "")
        if token not in self.state.tokens:
            raise Refusal(401, {"message": "401 Unauthorized"})
        account = self.state.tokens[token]
        if may and may not in account.may:
            raise Refusal(403, {"error": "insufficient_scope", "message": "403 Forbidden"})
        return account

    async def user(self, request: Request) -> Response:
        return JSONResponse(_user(self._account(request)))

    async def merged(self, request: Request) -> Response:
        self._account(request, "pulls")
        sha = request.path_params["sha"]
        found = [one for one in self.state.pulls if sha in (one["merge"], one["head"])]
        return paged(request, [_merge_request(one) for one in found])

    async def merge_request(self, request: Request) -> Response:
        self._account(request, "labels")
        for one in self.state.pulls:
            if one["number"] == request.path_params["number"]:
                return JSONResponse(_merge_request(one))
        raise Refusal(404, {"message": "404 Not found"})

    async def notes(self, request: Request) -> Response:
        account = self._account(request, "comments")
        number = request.path_params["number"]
        if request.method == "GET":
            system = {"id": 1, "body": "approved this merge request", "author": {"id": 3}, "system": True}
            found = [_note(one) for one in self.state.comments if one["pull"] == number]
            return paged(request, [*reversed(found), system])  # newest first, if nothing else is asked for
        if not any(one["number"] == number for one in self.state.pulls):
            raise Refusal(404, {"message": "404 Not found"})
        made = self.state.comment(number, _text(await document(request), "body"), account)
        return JSONResponse(_note(made), 201)

    async def note(self, request: Request) -> Response:
        account = self._account(request, "comments")
        found = [one for one in self.state.comments if one["id"] == request.path_params["id"]]
        if not found:
            raise Refusal(404, {"message": "404 Note Not Found"})
        if found[0]["author"].id != account.id:
            raise Refusal(403, {"message": "403 Forbidden"})
        if request.method == "DELETE":
            self.state.comments.remove(found[0])
            return Response(status_code=204)
        found[0]["body"] = _text(await document(request), "body")
        return JSONResponse(_note(found[0]))

    async def issues(self, request: Request) -> Response:
        account = self._account(request, "issues")
        if request.method == "POST":
            sent = await document(request)
            if not sent.get("title"):
                raise Refusal(400, {"error": "title is missing"})
            labels = str(sent.get("labels", "")).split(",")
            return JSONResponse(
                _issue(self.state.issue(sent["title"], _text(sent, "description"), account, labels)), 201
            )
        wanted = set(filter(None, request.query_params.get("labels", "").split(",")))
        return paged(request, [_issue(one) for one in reversed(self.state.issues) if wanted <= set(one["labels"])])

    async def issue(self, request: Request) -> Response:
        self._account(request, "issues")
        sent = await document(request)
        event = sent.get("state_event", "")
        if event not in ("", "close", "reopen"):
            raise Refusal(400, {"error": "state_event does not have a valid value"})
        found = self._found(request)
        found["title"] = sent.get("title", found["title"])
        found["body"] = sent.get("description", found["body"])
        found["open"] = found["open"] if not event else event == "reopen"
        return JSONResponse(_issue(found))

    async def said(self, request: Request) -> Response:
        account = self._account(request, "issues")
        text = _text(await document(request), "body")
        self._found(request)["comments"].append(text)
        return JSONResponse({"id": self.state.next(), "body": text, "author": _user(account)}, 201)

    async def pipelines(self, request: Request) -> Response:
        self._account(request, "plans")
        pull = next(one for one in self.state.pulls if one["number"] == request.path_params["number"])
        own = {"id": 500 + pull["number"], "sha": pull["head"], "project_id": 42, "status": "success"}
        return paged(request, [{**own, "id": 400, "project_id": 43}, own])

    async def jobs(self, request: Request) -> Response:
        self._account(request, "plans")
        if request.path_params["id"] == 400:
            raise Refusal(404, {"message": "404 Not found"})  # it is of another project
        kept = [
            {"id": one["id"], "name": "plan", "artifacts_file": {"filename": "artifacts.zip"}}
            for one in self.state.artifacts
            if not one["fork"]
        ]
        return paged(request, [{"id": 1, "name": "lint"}, *kept])

    async def artifact(self, request: Request) -> Response:
        self._account(request, "plans")
        for one in self.state.artifacts:
            called = f"{one['name']}.json"
            if one["id"] == request.path_params["id"] and called == request.path_params["path"] and not one["expired"]:
                return Response(one["data"], media_type="application/octet-stream")
        raise Refusal(404, {"message": "404 Not found"})

    def _found(self, request: Request) -> dict[str, Any]:
        for one in self.state.issues:
            if one["number"] == request.path_params["number"]:
                return one
        raise Refusal(404, {"message": "404 Not found"})


def _text(sent: Any, key: str) -> str:
    if not isinstance(sent, dict) or not isinstance(sent.get(key), str) or not sent[key]:
        raise Refusal(400, {"error": f"{key} is missing"})
    if len(sent[key]) > 1_000_000:
        raise Refusal(400, {"message": {key: ["is too long (maximum is 1000000 characters)"]}})
    return str(sent[key])


def _user(account: Account) -> dict[str, Any]:
    return {"id": account.id, "username": account.login, "bot": account.bot}


def _note(comment: dict[str, Any]) -> dict[str, Any]:
    return {"id": comment["id"], "body": comment["body"], "author": _user(comment["author"]), "system": False}


def _issue(issue: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 1000 + issue["number"],
        "iid": issue["number"],
        "title": issue["title"],
        "description": issue["body"],
        "state": "opened" if issue["open"] else "closed",
        "labels": issue["labels"],
        "author": _user(issue["author"]),
    }


def _merge_request(pull: dict[str, Any]) -> dict[str, Any]:
    return {
        "iid": pull["number"],
        "state": "merged" if pull["merge"] else "opened",
        "sha": pull["head"],
        "merge_commit_sha": pull["merge"],
        "squash_commit_sha": None,
        "labels": pull["labels"],
    }
