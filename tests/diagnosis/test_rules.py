"""Causes from facts, as decision tables: each fault by itself, and two at a time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.azure.activity import Deed
from reconciler.azure.advisories import Advisory
from reconciler.diagnosis.diagnose import Diagnosis, diagnose
from reconciler.diagnosis.facts import Facts, Written
from reconciler.diagnosis.rules import TABLE
from tests.documents import loaded

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "tests/cases/diagnosis"
CASES: list[dict[str, Any]] = loaded((FOLDER / "single.yaml").read_text())
PAIRS: list[list[str]] = loaded((FOLDER / "pairs.yaml").read_text())
NAMED = {case["name"]: case for case in CASES}
ORDER = [rule.name for rule in TABLE]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
POOL = {
    "id": "p",
    "state": "active",
    "allocationState": "steady",
    "taskSlotsPerNode": 1,
    "targetDedicatedNodes": 1,
    "currentDedicatedNodes": 1,
}
JOB = {"id": "j", "state": "active"}
TOLD = ("name", "causes", "says", "state")


def task_of(case: Mapping[str, Any]) -> dict[str, Any] | None:
    """The task that a case says has failed: by its exit code, or by a failure of Batch's."""
    if "exit" not in case and "ends" not in case:
        return None
    info: dict[str, Any] = {"result": "failure", "failureInfo": case.get("ends", {"code": "FailureExitCode"})}
    info |= {"exitCode": case["exit"]} if "exit" in case else {}
    return {"id": "t", "state": "completed", "executionInfo": info, **case.get("task", {})}


def tasks_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    failed = task_of(case)
    waiting: list[dict[str, Any]] = case.get("tasks", [] if failed else [{"id": "t", "state": "active"}])
    return [*waiting, *([failed] if failed else [])]


def counts(tasks: list[dict[str, Any]]) -> dict[str, int]:
    ended = [(task.get("executionInfo") or {}).get("result") for task in tasks if task["state"] == "completed"]
    states = [task["state"] for task in tasks]
    return {
        "active": states.count("active"),
        "running": states.count("running"),
        "succeeded": ended.count("success"),
        "failed": ended.count("failure"),
    }


def added(body: dict[str, Any], more: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if more is None else {**body, **more}


def facts(case: Mapping[str, Any]) -> Facts:
    tasks = tasks_of(case)
    given = {name: value for name, value in case.items() if name not in (*TOLD, "tasks", "task", "exit", "ends")}
    bodies = {"job": added(JOB, given.get("job", {})), "pool": added(POOL, given.get("pool", {}))}
    lists: dict[str, Any] = {name: tuple(given[name]) for name in ("jobs", "schedules", "prepared") if name in given}
    nodes = given.get("nodes", [{"id": "n", "state": "idle"}])
    written = Written(given["written"]["by"], tuple(given["written"]["lines"])) if "written" in given else None
    known: dict[str, Any] = {
        **given,
        **bodies,
        **lists,
        "written": written,
        "nodes": None if nodes is None else tuple(nodes),
        "deed": Deed("/p", given["deed"]["verb"], given["deed"]["who"], NOW) if "deed" in given else None,
        "advisories": tuple(Advisory(**{**one, "about": tuple(one["about"])}) for one in given.get("advisories", ())),
    }
    return Facts(now=NOW, about="the job j", page=tuple(tasks), counts=counts(tasks), **known)


def names(diagnosis: Diagnosis) -> list[str]:
    return [cause.rule for cause in diagnosis.causes]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_causes_follow_from_facts(case: dict[str, Any]) -> None:
    told = diagnose(facts(case))
    assert names(told) == case["causes"]
    assert told.state == case.get("state", told.state)
    shown = "\n".join([*(cause.what for cause in told.causes), *itertools.chain(*(c.evidence for c in told.causes))])
    assert all(text in shown for text in case.get("says", ())), shown
    assert "theirs" not in shown
    assert all(cause.remedy for cause in told.causes)


def both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    """The two faults at once; None where both are about the same thing, so that they cannot be."""
    merged: dict[str, Any] = {}
    for name in {*one, *other} - set(TOLD) - {"tasks", "task", "exit", "ends", "wanted"}:
        if name in one and name in other:
            if not isinstance(one[name], dict) or not isinstance(other[name], dict):
                return None
            if set(one[name]) & set(other[name]):
                return None
            merged[name] = one[name] | other[name]
        else:
            merged[name] = one.get(name, other.get(name))
    tasks = [
        {**task, "id": f"{case['name']} {task['id']}" if task["id"] == "t" else task["id"]}
        for case in (one, other)
        for task in tasks_of(case)
    ]
    if len({task["id"] for task in tasks}) < len(tasks):
        return None
    return {**merged, "tasks": tasks}


@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_of_two_faults_that_which_stands_more_in_the_way_comes_first(pair: list[str]) -> None:
    one, other = (NAMED[name] for name in pair)
    merged = both(one, other) or both(other, one)
    assert merged is not None
    told = names(diagnose(facts(merged)))
    assert told[0] == one["causes"][0]
    assert ORDER.index(one["causes"][0]) < ORDER.index(other["causes"][0])


def test_nine_of_ten_pairs_of_faults_name_one_of_the_two_first() -> None:
    single = [case for case in CASES if len(case["causes"]) == 1 and not {"missing", "work", "wanted"} & set(case)]
    tried, right = 0, 0
    for one, other in itertools.combinations(single, 2):
        merged = both(one, other)
        if merged is None or one["causes"] == other["causes"]:
            continue
        tried += 1
        first = min(one["causes"][0], other["causes"][0], key=ORDER.index)
        right += names(diagnose(facts(merged)))[:1] == [first]
    assert tried > 500
    assert right / tried >= 0.9


def test_every_rule_has_a_case_of_its_own_and_comes_first_in_it() -> None:
    assert {rule.name for rule in TABLE} == {case["causes"][0] for case in CASES if case["causes"]}


def test_names_of_rules_are_unique_and_those_that_they_yield_to_are_there() -> None:
    assert len(set(ORDER)) == len(ORDER)
    assert {name for rule in TABLE for name in rule.instead} <= set(ORDER)


def test_the_table_of_the_page_is_that_of_the_code() -> None:
    rows = [f"| `{rule.name}` | {rule.when} | {rule.remedy} |" for rule in TABLE]
    page = (CHECKOUT / "docs/why.md").read_text().splitlines()
    assert [line for line in page if line.startswith("| `")] == rows
