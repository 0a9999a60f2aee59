"""Pools that are tried before anything is planned: what they are expected to keep to, and on which tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch_autoscale.expectations import LIMITS
from reconciler.kinds import load
from reconciler.kinds.pool import scale
from reconciler.spec import trial
from tests.documents import dumped
from tests.spec.test_load import CHECKOUT, HEAD, said, write

BURST = {"burst": {"tasks": 40, "takes": "PT10M"}}


def spec(folder: Path, **autoscale: Any) -> Path:
    given = {"scenario": "pending-tasks", "max": 10, **autoscale}
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "taskSlotsPerNode": 2, "nodes": {"autoscale": given}}
    return write(folder, HEAD + dumped({"batchAccount": {"name": "account"}, "pools": {"p": pool}}))


def test_a_pool_that_keeps_to_what_is_expected_is_valid(tmp_path: Path) -> None:
    load(spec(tmp_path, trace=BURST, expect={"maxNodes": 10, "maxQueue": "PT1H", "maxUnfinished": 0}), {})


def test_a_missed_expectation_has_its_place_what_was_found_and_how_to_see_why(tmp_path: Path) -> None:
    path = spec(tmp_path, trace=BURST, expect={"maxNodes": 4, "maxQueue": "PT5M"})
    nodes, queue = said(path)
    assert nodes.endswith(
        "pools.p.nodes.autoscale.expect.maxNodes: the most nodes at once are 10, more than 4; change the formula or "
        f"the limit; to see why: reconcile autoscale simulate {path} --pool p"
    )
    assert "expect.maxQueue: the longest wait for a node is PT20M, more than PT5M; change" in queue
    assert load(path, {}, trying=False).pools["p"]


@pytest.mark.parametrize(
    ("other", "wait"),
    [({"every": "PT30M"}, "PT45M"), ({"boot": "PT20M"}, "PT35M"), ({"max": 4}, "PT50M"), ({"spot": True}, "PT20M")],
)
def test_it_is_tried_as_the_pool_is_set(tmp_path: Path, other: dict[str, Any], wait: str) -> None:
    (problem,) = said(spec(tmp_path, trace=BURST, expect={"maxQueue": "PT1M"}, **other))
    assert f"a node is {wait}, more than PT1M" in problem


def test_a_file_of_tasks_is_seen_from_the_specs_folder(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text("submitted,duration\n" + "0,600\n" * 40)
    (problem,) = said(spec(tmp_path, trace="tasks.csv", expect={"maxQueue": "PT1M"}))
    assert "a node is PT20M" in problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: {path}: No such file or directory"),
        ("submitted,duration\n", "{path} has no tasks"),
        ("submitted,duration\n0,600\n0,soon\n", "{path}: row 3: duration is 'soon', not a number"),
        ("submitted,duration\n" + "0,600\n" * 1_000_000, "{path} has 6 MB, at most 5 can be tried"),
        ("submitted,duration\n" + "0,600\n" * 60_000, "more than 100,000 steps"),
    ],
    ids=["missing", "empty", "wrong row", "too big", "too many tasks"],
)
def test_a_file_that_cannot_be_tried_is_told_at_its_place(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "tasks.csv"
    if text is not None:
        path.write_text(text)
    (problem,) = said(spec(tmp_path, trace="tasks.csv", expect={"maxNodes": 10}))
    assert "pools.p.nodes.autoscale.trace: " in problem
    assert says.format(path=path) in problem


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"expect": {"maxNodes": 5}}, "autoscale.expect: needs tasks to be tried on; set trace: FILE.csv or"),
        ({"boot": "PT5M"}, "autoscale.boot: has no meaning without trace"),
        ({"trace": BURST, "expect": {"maxQueue": "ten"}}, 'expect.maxQueue: is "ten": must be an ISO 8601 duration'),
        ({"trace": BURST, "expect": {"maxNodes": "PT1M"}}, 'expect.maxNodes: must be a number, not "PT1M"'),
        ({"trace": BURST, "expect": {"maxNode": 1}}, "is not a known key (did you mean maxNodes?)"),
        ({"trace": BURST, "expect": {"maxCost": 5}}, "needs prices, which change; limit maxNodeHours instead"),
        ({"trace": {**BURST, "diurnal": {"tasks": 1, "days": 1, "takes": "PT1M"}}}, "has 2 entries; at most 1"),
        ({"trace": {"diurnal": {"tasks": 1, "days": 1, "takes": "PT0S"}}}, "need at least one day, and take some time"),
        ({"trace": {"burst": {"tasks": 1, "takes": "PT"}}}, "trace.burst.takes: is"),
        ({"every": "PT"}, "autoscale.every: 'PT' is no duration"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_a_remedy(tmp_path: Path, given: dict[str, Any], says: str) -> None:
    (problem,) = said(spec(tmp_path, **given))
    assert says in problem


def test_nothing_is_tried_while_the_spec_has_other_problems(tmp_path: Path) -> None:
    path = spec(tmp_path, trace=BURST, expect={"maxNodes": 1})
    path.write_text(path.read_text().replace("batchAccount", "batchAcount"))
    assert "maxNodes" not in " ".join(said(path))


def test_the_schema_has_every_expectation_but_the_one_that_needs_prices() -> None:
    schema = json.loads((CHECKOUT / "schemas/spec.schema.json").read_text())
    nodes = schema["$defs"]["pool"]["properties"]["nodes"]["properties"]
    expect = nodes["autoscale"]["properties"]["expect"]["properties"]
    kinds = {name: "number" if body.get("type") == "number" else "duration" for name, body in expect.items()}
    assert kinds.pop("maxCost") == "duration"
    assert kinds == {name: kind for name, (_, kind) in LIMITS.items() if name != "maxCost"}


def test_trials_do_not_reach_azure(tmp_path: Path) -> None:
    plain = load(spec(tmp_path), {}).pools["p"]
    tried = load(spec(tmp_path, trace=BURST, boot="PT5M", expect={"maxNodes": 10}), {}).pools["p"]
    assert scale.wanted(tried) == scale.wanted(plain)


def test_the_mean_nodes_of_a_trial_are_those_of_its_node_hours(tmp_path: Path) -> None:
    loaded = load(spec(tmp_path, trace=BURST, spot=True), {})
    found = trial.result(loaded.pools["p"]["nodes"]["autoscale"], 2, tmp_path)
    mean = found.spot_hours / (found.seconds / 3600)
    assert 0 < mean < 10
    assert trial.means(loaded.pools, tmp_path) == {"p": (0, mean)}
