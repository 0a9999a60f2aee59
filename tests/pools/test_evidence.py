"""What counts as evidence that a pool, and the image version that it boots, have passed their checks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import marks
from reconciler.kinds.pool import checks, claims, evidence, trial
from reconciler.kinds.pool.checks import Check
from reconciler.kinds.pool.trial import Asked
from tests.documents import loaded

CASES: list[dict[str, Any]] = loaded((Path(__file__).parents[1] / "cases" / "trial" / "verdicts.yaml").read_text())
GALLERY = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/galleries/g/images/i/versions"
CHECKS = (Check("system", "true"), Check("gpu", "nvidia-smi -L"))
ASKED = Asked("pool", "0123456789abcdef", f"{GALLERY}/1.0.1", CHECKS, may_skip=False)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def job(**more: Any) -> dict[str, Any]:
    values = {marks.OWNER: more.pop("owner", "me"), marks.CONTENT: more.pop("digest", ASKED.digest)}
    metadata = [{"name": name, "value": value} for name, value in values.items() if value is not None]
    return {"id": ASKED.job, "state": "active", "onAllTasksComplete": "terminatejob", "metadata": metadata, **more}


def tasks(changed: dict[str, Any]) -> list[dict[str, Any]]:
    good = {"state": "completed", "executionInfo": {"exitCode": 0, "result": "success"}}
    every = {check.name: {**checks.task(check), **good} for check in CHECKS}
    every |= {name: {**every.get(name, good), **(more or {})} for name, more in changed.items()}
    return [task for name, task in every.items() if changed.get(name, {}) is not None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_a_job_is_judged_by_what_it_did(case: dict[str, Any]) -> None:
    wanted = Asked(ASKED.pool, ASKED.digest, ASKED.image, CHECKS, case.get("allow", False))
    said = trial.judged(wanted, "me", job(**case.get("job", {})), tasks(case.get("tasks", {})))
    assert str(said.verdict) == case["verdict"]
    assert case["told"] in said.detail
    assert bool(case["told"]) == bool(said.detail)


@pytest.mark.parametrize(
    ("booted", "told"),
    [
        ({"a": ASKED.image}, ""),
        ({"a": ""}, ""),
        ({"a": f"{GALLERY}/1.0.0"}, "system ran on a node that had booted version 1.0.0"),
        ({}, "the node that ran system is gone"),
        ({"b": ASKED.image}, "the node that ran system is gone"),
    ],
)
def test_a_pass_counts_for_the_version_that_its_node_had_booted(booted: dict[str, str], told: str) -> None:
    task = {"id": "system", "nodeInfo": {"poolId": "pool-g2", "nodeId": "a"}}
    said = trial.unproven(ASKED.image, "pool-g2", [task], booted)
    assert told in said
    assert bool(told) == bool(said)
    assert "is gone" in trial.unproven(ASKED.image, "pool-g3", [task], booted), "another pool proves nothing"
    assert trial.unproven("canonical:ubuntu:server", "pool-g3", [task], {}) == "", "nor does it need to there"


def test_the_evidence_of_a_version_says_nothing_of_another_version_or_other_checks() -> None:
    tags = evidence.added({"team": "blue"}, ASKED, NOW)
    assert evidence.passed(tags, ASKED) == "2026-11-21T10:00:00Z"
    assert {name.upper(): value for name, value in tags.items()} != tags
    assert evidence.passed({name.upper(): value for name, value in tags.items()}, ASKED)
    others = [
        Asked("pool", ASKED.digest, f"{GALLERY}/1.0.2", CHECKS, may_skip=False),
        Asked("pool", "fedcba9876543210", ASKED.image, CHECKS, may_skip=False),
        Asked("other", ASKED.digest, ASKED.image, CHECKS, may_skip=False),
    ]
    assert [evidence.passed(tags, other) for other in others] == ["", "", ""]


@given(st.text(max_size=60) | st.from_regex(r"[0-9a-f]{16} .*", fullmatch=True))
def test_a_tag_that_others_wrote_must_name_what_is_asked(text: str) -> None:
    good = evidence.added({}, ASKED, NOW)[evidence.tag("pool")]
    passed = evidence.passed({evidence.tag("pool"): text}, ASKED)
    assert bool(passed) == (text[:16] == good[:16] and len(text) == len(good) and passed == text[17:])


def test_evidence_is_small_and_makes_room_for_itself_only_among_its_own() -> None:
    tags = {f"tag{number}": "x" for number in range(40)}
    for number in range(20):
        asked = Asked(f"pool{number}", ASKED.digest, ASKED.image, CHECKS, may_skip=False)
        tags = evidence.added(tags, asked, NOW + timedelta(minutes=number))
    assert len(tags) == evidence.MOST
    assert sum(name.startswith("tag") for name in tags) == 40
    assert [name for name in tags if name.startswith(marks.VERIFIED)] == [
        evidence.tag(f"pool{n}") for n in range(10, 20)
    ]
    assert all(len(value) < 64 for value in tags.values())


def version(inputs: Any) -> dict[str, str]:
    text = inputs if isinstance(inputs, str) else json.dumps(inputs)
    return {marks.CONTENT: "x", f"{marks.INPUTS}00": text}


def test_what_an_image_holds_is_what_it_was_built_with() -> None:
    inputs = {"gpu": "yes", "preload registries/acrone/tools/run:1": "d", "preload python:3.12": "d", "base": "x"}
    assert claims.of_version(version(inputs)) == {
        "docker": True,
        "gpu": True,
        "images": ["acrone.azurecr.io/tools/run:1", "docker.io/library/python:3.12"],
        "registries": ["acrone.azurecr.io"],
    }
    assert claims.of_version({"team": "blue"}) == claims.NONE, "no spec has built it"


@pytest.mark.parametrize(
    "inputs",
    [
        "no JSON",
        "[1]",
        "null",
        {"preload --privileged": "d"},
        {"preload a b": "d"},
        {"preload $(reboot)": "d"},
        {"preload registries/x": "d"},
        {"preload ": "d"},
        {"preload \n": "d"},
        {"preload " + "a" * 300: "d"},
    ],
)
def test_what_looks_like_no_container_image_is_not_believed(inputs: Any) -> None:
    assert claims.of_version(version(inputs))["images"] == []


@given(st.dictionaries(st.text(max_size=20).map("preload ".__add__), st.just("d"), max_size=5))
def test_any_claim_can_be_read(inputs: dict[str, str]) -> None:
    for name in claims.of_version(version(inputs))["images"]:
        assert not name.startswith("-")
        assert not set(name) & set(" '\"$`;&|\n")


def test_what_only_a_claim_names_is_looked_for_and_never_run() -> None:
    held = {"docker": True, "gpu": True, "images": ["acrone.azurecr.io/run:1"], "registries": []}
    found = {check.name: check for check in checks.wanted({"checks": [], "allowSkipped": False}, [], held)}
    assert list(found) == ["system", "docker", "gpu", "image-1"]
    assert found["image-1"].script == "docker image inspect acrone.azurecr.io/run:1"
    assert {check.container for check in found.values()} == {None}
