"""Which tasks of another entry a task depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.tasks.needs import Choice
from reconciler.spec.tasks import Need
from tests.conftest import World
from tests.documents import loaded
from tests.tasks.test_lab import applied, told

CASES = loaded((Path(__file__).parents[1] / "cases/tasks/needs.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_which_tasks_are_meant(case: dict[str, Any]) -> None:
    choice = Choice(Need("other", case["where"]))
    for number, values in enumerate(case["there"]):
        choice.add(str(number), values)
    assert choice.of(case["asks"]) == [str(number) for number in case["means"]]
    assert choice.lacking(case["asks"]) == case.get("lacks", "")


def test_each_point_waits_for_its_own_and_only_for_that(lab: World) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "make-a": {"sweep": {"n": [1, 2, 3]}, "command": "test {{n}} != 2"},
        "make-b": {"command": "true"},
        "use": {
            "sweep": {"n": [1, 2, 3]},
            "command": "true",
            "dependsOn": [{"task": "make-a", "where": {"n": "{{n}}"}}, "*-b"],
        },
        "some": {"command": "true", "dependsOn": [{"task": "use", "where": {"n": [1, 3]}}]},
        "all": {"command": "true", "dependsOn": ["*"]},
    }
    live = applied(lab, tasks)
    ends = {
        task["displayName"] if "displayName" in task else name.rpartition("-")[0]: task for name, task in live.items()
    }
    well = sorted(name for name, task in ends.items() if task["executionInfo"]["result"] == "success")
    assert well == ["make-a n=1", "make-a n=3", "make-b", "some", "use n=1", "use n=3"]
    needs = {name: len(task.get("dependsOn", {}).get("taskIds", ())) for name, task in ends.items()}
    assert needs == dict.fromkeys(ends, 0) | {"use n=1": 2, "use n=2": 2, "use n=3": 2, "some": 2, "all": 8}
    assert told(lab) == "9 tasks, 6 succeeded, 3 failed"
    assert lab.plan().steps == ()
    tasks["use"]["environmentSettings"] = {"A": "b"}
    lab.text["jobs"]["job"]["tasks"] = tasks
    assert told(lab).startswith("3 of 9 tasks to submit (3 changed), 3 succeeded, 1 failed, 2 held, as what they")
    live = applied(lab, tasks)
    assert told(lab).startswith("9 tasks, 6 succeeded, 1 failed, 2 held")
    tasks["make-a"]["command"] = "true"
    applied(lab, tasks)
    assert told(lab).startswith("9 tasks, 9 succeeded")
