"""The REST API of Azure DevOps, version 7.1, as learn.microsoft.com tells of it: what a pipeline uses."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.forge.answers import Refusal, document, zipped
from tests.forge.state import Account, State

PROJECT, REPOSITORY = "Farm", "5c2d6f0a-6a8c-4d09-9d38-6a1d7a2b1c11"
FIELDS = {"System.Title", "System.Description", "System.State", "System.Tags", "System.History"}
STATES = {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed"}
KEYS = {"comments", "status", "properties", "threadContext", "pullRequestThreadContext", "identities"}


class AzureDevOps:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        apis = f"/{PROJECT}/_apis"
        git = f"{apis}/git/repositories/{REPOSITORY}"
        threads = f"{git}/pullRequests/{{number:int}}/threads"
        items = f"{apis}/wit/workitems"
        return [
            Route("/_apis/connectionData", self.connection),
            Route(f"{git}/pullrequestquery", self.query, methods=["POST"]),
            Route(threads, self.threads, methods=["GET", "POST"]),
            Route(f"{threads}/{{id:int}}/comments/{{comment:int}}", self.comment, methods=["PATCH", "DELETE"]),
            Route(f"{apis}/wit/wiql", self.wiql, methods=["POST"]),
            Route(f"{apis}/wit/workitemtypes/{{item}}/states", self.states),
            Route(items, self.items),
            Route(f"{items}/{{number:int}}", self.item, methods=["PATCH"]),
            Route(f"{items}/${{item}}", self.made, methods=["POST"]),
            Route(f"{apis}/build/builds", self.builds),
            Route(f"{apis}/build/builds/{{id:int}}/artifacts", self.artifacts),
            Route("/content/{id:int}", self.content),
        ]

    def _account(self, request: Request, may: str = "", version: str = "7.1") -> Account:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.state.tokens:
            raise _SignIn
        if request.query_params.get("api-version") != version:
            raise Refusal(400, {"message": "A preview flag or a version of the API is required", "typeKey": "Vss"})
        account = self.state.tokens[token]
        if may and may not in account.may:
            said = "TF401027: You need the Git 'PullRequestContribute' permission to perform this action."
            raise Refusal(403, {"$id": "1", "message": said, "errorCode": 0})
        return account

    async def connection(self, request: Request) -> Response:
        account = self._account(request, version="7.1-preview.1")
        return JSONResponse({"authenticatedUser": {"id": _guid(account), "providerDisplayName": account.login}})

    async def query(self, request: Request) -> Response:
        self._account(request, "pulls")
        sent = await document(request)
        [asked] = sent["queries"]
        if asked["type"] not in ("lastMergeCommit", "commit"):
            raise Refusal(400, {"message": "The query type is not valid"})
        found = {sha: [_pull(one) for one in self.state.pulls if one["merge"] == sha] for sha in asked["items"]}
        return JSONResponse({"queries": sent["queries"], "results": [{k: v for k, v in found.items() if v}]})

    async def threads(self, request: Request) -> Response:
        account = self._account(request, "comments")
        number = request.path_params["number"]
        if not any(one["number"] == number for one in self.state.pulls):
            raise Refusal(404, {"message": f"TF401180: The requested pull request {number} was not found."})
        if request.method == "GET":
            found = [_thread(one) for one in self.state.comments if one["pull"] == number]
            return JSONResponse({"value": [_SYSTEM, *found], "count": len(found) + 1})
        sent = await document(request)
        if set(sent) - KEYS or not sent.get("comments"):
            raise Refusal(400, {"message": "Value cannot be null. Parameter name: commentThread"})
        if sent.get("status") not in ("active", "closed", "fixed"):
            raise Refusal(400, {"message": "The thread status is not valid"})
        made = self.state.comment(number, _text(sent["comments"][0]), account)
        made["status"] = sent["status"]
        return JSONResponse(_thread(made))

    async def comment(self, request: Request) -> Response:
        account = self._account(request, "comments")
        found = [one for one in self.state.comments if one["id"] == request.path_params["id"]]
        if not found or request.path_params["comment"] != 1:
            raise Refusal(404, {"message": "TF401229: The comment was not found"})
        if found[0]["author"].id != account.id:
            raise Refusal(403, {"message": "TF401181: You may only edit a comment of your own"})
        if request.method == "DELETE":
            self.state.comments.remove(found[0])
            return Response()
        found[0]["body"] = _text(await document(request))
        return JSONResponse(_thread(found[0])["comments"][0])

    async def wiql(self, request: Request) -> Response:
        self._account(request, "issues")
        query = (await document(request))["query"]
        match = re.search(r"\[System\.Tags\] CONTAINS '([^']*)'", query)
        if not match or not query.startswith("SELECT"):
            raise Refusal(400, {"message": "TF51005: The query references a field that does not exist."})
        found = [one for one in self.state.issues if match[1].lower() in "; ".join(one["labels"]).lower()]
        return JSONResponse({"queryType": "flat", "workItems": [{"id": one["number"], "url": ""} for one in found]})

    async def states(self, request: Request) -> Response:
        self._account(request, "issues")
        if request.path_params["item"] != "Issue":
            raise Refusal(404, {"message": "VS402323: Work item type was not found in the project"})
        return JSONResponse({"value": [{"name": name, "category": of} for name, of in STATES.items()]})

    async def items(self, request: Request) -> Response:
        self._account(request, "issues")
        ids = [int(one) for one in request.query_params["ids"].split(",")]
        fields = set(request.query_params["fields"].split(","))
        found = [one for one in self.state.issues if one["number"] in ids]
        return JSONResponse({"count": len(found), "value": [_item(one, fields) for one in found]})

    async def made(self, request: Request) -> Response:
        account = self._account(request, "issues")
        if request.path_params["item"] != "Issue":
            raise Refusal(404, {"message": "VS402323: Work item type was not found in the project"})
        values = _patched(await document(request, "application/json-patch+json"))
        tags = re.split(r";\s*", values.get("System.Tags", ""))
        made = self.state.issue(values["System.Title"], values["System.Description"], account, tags)
        return JSONResponse(_item(made, FIELDS))

    async def item(self, request: Request) -> Response:
        self._account(request, "issues")
        found = next(one for one in self.state.issues if one["number"] == request.path_params["number"])
        values = _patched(await document(request, "application/json-patch+json"))
        found["title"] = values.get("System.Title", found["title"])
        found["body"] = values.get("System.Description", found["body"])
        if "System.State" in values:
            if values["System.State"] not in STATES:
                raise Refusal(400, {"message": "TF401320: Rule Error for field State."})
            found["open"] = STATES[values["System.State"]] != "Completed"
        found["comments"] += [values["System.History"]] if "System.History" in values else []
        return JSONResponse(_item(found, FIELDS))

    async def builds(self, request: Request) -> Response:
        self._account(request, "plans")
        asked = request.query_params
        if asked.get("repositoryId") and not asked.get("repositoryType"):
            raise Refusal(400, {"message": "The repositoryType is required with repositoryId"})
        match = re.fullmatch(r"refs/pull/(\d+)/merge", asked["branchName"])
        assert match
        number = int(match[1])
        if not any(one["number"] == number for one in self.state.pulls):
            return JSONResponse({"count": 0, "value": []})
        return JSONResponse({"count": 2, "value": [{"id": 900 + number}, {"id": 901 + number}]})

    async def artifacts(self, request: Request) -> Response:
        self._account(request, "plans")
        name = request.query_params["artifactName"]
        for one in reversed(self.state.artifacts):
            if one["name"] == name and not one["expired"]:
                base = str(request.url_for("files")).rstrip("/").rsplit("/", 1)[0]
                resource = {"type": "PipelineArtifact", "downloadUrl": f"{base}/devops/content/{one['id']}?format=zip"}
                return JSONResponse({"id": one["id"], "name": name, "resource": resource})
        raise Refusal(404, {"message": f"Artifact {name} was not found for build"})

    async def content(self, request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.state.tokens:
            raise _SignIn
        found = next(one for one in self.state.artifacts if one["id"] == request.path_params["id"])
        return Response(zipped(found, f"{found['name']}/"), media_type="application/zip")


class _SignInPage(Refusal):
    """What a token that is not valid is answered: a page, with a status of success."""

    def __init__(self) -> None:
        super().__init__(203, {})
        self.answer = HTMLResponse("<html><title>Azure DevOps Services | Sign In</title></html>", 203)  # type: ignore[assignment]


_SignIn = _SignInPage()
_SYSTEM = {
    "id": 1,
    "isDeleted": False,
    "comments": [{"id": 1, "content": "Ann voted 10", "commentType": "system", "author": {"id": "x"}}],
}


def _text(sent: Any) -> str:
    if not isinstance(sent.get("content"), str) or not sent["content"]:
        raise Refusal(400, {"message": "Value cannot be null. Parameter name: comment.Content"})
    if len(sent["content"]) > 150_000:
        raise Refusal(400, {"message": "The comment content is too long"})
    return str(sent["content"])


def _patched(sent: Any) -> dict[str, str]:
    values = {}
    for one in sent:
        name = one["path"].removeprefix("/fields/")
        if one["op"] != "add" or name not in FIELDS:
            raise Refusal(400, {"message": f"TF51535: Cannot find field {name}."})
        values[name] = one["value"]
    return values


def _guid(account: Account) -> str:
    return f"00000000-0000-0000-0000-{account.id:012d}"


def _thread(comment: dict[str, Any]) -> dict[str, Any]:
    first = {"id": 1, "parentCommentId": 0, "content": comment["body"], "author": {"id": _guid(comment["author"])}}
    return {"id": comment["id"], "isDeleted": False, "status": comment.get("status", "active"), "comments": [first]}


def _item(issue: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    values = {
        "System.Title": issue["title"],
        "System.State": "To Do" if issue["open"] else "Done",
        "System.CreatedBy": {"id": _guid(issue["author"]), "displayName": issue["author"].login},
        "System.Tags": "; ".join(issue["labels"]),
    }
    return {"id": issue["number"], "fields": {name: value for name, value in values.items() if name in fields}}


def _pull(pull: dict[str, Any]) -> dict[str, Any]:
    return {
        "pullRequestId": pull["number"],
        "status": "completed",
        "lastMergeCommit": {"commitId": pull["merge"]},
        "lastMergeSourceCommit": {"commitId": pull["head"]},
    }
