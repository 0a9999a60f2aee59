"""Nodes that break: rebooted, then replaced, left alone when too many do, and what they said is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import azure_local
from reconciler import marks
from reconciler.events import Event
from reconciler.kinds.pool import repair, tried
from reconciler.kinds.pool.tried import Tried
from reconciler.model import Action, Status
from tests.pools.conftest import Pools, lagging

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def break_one(pools: Pools, state: str, **more: bool) -> str:
    body: dict[str, Any] = {"account": pools.world.text["batchAccount"]["name"], "pool": "pool", "state": state, **more}
    return str(azure_local.ask(pools.world.azure.folder, "POST", "nodes", body)["node"])


def node_ids(pools: Pools) -> set[str]:
    return {node.id for node in pools.world.cloud().batch().list_nodes("pool")}


class Verbs:
    """The requests that mend nodes, from now on, with the answer's status; those that a fault answers are not seen."""

    def __init__(self, pools: Pools) -> None:
        self.pools, self.before = pools, pools.world.azure.exchanges()

    def __call__(self) -> list[tuple[str, int]]:
        wire = self.pools.world.azure.wire(self.before)
        account = self.pools.world.text["batchAccount"]["name"]
        posts = [line for line in wire if line["method"] == "POST" and account in line["path"]]
        verbs = [(line["path"].rsplit("/", 1)[-1], line["status"]) for line in posts]
        return [(verb, status) for verb, status in verbs if verb in ("reboot", "removenodes", "stopResize")]


def test_an_unusable_node_is_mended_by_the_next_apply(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    verbs = Verbs(pools)
    break_one(pools, "unusable")
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.UPDATE
    assert "1 node is unusable" in decision.reason
    mended = "1 broken node is rebooted, or replaced where that has been tried; no task runs there"
    assert decision.disturbs == mended
    pools.done()
    assert verbs() == [("reboot", 202)]


def test_a_node_that_no_reboot_mends_is_replaced(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    before, verbs = node_ids(pools), Verbs(pools)
    broken = break_one(pools, "unusable", lasting=True)
    pools.done()
    assert verbs() == [("reboot", 202), ("removenodes", 202)]
    after = node_ids(pools)
    assert len(after) == 3
    assert before - after == {broken}


def test_a_node_that_cannot_be_rebooted_is_replaced_at_once(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    broken, verbs = break_one(pools, "unusable"), Verbs(pools)
    match = {"method": "POST", "path": f"{broken}/reboot$"}
    pools.world.azure.fault(match=match, action={"status": 409, "code": "OperationNotValidOnNode"})
    pools.done()
    assert verbs() == [("removenodes", 202)]
    assert broken not in node_ids(pools)


def test_what_one_run_tried_another_one_knows(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    broken, verbs = break_one(pools, "starttaskfailed", lasting=True), Verbs(pools)
    pools.world.kill_at("rebooting")
    assert verbs() == [("reboot", 202)]
    live = {item["name"]: item["value"] for item in pools.live()["properties"]["metadata"]}
    assert len(live[marks.MENDING]) < 100
    pools.world.kill_at("resizing: 3 of 2 nodes")
    pools.done()
    assert verbs() == [("reboot", 202), ("removenodes", 202)]
    assert broken not in node_ids(pools)


def test_a_start_task_that_fails_everywhere_is_told_with_its_last_words_and_not_tried_over_and_over(
    pools: Pools,
) -> None:
    pools.pool.update(nodes=2, startTask={"commandLine": "/bin/sh -c 'echo no such disk >&2; exit 4'"})
    events: list[Event] = []
    outcome = pools.world.apply(poll_seconds=0.05, listen=events.append)["pool/pool"]
    assert outcome.status is Status.FAILED
    assert not lagging(events), "nothing is tried, so nothing is waited for"
    assert "start task" in str(outcome.error)
    assert "exit code 4: no such disk" in str(outcome.error)
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.disturbs.startswith("no node is touched, as more than half are broken; correct the start task")
    pools.pool["startTask"] = {"commandLine": "/bin/true"}
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.disturbs.startswith("2 broken nodes are rebooted")
    verbs = Verbs(pools)
    pools.done()
    assert verbs() == [("reboot", 202), ("reboot", 202)]


def test_a_start_task_that_fails_on_the_only_node_is_told_with_its_last_words(pools: Pools) -> None:
    pools.pool.update(nodes=1, startTask={"commandLine": "/bin/sh -c 'echo no such disk >&2; exit 4'"})
    outcome = pools.world.apply(poll_seconds=0.05)["pool/pool"]
    assert outcome.status is Status.FAILED
    assert "exit code 4: no such disk" in str(outcome.error)
    pools.pool["startTask"] = {"commandLine": "/bin/true"}
    pools.pool["nodes"] = 0
    pools.done()


@pytest.mark.parametrize(("count", "total", "told"), [(1, 1, False), (1, 2, False), (2, 3, True), (2, 4, False)])
def test_more_than_half_is_no_accident(count: int, total: int, told: bool) -> None:
    assert repair.common(count, total) is told


def node(name: str, broke: timedelta) -> dict[str, str]:
    return {"id": name, "stateTransitionTime": (NOW + broke).strftime("%Y-%m-%dT%H:%M:%S.1234567Z")}


@pytest.mark.parametrize(
    ("broke", "looked", "failed"),
    [
        pytest.param(timedelta(minutes=3), timedelta(minutes=4), True, id="it broke again after its reboot"),
        pytest.param(timedelta(minutes=-3), timedelta(seconds=5), False, id="it has yet to reboot"),
        pytest.param(timedelta(minutes=-3), timedelta(minutes=11), True, id="it never did"),
        pytest.param(timedelta(hours=2), timedelta(hours=2), False, id="it worked for long"),
    ],
)
def test_a_reboot_has_failed(broke: timedelta, looked: timedelta, failed: bool) -> None:
    attempts = tried.read(Tried({}, None).then(["a", "b"], NOW).text)
    assert attempts.failed(node("a", broke), NOW + looked) is failed
    assert not attempts.failed(node("other", broke), NOW + looked)


def test_a_reboot_that_is_asked_for_again_keeps_its_time_and_an_old_one_is_forgotten() -> None:
    first = Tried({}, None).then(["a"], NOW)
    again = first.then(["a", "b"], NOW + timedelta(minutes=5))
    assert sorted(again.rebooted.values()) == [NOW, NOW + timedelta(minutes=5)]
    late = again.then(["c"], NOW + timedelta(minutes=62))
    assert sorted(late.rebooted.values()) == [NOW + timedelta(minutes=5), NOW + timedelta(minutes=62)]
    assert late.last == NOW + timedelta(minutes=62)


def test_what_is_remembered_is_bounded() -> None:
    attempts = Tried({}, None)
    for minute in range(10):
        attempts = attempts.then([f"{minute}-{number}" for number in range(100)], NOW + timedelta(minutes=minute))
    assert len(attempts.text) < 3000
    assert tried.read(attempts.text) == attempts


WORDS = some.sampled_from(["rebooted", "last", "2026-11-26", "2026-11-26T12:00:00Z", "a"])
JSON = some.recursive(
    some.none() | some.integers() | WORDS, lambda inner: some.lists(inner) | some.dictionaries(WORDS, inner)
)


@given(some.text() | JSON.map(json.dumps))
def test_what_others_write_into_the_mark_is_no_error(text: str) -> None:
    attempts = tried.read(text).then(["a"], NOW)
    assert tried.read(attempts.text).last == NOW


def test_json_that_is_too_deep_is_no_error() -> None:
    assert tried.read("[" * 100_000) == Tried({}, None)
