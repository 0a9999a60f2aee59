"""The page of a spec on the local Azure, as a process serves it: what it shows, what it asks, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from typing import Any

import httpx
import jsonschema
import pytest
from playwright.sync_api import Browser

import azure_local
from reconciler.cli.serve import Watching
from reconciler.cloud.cloud import Cloud
from reconciler.cost import Prices, Uses
from reconciler.diagnosis.around import RESOURCES
from reconciler.engine.loop import Reading
from reconciler.nodelogs import places
from reconciler.render.status import Load
from reconciler.serve import jobs, pages, pools
from reconciler.serve.around import Heard
from reconciler.serve.board import Board, look
from reconciler.serve.gathering import Looker, Source
from reconciler.serve.history import History
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import Azure, World, new_world
from tests.local.pools import until
from tests.nodelogs.test_telemetry import blob as packed
from tests.nodelogs.test_telemetry import row
from tests.render.browsing import browser

__all__ = ["browser"]
SCRIPT = "<script>document.title = 'stolen'</script><img src=x onerror=alert(1)>"
SCHEMA = json.loads((CHECKOUT / "schemas/status.schema.json").read_text())
FIRST, MOST = 45, 40
"""The most requests of a look at this spec: of the first, and of another."""


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A pool that is well, a job with a failure, something that is not there, and something that others changed."""
    with new_world(azure_server, tmp_path_factory.mktemp("serve")) as world:
        text = world.text
        text["azure"]["tags"] = {"team": "blue"}
        text["storage"] = {world.account: {"containers": ["audit"]}}
        text["audit"] = f"storage/{world.account}/audit"
        del text["identities"], text["pools"]["pool"]["identity"]
        command = "test {{n}} -ne 2 || { cat >&2 <<'END'\n" + SCRIPT + "\nEND\nexit 3; }"
        text["jobs"] = {"job": {"pool": "pools/pool", "tasks": {"t": {"sweep": {"n": [1, 2, 3]}, "command": command}}}}
        world.spec()
        assert reconcile("apply", "--yes", str(world.file)).returncode in (0, 5)
        assert reconcile("wait", "job", "--spec", str(world.file)).returncode == 5
        text["storage"][world.account]["containers"].append("missing")
        cloud = world.cloud()
        cloud.arm("PATCH", cloud.group_id, {"tags": {**_tags(cloud), "team": SCRIPT}})
        ill = {"resource": cloud.account_id, "state": "Degraded", "summary": escape(SCRIPT)}
        azure_local.ask(azure_server.folder, "POST", "health", ill)
        azure_server.advance(300)
        yield world


def _tags(cloud: Cloud) -> dict[str, str]:
    tags: dict[str, str] = cloud.arm("GET", cloud.group_id).body["tags"]
    return tags


def looker(world: World) -> Looker:
    def rates(reading: Reading) -> tuple[Uses, Prices]:
        return Uses(), Prices()

    return Looker(Source(world.spec, lambda spec: world.cloud(spec), Watching(), rates))


def test_a_look_sees_all_in_a_bounded_number_of_requests(world: World) -> None:
    looks, spent = looker(world), []
    for _ in range(2):
        before = world.azure.exchanges()
        status = looks.look()
        spent.append(world.azure.exchanges() - before)
    assert (spent[0] <= FIRST, spent[1] <= MOST) == (True, True), spent
    assert status.standing() == {"drifted": 1, "absent": 1, "ready": len(status.resources) - 2}
    assert [(job.name, dict(job.states)) for job in status.jobs] == [("job", {"succeeded": 2, "failed": 1})]
    assert [(pool.current, [node.state for node in pool.nodes]) for pool in status.pools] == [((1, 0), ["idle"])]
    assert [cause.rule for one in status.why for cause in one.causes] == ["exit-code"]
    assert [(run.command, "to create" in run.planned) for run in status.runs] == [("apply", True)]
    assert looks.history.hours["pool"].total()[0] > 0
    ill, retired = status.advisories
    assert (ill.sort, ill.about) == ("health", (f"batch_account/{world.text['batchAccount']['name']}",))
    assert (retired.sort, retired.about) == ("retirement", ("pool/pool",))
    assert status.unasked == ()


def test_of_a_large_job_only_numbers_and_failures_are_read(world: World) -> None:
    history, before = History(), world.azure.exchanges()
    (job,) = jobs.look(world.cloud(), ["job"], {}, history, Watching(), most=2)
    asked = [one["path"] for one in world.azure.wire(before) if one["path"].endswith("/tasks")]
    assert (len(asked), job.whole) == (1, False)
    assert (dict(job.states), job.slowest) == ({"succeeded": 2, "failed": 1}, ())
    assert [(reason, number) for reason, number, _ in job.failures] == [("exit code 3", 1)]
    (again,) = jobs.look(world.cloud(), ["job"], {"job": job}, history, Watching(), most=2)
    assert again == job
    (absent,) = jobs.look(world.cloud(), ["nobody"], {}, history, Watching())
    assert (absent.id, absent.state, absent.unread) == ("", "absent", "")


def test_how_busy_nodes_are_is_read_when_they_have_measured_anew(world: World) -> None:
    cloud, place = world.cloud(), f"storage/{world.account}/audit"
    (node,) = [one.id for one in cloud.batch().list_nodes("pool")]
    blob = cloud.container(place).get_blob_client(places.measured(str(cloud.account), "pool", node, cloud.time))
    history = History()

    def look() -> tuple[Load | None, bool]:
        (pool,) = pools.look(cloud, {"pool": "pool"}, {}, history, {"pool": place})
        return pool.nodes[0].load, bool(pool.unmeasured)

    assert look() == (None, False)
    blob.upload_blob(packed(row(cloud.time.timestamp(), 0.5), row(cloud.time.timestamp(), 0.75, 4)), overwrite=True)
    assert look() == (Load(0.625, 2.5 / 8), False)
    unread = {"match": {"plane": "blob", "method": "GET", "path": "jsonl.gz"}, "action": {"status": 403}}
    world.azure.fault(**unread, times=1)
    assert look() == (Load(0.625, 2.5 / 8), False)
    blob.upload_blob(b"no samples", overwrite=True)
    assert look() == (None, True)
    world.azure.clear_faults()
    assert look() == (None, False)
    blob.delete_blob()


def test_what_azure_says_of_itself_is_asked_every_five_minutes_at_most(world: World) -> None:
    cloud, heard = world.cloud(), Heard()
    begun = cloud.time

    def asked(minutes: float) -> int:
        before, cloud.time = world.azure.exchanges(), begun + timedelta(minutes=minutes)
        heard.lately(cloud)
        return sum("ResourceHealth" in one["path"] for one in world.azure.wire(before))

    assert [asked(minutes) for minutes in (0, 4.9, 5, 9.9, 10.1, 1)] == [2, 0, 2, 0, 2, 2]
    read = heard.answers.read
    assert (len(read[RESOURCES]) > 0, heard.answers.unread) == (True, {})
    refused = {"status": 403, "code": "AuthorizationFailed", "message": "not you"}
    world.azure.fault(match={"path": ".*/availabilityStatuses.*"}, action=refused, times=100)
    asked(20)
    world.azure.clear_faults()
    assert heard.answers.unread == {RESOURCES: "AuthorizationFailed: not you"}
    assert heard.answers.read[RESOURCES] == read[RESOURCES], "what was read before stays"


def test_a_look_only_reads(world: World) -> None:
    before = world.azure.exchanges()
    looker(world).look()
    asked = [(one["method"], one["path"]) for one in world.azure.wire(before)]
    assert [one for one in asked if one[0] not in ("GET", "HEAD") and "checkNameAvailability" not in one[1]] == []


def test_a_look_that_fails_leaves_what_was_seen_last(world: World) -> None:
    looks, board = looker(world), Board(["x"], 30.0)
    look("x", looks, board)
    seen = board.shown()[0].status
    world.azure.fault(match={"path": ".*"}, action={"status": 503}, times=100_000)
    look("x", looks, board)
    failed = board.shown()[0]
    world.azure.clear_faults()
    assert (failed.status, bool(seen), bool(failed.error)) == (seen, True, True)
    assert "It could not be read again" in pages.answer(board, "").body
    look("x", looks, board)
    assert board.shown()[0].error == ""


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves the page, and where."""
    world.spec()
    command = [sys.executable, "-m", "reconciler", "serve", str(world.file), "--listen", "127.0.0.1:0", "--every", "5s"]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    folder = world.file.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=env) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[0]
        process.kill()


def told(url: str) -> dict[str, Any]:
    body = httpx.get(f"{url}status.json", trust_env=False).json()
    jsonschema.validate(body, SCHEMA)
    found: dict[str, Any] = body["specs"][0]
    return found


def test_a_process_serves_it_until_it_is_told_to_end(
    world: World, server: tuple[subprocess.Popen[str], str], browser: Browser
) -> None:
    process, url = server
    until(lambda: told(url)["status"])
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(url)
    assert page.locator("h1").inner_text() == world.text["name"]
    assert SCRIPT in page.locator("pre").inner_text()
    assert f'"{SCRIPT}"' in page.locator(".fields .gone").inner_text()
    assert SCRIPT.strip() in page.locator("#what-azure-says").inner_text()
    assert [one["sort"] for one in told(url)["status"]["advisories"]] == ["health", "retirement"]
    assert page.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert page.title().endswith(world.text["name"])
    assert said == []
    page.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
