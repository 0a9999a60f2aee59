"""What has ended runs again when the spec or a command says so, each task once, and none is missing meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.azure.ends import End
from reconciler.errors import WrongUsage
from reconciler.kinds.tasks import comparing, wording
from reconciler.kinds.tasks.group import Group, Member
from reconciler.kinds.tasks.items import Item
from reconciler.kinds.tasks.live import BEFORE, WELL, Live, Past
from reconciler.kinds.tasks.needs import Choice
from reconciler.kinds.tasks.rerun import Rerun
from reconciler.model import Status
from reconciler.spec.tasks import Need
from tests.conftest import World
from tests.tasks.test_lab import applied, told

FAILED = Live("failure", End(3), before=True)
NEVER = Live("failure", End(None, "TaskEnded", begun=False), before=True)
ODD = Live("failure", End(0, "FileUploadError"), before=True)
RUNNING = Live("running")
TASKS: dict[str, Any] = {
    "flaky": {
        "command": '[ -e "$AZ_BATCH_NODE_SHARED_DIR/there" ] || { touch "$AZ_BATCH_NODE_SHARED_DIR/there"; exit 3; }',
        "rerun": "failed",
    },
    "last": {"command": "true", "dependsOn": ["flaky"]},
    "good": {"sweep": {"n": [1, 2]}, "command": "echo {{n}}"},
}


class Done(Past):
    def done(self, group: Group, member: Member) -> bool:
        return True


def group(name: str, rerun: str = "changed", needs: Sequence[str] = ()) -> Group:
    entry: Any = {"command": "true", "rerun": rerun, "sweep": {}, "outputs": []}
    return Group(name, entry, {}, [], choices=tuple(Choice(Need(need, {})) for need in needs))


@pytest.mark.parametrize(
    ("said", "patterns", "ended", "told"),
    [
        ("changed", (), (FAILED, BEFORE), "2 tasks, 1 succeeded, 1 failed"),
        ("failed", (), (FAILED, BEFORE), "2 tasks, 1 to run again (1 failed), 1 succeeded"),
        ("failed", (), (Live("failure", End(3)), RUNNING), "2 tasks, 1 running, 1 failed"),
        ("all", (), (FAILED, BEFORE), "2 tasks, 2 to run again (1 failed)"),
        ("all", (), (WELL, RUNNING), "2 tasks, 1 running, 1 succeeded"),
        ("changed", ("a",), (BEFORE, ODD), "2 tasks, 2 to run again (1 failed)"),
        ("changed", ("a-*", "b"), (BEFORE, RUNNING), "2 tasks, 1 to run again, 1 running"),
        ("changed", ("b",), (BEFORE, FAILED), "2 tasks, 1 succeeded, 1 failed"),
    ],
)
def test_what_had_ended_before_may_run_again(
    said: str, patterns: tuple[str, ...], ended: tuple[Live, Live], told: str
) -> None:
    a = group("a", said)
    members = list(a.members([Item({"n": "1"}), Item({"n": "2"})]))
    there = {member.id: task for member, task in zip(members, ended, strict=True)}
    rerun = Rerun(patterns, datetime.now(UTC))
    state = comparing.compared([(a, members)], there, {}, rerun=rerun)
    assert wording.describe(state.counts) == told
    assert set(state.unknown) == {"b"} & {*patterns}
    chosen = {*state.again, *state.anew}
    assert len(chosen) == state.counts.again
    assert state.there == there.keys() - {*state.anew}, "what is deleted is to be submitted"
    assert not any(there[task].end == End(3) for task in state.anew), "what has failed is reactivated"
    assert all(there[task].end == End(3) for task in state.again)


def test_what_never_began_runs_again_with_what_it_depends_on_and_is_not_held() -> None:
    first, last, beside = group("first", "failed"), group("last", needs=["first"]), group("beside")
    groups = [(each, list(each.members([Item({"n": "1"})]))) for each in (first, last, beside)]
    ends = (FAILED, NEVER, NEVER)
    there = {members[0].id: end for (_, members), end in zip(groups, ends, strict=True)}
    state = comparing.compared(groups, there, {}, rerun=Rerun((), datetime.now(UTC)))
    assert [task.partition("-")[0] for task in state.again] == ["first", "last"]
    assert state.kept == frozenset()
    held = replace(last, needs=(groups[0][1][0].id,)), groups[1][1]
    assert comparing.compared([groups[0], held, groups[2]], there, {}).kept == {"last"}


def test_what_had_succeeded_in_an_earlier_job_may_run_again() -> None:
    a = group("a")
    members = list(a.members([Item({"n": "1"})]))
    assert comparing.compared([(a, members)], {}, {}, Done()).done == {members[0].id}
    state = comparing.compared([(a, members)], {}, {}, Done(), Rerun(("a",), datetime.now(UTC)))
    assert state.counts.new == 1
    assert state.done == frozenset()


def test_each_runs_again_once_and_none_is_missing_when_that_breaks_off(lab: World) -> None:
    applied(lab, TASKS)
    assert told(lab) == "4 tasks, 2 to run again (2 failed), 2 succeeded"
    live = applied(lab, TASKS)
    assert told(lab) == "4 tasks, 4 succeeded"
    assert lab.plan().steps == ()
    with pytest.raises(WrongUsage, match=r"no job jbo with tasks \(did you mean job\?\)"):
        lab.plan(rerun=["jbo"])
    with pytest.raises(
        WrongUsage, match=r"^--rerun: the job job is to have no task none-\*; it has flaky, good, last$"
    ):
        lab.plan(rerun=["job/none-*"])
    lab.azure.advance(60)
    (decision,) = (d for d in lab.plan(rerun=["job/good"]).decisions if d.address.kind == "tasks")
    assert decision.reason.startswith("4 tasks, 2 to run again, 2 succeeded; about ")
    assert decision.disturbs == "2 tasks that succeeded run again, and their record and what was printed go"
    lab.azure.fault(
        match={"plane": "batch", "method": "POST", "path": ".*/addtaskcollection"},
        times=1,
        action={"status": 403, "code": "AuthorizationFailed"},
    )
    assert lab.apply(rerun=["job/good"])["tasks/job"].status is Status.FAILED
    assert told(lab) == "2 of 4 tasks to submit, 2 succeeded"
    anew = applied(lab, TASKS)
    changed = {name for name in live if live[name]["creationTime"] != anew[name]["creationTime"]}
    assert changed == {name for name in live if name.startswith("good-")}
    assert told(lab) == "4 tasks, 4 succeeded"


def test_what_runs_again_each_time_always_shows_work(lab: World) -> None:
    tasks = {"good": {"command": "true", "rerun": "all"}}
    before = applied(lab, tasks)
    lab.azure.advance(60)
    assert told(lab) == "1 task, 1 to run again"
    after = applied(lab, tasks)
    assert {name: task["creationTime"] for name, task in after.items()}.items().isdisjoint(
        {name: task["creationTime"] for name, task in before.items()}.items()
    )
    assert after.keys() == before.keys()
    lab.text["jobs"]["job"]["tasks"] = {"good": {"command": "true"}}
    assert lab.plan().steps == ()
