"""GitHub, GitLab and Azure DevOps on loopback, over real HTTP, each with the same pull requests, comments and issues.

    with serving() as forges:
        forges.state.pull(7, head="a" * 40)
        environ = forges.github(pull=7, folder=tmp_path)     # what the runner of a workflow sets
        ...
        assert [one["body"] for one in forges.state.comments] == [...]

A file can be uploaded as an artifact by `forges.state.upload(name, data, head)`, or by `PUT /upload/NAME?head=SHA`.
"""

from __future__ import annotations

import json
import socket
import threading
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.forge import devops, github, gitlab
from tests.forge.answers import Refusal, zipped
from tests.forge.state import Account, State

BOT = Account(41898282, "github-actions[bot]", bot=True)
STRANGER = Account(99, "mallory", bot=False)
TOKEN, PERSONAL = "ghs_0123456789abcdefghijklmnopqrstuvwxyz", "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
ANN = Account(7, "ann", bot=False)
NONE = dict.fromkeys(("GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"), "")
"""So that the runner of the tests is not taken for the one of a test."""


@dataclass
class Forges:
    """The three of them at one port."""

    port: int
    state: State = field(default_factory=State)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def github(self, folder: Path, pull: int | None = None, token: str = TOKEN) -> dict[str, str]:
        """The variables of a workflow for a pull request, or for a push."""
        event = folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": pull}} if pull else {"ref": "refs/heads/main"}))
        return NONE | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{self.url}/github",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": github.REPOSITORY,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_RUN_ID": "77",
            "GITHUB_TOKEN": token,
        }

    def gitlab(self, folder: Path, pull: int | None = None, token: str = TOKEN) -> dict[str, str]:
        """The variables of a pipeline for a merge request, or for a branch."""
        return NONE | {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.url}/gitlab/api/v4",
            "CI_PROJECT_ID": gitlab.PROJECT,
            "CI_JOB_URL": "https://gitlab.example/acme/farm/-/jobs/77",
            "CI_MERGE_REQUEST_IID": str(pull or ""),
            "GITLAB_TOKEN": token,
        }

    def devops(self, folder: Path, pull: int | None = None, token: str = TOKEN) -> dict[str, str]:
        """The variables of a pipeline for a pull request, or for a push."""
        return NONE | {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.url}/devops/",
            "SYSTEM_TEAMPROJECT": devops.PROJECT,
            "BUILD_REPOSITORY_ID": devops.REPOSITORY,
            "BUILD_BUILDID": "77",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": str(pull or ""),
            "SYSTEM_ACCESSTOKEN": token,
        }


@contextmanager
def serving() -> Iterator[Forges]:
    """The forges, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        forges = Forges(sock.getsockname()[1])
        forges.state.tokens |= {TOKEN: BOT, PERSONAL: ANN}
        server = uvicorn.Server(uvicorn.Config(_app(forges.state), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            yield forges
        finally:
            server.should_exit = True
            thread.join()


def _app(state: State) -> Starlette:
    async def files(request: Request) -> Response:
        """Where GitHub keeps artifacts: another host, which wants no token."""
        if "authorization" in request.headers or request.query_params.get("sig") != "once":
            return Response("InvalidAuthenticationInfo", 403)
        found = next(one for one in state.artifacts if one["id"] == int(request.path_params["id"]))
        return Response(zipped(found), media_type="application/zip")

    async def upload(request: Request) -> Response:
        made = state.upload(request.path_params["name"], await request.body(), request.query_params["head"])
        return JSONResponse({"id": made["id"]}, 201)

    async def refused(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, Refusal)
        return refusal.answer

    return Starlette(
        routes=[
            Route("/files", files, name="files"),
            Route("/files/{id}", files),
            Route("/upload/{name}", upload, methods=["PUT"]),
            Mount("/github", routes=github.GitHub(state).routes()),
            Mount("/gitlab/api/v4", routes=gitlab.GitLab(state).routes()),
            Mount("/devops", routes=devops.AzureDevOps(state).routes()),
        ],
        middleware=[Middleware(_Watching, state=state)],
        exception_handlers={Refusal: refused},
    )


class _Watching:
    """Remembers each request, and answers as the faults say."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.state.requests.append((request.method, path, dict(request.headers)))
        if request.method == "POST" and self.state.gate:
            await to_thread(self.state.gate.wait, 60)
        if fault := self.state.fault(request.method, path, after=False):
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
            return
        if fault := self.state.fault(request.method, path, after=True):
            await self.app(scope, receive, _nowhere)
            await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)


async def _nowhere(message: Any) -> None:
    """Where the answer to a request goes that is done and then answered otherwise."""
