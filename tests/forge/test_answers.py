"""What a forge answers when something is wrong: what was to be done, what it says, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from reconciler.forge.http import asked_to_wait
from tests.forge.command import ci
from tests.forge.server import TOKEN, Forges
from tests.forge.state import Account, Fault

Environ = Callable[..., dict[str, str]]
HEAD = "a" * 40
CASES: dict[str, tuple[Fault, str]] = {
    "not allowed": (
        Fault("GET .*comments", 403, body='{"message": "Resource not accessible by integration"}'),
        "cannot read the comments on pull request 7: GitHub answers 403 (Resource not accessible by integration); "
        "the token in GITHUB_TOKEN needs `permissions: pull-requests: read`",
    ),
    "not allowed to write": (
        Fault("POST .*comments", 403, body='{"message": "Resource not accessible by integration"}'),
        "the token in GITHUB_TOKEN needs `permissions: pull-requests: write`",
    ),
    "not there": (
        Fault("POST .*comments", 404, body='{"message": "Not Found"}'),
        "answers 404 (Not Found); it is not there, or the token in GITHUB_TOKEN may not see it: it needs",
    ),
    "too long": (
        Fault("POST", 422, body='{"message": "Validation Failed", "errors": [{"message": "Body is too long"}]}'),
        "cannot write a comment on pull request 7: GitHub answers 422 (Validation Failed: Body is too long); "
        "it does not take what was sent",
    ),
    "not valid": (
        Fault("POST", 422, body='{"message": "Validation Failed", "errors": [{"field": "body", "code": "invalid"}]}'),
        "(Validation Failed: body invalid)",
    ),
    "too often": (
        Fault("POST", 403, {"Retry-After": "3600"}, '{"message": "You have exceeded a secondary rate limit"}'),
        "it is asked too often and says to come back in 1 h 0 min; run the job again then",
    ),
    "too often, without a time": (Fault("GET", 429), "answers 429; it is asked too often; run the job again later"),
    "trouble": (Fault("GET .*comments", 502, body="<html>"), "answers 502; this is trouble on its side"),
    "no JSON": (Fault("GET .*comments", 200, body="<html>"), "what GitHub answers is no JSON; check 127.0.0.1 and any"),
    "another JSON": (Fault("GET .*comments", 200, body='{"a": 1}'), "what GitHub answers is no list; check"),
    "objects of another kind": (
        Fault("GET .*comments", 200, body="[{}]"),
        "what GitHub answers lacks what it should have; check",
    ),
    "a page elsewhere": (
        Fault("GET .*comments", 200, {"Link": '<http://localhost:1/x>; rel="next"'}, "[]"),
        "leads to the next page on another host; the token does not go there",
    ),
    "moved": (
        Fault("GET .*comments", 301, {"Location": "https://example.org"}),
        "answers 301; check that 127.0.0.1 is the address of its API",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_is_told_with_its_place_and_remedy(forges: Forges, tmp_path: Path, case: str) -> None:
    fault, said = CASES[case]
    fault.times = 1
    forges.state.pull(7, HEAD)
    forges.state.faults.append(fault)
    (tmp_path / "plan.md").write_text("x")
    done = ci(forges.github(tmp_path, pull=7), "comment", str(tmp_path / "plan.md"))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert TOKEN not in done.stderr
    assert forges.state.comments == []


def test_it_waits_where_the_answer_says_for_how_long(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    wait = {"Retry-After": "0"}
    forges.state.faults += [Fault("GET", 429, wait, times=2), Fault("POST", 403, wait), Fault("POST", 503, wait)]
    (tmp_path / "plan.md").write_text("x")
    done = ci(environ(pull=7), "comment", str(tmp_path / "plan.md"))
    assert done.returncode == 0, done.stderr
    assert len(forges.state.comments) == 1
    forges.state.faults.append(Fault("GET", 429, wait, times=9))
    assert ci(environ(pull=7), "comment", str(tmp_path / "plan.md")).returncode == 1, "not for ever"
    assert forges.state.faults[-1].times == 5


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (403, {"Retry-After": "60"}, 60.0),
        (503, {"Retry-After": formatdate(1030, usegmt=True)}, 30.0),
        (503, {"Retry-After": formatdate(900, usegmt=True)}, 0.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1012"}, 12.0),
        (403, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1012"}, None),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, None),
        (403, {}, None),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "-5"}, None),
        (500, {"Retry-After": "1"}, None),
        (404, {"Retry-After": "1"}, None),
    ],
)
def test_how_long_an_answer_asks_to_wait(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait(httpx.Response(status, headers=headers), 1000.0) == seconds


def test_a_token_that_is_not_valid_or_may_too_little(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    (tmp_path / "plan.md").write_text("x")
    done = ci(environ(pull=7, token="wrong"), "comment", str(tmp_path / "plan.md"))
    assert done.returncode == 1
    assert "does not accept the token in " in done.stderr
    assert "wrong" not in done.stderr
    forges.state.tokens["reader"] = Account(8, "reader", bot=False, may=frozenset({"pulls"}))
    done = ci(environ(pull=7, token="reader"), "comment", str(tmp_path / "plan.md"))
    assert (done.returncode, " needs " in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "token", ["", "two words", "t\N{LATIN SMALL LETTER O WITH DIAERESIS}k", "$(System.AccessToken)"]
)
def test_what_can_be_no_token_is_not_sent(forges: Forges, environ: Environ, tmp_path: Path, token: str) -> None:
    (tmp_path / "plan.md").write_text("x")
    done = ci(environ(pull=7, token=token), "comment", str(tmp_path / "plan.md"))
    assert done.returncode == 4
    assert "has no token; give it to this step" in done.stderr or "holds what cannot be a token" in done.stderr
    assert not token or token not in done.stderr.replace("SYSTEM_ACCESSTOKEN: $(System.AccessToken)", "")
    assert forges.state.requests == []


def test_surroundings_that_lack_something_say_what(forges: Forges, tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text("x")
    variables = forges.github(tmp_path, pull=7)
    for change, said in (
        ({"GITHUB_ACTIONS": ""}, "this is no run of a pipeline that is known"),
        ({"GITHUB_API_URL": "farm"}, "GITHUB_API_URL is no address of an API, such as https://example.org/api"),
        ({"GITHUB_API_URL": "http://ann:pw@x"}, "GITHUB_API_URL is no address of an API"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is not set, as the runner of a pipeline does"),
        ({"GITHUB_EVENT_PATH": str(tmp_path / "plan.md")}, "which GITHUB_EVENT_PATH names, is no event of GitHub"),
    ):
        done = ci(variables | change, "comment", str(tmp_path / "plan.md"))
        assert (done.returncode, said in done.stderr) == (4, True), done.stderr
    done = ci(variables | {"GITHUB_API_URL": "http://127.0.0.1:1"}, "comment", str(tmp_path / "plan.md"))
    assert (done.returncode, "GitHub does not answer (" in done.stderr) == (1, True), done.stderr


def test_a_write_whose_answer_is_lost_makes_no_second_comment(forges: Forges, tmp_path: Path) -> None:
    """The service asked to come again, and had done it all the same."""
    forges.state.pull(7, HEAD)
    forges.state.faults.append(Fault("POST", 503, {"Retry-After": "0"}, after=True))
    (tmp_path / "plan.md").write_text("x")
    done = ci(forges.github(tmp_path, pull=7), "comment", str(tmp_path / "plan.md"))
    assert done.returncode == 0, done.stderr
    assert len(forges.state.comments) == 1
