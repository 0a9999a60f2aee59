"""The control API of the local Azure: for the owner of its folder only, and deaf to nonsense."""

from __future__ import annotations

import json
import math
import stat
from typing import Any

import httpx
import pytest

import azure_local
from tests.conftest import Azure
from tests.local.test_service import ask

NONSENSE: list[tuple[str, Any, str]] = [
    ("clock", [], "the body must be a mapping"),
    ("clock", {"speed": math.nan}, "speed must be a number"),
    ("clock", {"speed": -1}, "speed must be a number"),
    ("clock", {"speed": 0}, "speed must be a number"),
    ("clock", {"speed": math.inf}, "speed must be a number"),
    ("clock", {"advance": -600}, "advance must be a number"),
    ("clock", {"advance": "600"}, "advance must be a number"),
    ("clock", {"advance": True}, "advance must be a number"),
    ("clock", {"next": 1}, "next must be true or false"),
    ("clock", {"advanse": 600}, "there is no member advanse"),
    ("faults", [], "the body must be a mapping"),
    ("faults", {}, "match is missing"),
    ("faults", {"match": {}}, "action is missing"),
    ("faults", {"match": [], "action": {"drop": True}}, "match must be a mapping"),
    ("faults", {"match": {"path": "("}, "action": {"drop": True}}, "match.path must be a regular expression"),
    ("faults", {"match": {"url": ""}, "action": {"drop": True}}, "there is no member match.url"),
    ("faults", {"match": {}, "action": {}}, "action must have one of"),
    ("faults", {"match": {}, "action": {"status": 200}}, "action.status must be a whole number"),
    ("faults", {"match": {}, "action": {"delay": math.nan}}, "action.delay must be a number"),
    ("faults", {"match": {}, "action": {"answer": "late"}}, "action.answer must be one of"),
    ("faults", {"match": {}, "action": {"drop": True}, "times": 0}, "times must be a whole number"),
    ("faults", {"match": {}, "action": {"drop": True}, "time": 2}, "there is no member time"),
    ("faults", {"operation": "pool.made"}, "code is missing"),
    ("durations", {"pool": math.inf}, "there is no member pool"),
    ("durations", {"storage": math.inf}, "storage must be a number"),
    ("nodes", {"account": "ba", "state": "idle"}, "pool is missing"),
    ("nodes", {"account": "ba", "pool": "none", "state": "idle"}, "pool: it has no such node"),
    ("nodes", {"account": "ba", "pool": "none", "state": "tired"}, "state must be one of"),
    ("allocations", {"account": "ba", "pool": "pool", "times": -1}, "times must be a whole number"),
    ("batch-quotas", {"account": "none"}, "account: there is no account none"),
    ("batch-quotas", {"account": "ba", "families": {"standardDSv3Family": "4"}}, "families must be a mapping to"),
    ("quotas", {"location": "italynorth", "name": "cores", "limit": 1.5}, "limit must be a whole number"),
    ("restrictions", {"location": "italynorth", "size": "S", "zones": "1"}, "zones must be a list"),
    ("platform-images", {"urn": "a:b:c"}, "version is missing"),
    ("images", {"image": "ubuntu@sha256:0"}, "image: "),
    ("subscription", {"state": "Broken"}, "state must be one of Enabled"),
]


@pytest.mark.parametrize(("path", "body", "wrong"), NONSENSE)
def test_nonsense_is_refused_by_its_member(azure: Azure, path: str, body: Any, wrong: str) -> None:
    before = azure_local.ask(azure.folder, "GET", "faults"), azure_local.ask(azure.folder, "GET", "health")["speed"]
    with pytest.raises(azure_local.Refused, match=f"POST /local/{path}: 400") as refused:
        azure_local.ask(azure.folder, "POST", path, body)
    assert wrong in str(refused.value)
    assert (
        azure_local.ask(azure.folder, "GET", "faults"),
        azure_local.ask(azure.folder, "GET", "health")["speed"],
    ) == before
    azure.advance(0)


def test_it_needs_the_token_of_the_profile_which_only_the_owner_reads(azure: Azure) -> None:
    path = azure.folder / "profile.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = json.loads(path.read_text())["token"]

    def status(bearer: str | None, method: str = "GET", where: str = "health") -> int:
        answer: httpx.Response = ask(azure, f"/local/{where}", bearer, method)
        return answer.status_code

    assert status(known) == 200
    assert {status(None), status(""), status(known[:-1]), status(f"{known}x")} == {401}
    assert status(None, "DELETE", "faults") == 401
    assert status(known, "GET", "nothing") == 404
    assert status(known, "POST", "clock") == 400
