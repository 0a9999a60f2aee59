"""The pages over HTTP: only GET and HEAD, only under a known name, and what each answer tells a browser."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from reconciler.errors import ReconcileError
from reconciler.render.status import Status
from reconciler.serve.app import app
from reconciler.serve.board import Board, look
from reconciler.serve.gathering import Looker
from reconciler.serve.pages import HEADERS
from tests.render.statuses import RICH


def board(*names: str) -> Board:
    made = Board(names, 30.0)
    for name in names:
        made.show(name, RICH)
    return made


def ask(
    path: str, *names: str, verb: str = "GET", host: str = "127.0.0.1:8765", shown: Board | None = None
) -> httpx.Response:
    """The answer of the pages of these specs, or of a board."""
    pages = app(shown or board(*(names or ("demo",))), ("localhost", "127.0.0.1"))

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app=pages)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(verb, path, headers={"Host": host})

    return asyncio.run(answer())


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
@pytest.mark.parametrize("path", ["/", "/status.json", "/nowhere"])
def test_nothing_can_be_changed(verb: str, path: str) -> None:
    answer = ask(path, verb=verb)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:8765", 400),
    ],
)
def test_a_name_of_somebody_else_gets_nothing(host: str, status: int) -> None:
    answer = ask("/", host=host)
    assert answer.status_code == status
    assert ("demo" in answer.text) == (status == 200)


@pytest.mark.parametrize("path", ["/", "/specs/demo", "/status.json", "/nowhere", "/specs/other"])
@pytest.mark.parametrize("verb", ["GET", "HEAD", "POST"])
def test_every_answer_is_guarded(verb: str, path: str) -> None:
    headers = ask(path, verb=verb).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_several_specs_have_a_page_each() -> None:
    both = ("one", "two")
    assert ask("/", *both).text.count('<a href="specs/') == 2
    assert "<h1>two</h1>" in ask("/specs/two", *both).text
    assert ask("/specs/three", *both).status_code == 404
    assert [spec["name"] for spec in ask("/status.json", *both).json()["specs"]] == ["one", "two"]


class Broken(Looker):
    """A look that goes wrong."""

    error: Exception = ReconcileError("no connection")

    def look(self) -> Status:
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [(ReconcileError("no connection"), "no connection"), (KeyError("x"), "this is a bug in reconcile: KeyError: 'x'")],
)
def test_what_was_seen_last_stays_when_a_look_fails(error: Exception, said: str) -> None:
    shown = board("demo")
    broken = Broken.__new__(Broken)
    broken.error = error
    look("demo", broken, shown)
    assert (shown.shown()[0].status, shown.shown()[0].error) == (RICH, said)
    assert said.replace("'", "&#x27;") in ask("/", shown=shown).text
