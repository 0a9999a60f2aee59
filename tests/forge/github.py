"""GitHub's REST API, as docs.github.com tells of it: what a workflow uses."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.forge.answers import Refusal, document, paged
from tests.forge.state import Account, State

REPOSITORY = "acme/farm"
LONGEST = 65536


class GitHub:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        root = f"/repos/{REPOSITORY}"
        return [
            Route("/user", self.user),
            Route(f"{root}/commits/{{sha}}/pulls", self.pulls),
            Route(f"{root}/issues/comments/{{id:int}}", self.comment, methods=["PATCH", "DELETE"]),
            Route(f"{root}/issues/{{number:int}}/comments", self.comments, methods=["GET", "POST"]),
            Route(f"{root}/issues/{{number:int}}/labels", self.labels),
            Route(f"{root}/issues", self.issues, methods=["GET", "POST"]),
            Route(f"{root}/issues/{{number:int}}", self.issue, methods=["PATCH"]),
            Route(f"{root}/environments/{{name}}", self.environment),
            Route(f"{root}/actions/artifacts", self.artifacts),
            Route(f"{root}/actions/artifacts/{{id:int}}/zip", self.archive),
        ]

    def _account(self, request: Request, may: str = "") -> Account:
        if not request.headers.get("user-agent"):
            raise Refusal(403, {"message": "Request forbidden by administrative rules."})
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind not in ("Bearer", "token") or token not in self.state.tokens:
            raise Refusal(401, {"message": "Bad credentials", "status": "401"})
        if request.headers.get("accept") != "application/vnd.github+json":
            raise Refusal(415, {"message": "Unsupported 'Accept' header"})
        if request.headers.get("x-github-api-version") != "2022-11-28":
            raise Refusal(400, {"message": "This is not a supported version of the API"})
        account = self.state.tokens[token]
        if may and may not in account.may:
            raise Refusal(403, {"message": "Resource not accessible by integration", "status": "403"})
        return account

    async def user(self, request: Request) -> Response:
        account = self._account(request)
        if account.bot:
            raise Refusal(403, {"message": "Resource not accessible by integration", "status": "403"})
        return JSONResponse(_user(account))

    async def pulls(self, request: Request) -> Response:
        self._account(request, "pulls")
        sha = request.path_params["sha"]
        found = [one for one in self.state.pulls if sha in (one["merge"], one["head"])]
        return paged(request, [self._pull(one) for one in found])

    async def labels(self, request: Request) -> Response:
        self._account(request, "labels")
        for one in (*self.state.pulls, *self.state.issues):
            if one["number"] == request.path_params["number"]:
                return paged(request, [{"id": 1, "name": name, "color": "f29513"} for name in one["labels"]])
        raise Refusal(404, {"message": "Not Found", "status": "404"})

    async def comments(self, request: Request) -> Response:
        account = self._account(request, "comments")
        number = request.path_params["number"]
        if request.method == "GET":
            return paged(request, [_comment(one) for one in self.state.comments if one["pull"] == number])
        body = _text(await document(request))
        for issue in (one for one in self.state.issues if one["number"] == number):
            issue["comments"].append(body)
            return JSONResponse({"id": self.state.next(), "body": body}, 201)
        if not any(one["number"] == number for one in self.state.pulls):
            raise Refusal(404, {"message": "Not Found", "status": "404"})
        return JSONResponse(_comment(self.state.comment(number, body, account)), 201)

    async def comment(self, request: Request) -> Response:
        self._account(request, "comments")
        found = [one for one in self.state.comments if one["id"] == request.path_params["id"]]
        if not found:
            raise Refusal(404, {"message": "Not Found", "status": "404"})
        if request.method == "DELETE":
            self.state.comments.remove(found[0])
            return Response(status_code=204)
        found[0]["body"] = _text(await document(request))
        return JSONResponse(_comment(found[0]))

    async def issues(self, request: Request) -> Response:
        account = self._account(request, "issues")
        if request.method == "POST":
            sent = await document(request)
            if not sent.get("title"):
                raise Refusal(422, _invalid("Issue", "title", "missing_field"))
            made = self.state.issue(sent["title"], _text(sent), account, list(sent.get("labels", [])))
            return JSONResponse(_issue(made), 201)
        wanted = set(filter(None, request.query_params.get("labels", "").split(",")))
        state = request.query_params.get("state", "open")
        found = [
            _issue(one)
            for one in reversed(self.state.issues)
            if wanted <= set(one["labels"]) and state in ("all", "open" if one["open"] else "closed")
        ]
        pulls = [{**_pulled(one), "labels": list(wanted)} for one in self.state.pulls] if state == "all" else []
        return paged(request, [*pulls, *found])

    async def issue(self, request: Request) -> Response:
        self._account(request, "issues")
        found = [one for one in self.state.issues if one["number"] == request.path_params["number"]]
        if not found:
            raise Refusal(404, {"message": "Not Found", "status": "404"})
        sent = await document(request)
        if sent.get("state", "open") not in ("open", "closed"):
            raise Refusal(422, _invalid("Issue", "state", "invalid"))
        if "body" in sent:
            found[0]["body"] = _text(sent)
        found[0]["title"] = sent.get("title", found[0]["title"])
        found[0]["open"] = sent.get("state", "open" if found[0]["open"] else "closed") == "open"
        return JSONResponse(_issue(found[0]))

    async def environment(self, request: Request) -> Response:
        self._account(request, "environments")
        name = request.path_params["name"]
        if name not in self.state.environments:
            raise Refusal(404, {"message": "Not Found", "status": "404"})
        rules = [{"id": 1, "type": rule} for rule in self.state.environments[name]]
        return JSONResponse({"id": 1, "name": name, "protection_rules": rules})

    async def artifacts(self, request: Request) -> Response:
        self._account(request, "plans")
        name = request.query_params.get("name")
        found = [one for one in self.state.artifacts if name in (None, one["name"])]
        base = str(request.url_for("files")).rstrip("/").rsplit("/", 1)[0]
        listed = [
            {
                "id": one["id"],
                "name": one["name"],
                "size_in_bytes": len(one["data"]),
                "archive_download_url": f"{base}/github/repos/{REPOSITORY}/actions/artifacts/{one['id']}/zip",
                "expired": one["expired"],
                "workflow_run": {
                    "id": 7,
                    "repository_id": 1,
                    "head_repository_id": 2 if one["fork"] else 1,
                    "head_sha": one["head"],
                },
            }
            for one in found
        ]
        return paged(request, listed, lambda part: {"total_count": len(listed), "artifacts": part})

    async def archive(self, request: Request) -> Response:
        self._account(request, "plans")
        for one in self.state.artifacts:
            if one["id"] == request.path_params["id"]:
                if one["expired"]:
                    raise Refusal(410, {"message": "Artifact has expired"})
                port = request.url.port
                return RedirectResponse(f"http://localhost:{port}/files/{one['id']}?sig=once", 302)
        raise Refusal(404, {"message": "Not Found"})

    def _pull(self, pull: dict[str, Any]) -> dict[str, Any]:
        merged = pull["merge"]
        return {
            "number": pull["number"],
            "state": "closed" if merged else "open",
            "merged_at": "2026-11-27T10:00:00Z" if merged else None,
            "merge_commit_sha": merged or "f" * 40,  # of an open one, the commit of a try
            "head": {"sha": pull["head"], "ref": "change"},
            "base": {"ref": "main"},
        }


def _text(sent: Any) -> str:
    body = sent.get("body") if isinstance(sent, dict) else None
    if not isinstance(body, str) or not body:
        raise Refusal(422, _invalid("IssueComment", "body", "missing_field"))
    if len(body) > LONGEST:
        said = f"Body is too long (maximum is {LONGEST} characters)"
        raise Refusal(422, _invalid("IssueComment", "data", "unprocessable", said))
    return body


def _invalid(resource: str, name: str, code: str, said: str = "") -> dict[str, Any]:
    error = {"resource": resource, "code": code, "field": name}
    return {"message": "Validation Failed", "errors": [error | ({"message": said} if said else {})], "status": "422"}


def _user(account: Account) -> dict[str, Any]:
    return {"id": account.id, "login": account.login, "type": "Bot" if account.bot else "User"}


def _comment(comment: dict[str, Any]) -> dict[str, Any]:
    return {"id": comment["id"], "body": comment["body"], "user": _user(comment["author"])}


def _issue(issue: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": issue["number"],
        "title": issue["title"],
        "body": issue["body"] or None,
        "state": "open" if issue["open"] else "closed",
        "labels": [{"name": label} for label in issue["labels"]],
        "user": _user(issue["author"]),
    }


def _pulled(pull: dict[str, Any]) -> dict[str, Any]:
    """A pull request in a list of issues."""
    user = {"id": 9, "login": "ann", "type": "User"}
    told = {"number": pull["number"], "title": "a change", "body": None, "state": "open", "user": user}
    return {**told, "pull_request": {"url": "https://api.example/pulls"}}
