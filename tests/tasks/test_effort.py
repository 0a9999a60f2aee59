"""How long tasks that are to run will take, by those before them, and what that costs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.cost.use import Build, Case
from reconciler.kinds.tasks import effort, looking
from reconciler.kinds.tasks.effort import Effort, Nodes
from reconciler.kinds.tasks.live import State
from reconciler.kinds.tasks.wording import Counts
from reconciler.model import Action, Address, Decision, Desired, Observed, Why
from tests.conftest import World
from tests.tasks.test_lab import applied, lasting

PLAIN: dict[str, Any] = {"requiredSlots": 1}
WIDE: dict[str, Any] = {"requiredSlots": 4, "multiInstanceSettings": {"numberOfInstances": 2}}


@pytest.mark.parametrize(
    ("stages", "took", "nodes", "expected"),
    [
        ({"A": Counts(new=90, changed=10)}, {"a": 60.0}, (4, 2, 0), Effort(750.0, 2, 1500.0)),
        ({"A": Counts(retried=1, succeeded=500)}, {"a": 60.0}, (4, 2, 0), Effort(60.0, 2, 15.0)),
        ({"A": Counts(new=8), "b": Counts(succeeded=3)}, {"a": 60.0}, (1, None, None), Effort(480.0, 1, 480.0)),
        ({"wide": Counts(new=10)}, {"wide": 60.0}, (4, 2, 3), Effort(240.0, 5, 1200.0)),
        ({"A": Counts(new=8), "wide": Counts(new=1)}, {"a": 60.0}, (1, 2, 0), None),
        ({"A": Counts(waiting=8)}, {"a": 60.0}, (1, 2, 0), None),
    ],
)
def test_all_slots_of_the_nodes_share_the_work(
    stages: dict[str, Counts], took: dict[str, float], nodes: tuple[Any, ...], expected: Effort | None
) -> None:
    entries: Any = {"A": PLAIN, "b": PLAIN, "wide": WIDE}
    assert effort.effort(stages, entries, took, Nodes("size", *nodes)) == expected


@pytest.mark.parametrize(("numbers", "spot"), [((2, 0), False), ((0, 2), True), ((1, 1), None), ((None, None), None)])
def test_work_has_a_price_where_all_nodes_have_the_same(numbers: tuple[int | None, int | None], spot: bool) -> None:
    address = Address("tasks", "job")
    desired = Desired(address, {}, data={"nodes": Nodes("size", 4, *numbers)})
    observed = Observed(address, "job", {}, state=State(Counts(), effort=Effort(60, 2, 7200)))
    decision = Decision(address, Action.UPDATE, Why.DIFFERS, "")
    expected = None if spot is None else Build(address, "size", "here", 7200, what="work", spot=spot)
    assert looking.work(Case(address, decision, desired, observed, "here")) == expected
    idle = Decision(address, Action.NONE, Why.AS_DESIRED, "")
    assert looking.work(Case(address, idle, desired, observed, "here")) is None


def test_what_such_tasks_took_is_known_from_the_job_and_from_the_record(lab: World) -> None:
    tasks: dict[str, Any] = {"Many": {"sweep": {"n": [1, 2]}, "command": "sleep 1"}}
    applied(lab, tasks)
    tasks["Many"]["sweep"]["n"] += range(3, 200)
    lab.text["jobs"]["job"]["tasks"] = tasks
    time = r"\d+ (s|min|h \d+ min) on 1 node"
    said, expected = lasting(lab)
    assert said == "197 of 199 tasks to submit, 2 succeeded"
    assert re.fullmatch(time, expected)
    lab.text["jobs"]["job"] |= {"displayName": "another", "wait": False}
    assert re.fullmatch(time, lasting(lab)[1]), "for a job that is made anew"
    tasks["Many"]["sweep"]["n"] = [1, 2]
    assert len(applied(lab, tasks)) == 0
    tasks["Many"]["sweep"]["n"] += range(3, 200)
    assert re.fullmatch(time, lasting(lab)[1]), "and in that job, which has no such task"
