"""The numbers of a job's tasks, entry by entry."""

from __future__ import annotations

from typing import Any

from reconciler.azure.ends import End
from reconciler.kinds.tasks import comparing, wording
from reconciler.kinds.tasks.group import Group, entry_of
from reconciler.kinds.tasks.items import Item
from reconciler.kinds.tasks.live import WELL, Live, Members, Whole
from reconciler.kinds.tasks.wording import Counts
from reconciler.model import Action, Address, Decision, Health, Observed, Plan, Why
from reconciler.render import as_text
from tests.conftest import World
from tests.tasks.test_lab import applied


def entry(name: str, number: int, stage: str = "", needs: tuple[str, ...] = (), **more: Any) -> Members:
    said: Any = {"command": "true", "rerun": "changed", "outputs": [], "sweep": {}, **more}
    group = Group(name, said, {}, [], needs, stage=stage)
    return group, list(group.members(Item({"n": str(n)}) for n in range(number)))


def test_each_entry_in_which_something_is_left_has_a_line_and_the_others_share_one() -> None:
    made, split, part = entry("Make", 3), entry("split", 2), entry("split-gate1", 1, stage="split")
    merge = entry("merge-all", 1, needs=tuple(member.id for member in made[1]))
    done = [entry(f"done{number}", 2) for number in range(2)]
    old, changed = entry("old", 1), entry("Make", 1, command="false")
    there = {member.id: WELL for _, members in (*done, split) for member in members}
    there |= {member.id: Live("running") for member in part[1]}
    there |= {member.id: Live("failure", End(3)) for member in list(made[1])[:1]}
    there |= {member.id: Live("active") for _, members in (old, changed) for member in members}
    assert {entry_of(member.id) for _, members in (made, merge) for member in members} == {"make", "merge-all"}
    state = comparing.compared([made, split, part, merge, *done], there, {})
    assert wording.stages(state.stages) == (
        "Make: 2 of 3 tasks to submit, 1 failed, 1 to end that nobody asks for any more",
        "split: 3 tasks, 1 running, 2 succeeded",
        "merge-all: 1 task, 1 held, as what they depend on has failed",
        "old: 0 tasks, 1 to end that nobody asks for any more",
        "others: 4 tasks, 4 succeeded",
    )
    assert wording.total(state.stages.values()) == state.counts
    assert wording.describe(state.counts) == (
        "2 of 11 tasks to submit, 1 running, 6 succeeded, 1 failed, 1 held, as what they depend on has failed,"
        " 2 to end that nobody asks for any more"
    )


def test_a_single_entry_and_a_job_that_is_done_have_no_lines() -> None:
    one, other = entry("one", 2), entry("other", 1)
    assert wording.stages(comparing.compared([one], {}, {}).stages) == ()
    assert wording.stages(comparing.compared([one, other], {}, {}, Whole()).stages) == ()
    many = {f"e{number:02}": Counts(new=1) for number in range(13)}
    assert wording.stages(many)[9:] == ("e09: 1 of 1 task to submit", "3 more entries in which something is left to do")


def test_plan_and_status_show_them_below_the_sum() -> None:
    parts = ("a: 1 task, 1 running", "b: 2 of 2 tasks to submit")
    address = Address("tasks", "job")
    decision = Decision(address, Action.UPDATE, Why.DIFFERS, "in all", summarised=True, disturbs="much", parts=parts)
    lines = as_text.plan(Plan("s", (decision,), (), {})).splitlines()
    assert lines[:3] == ["  ~ tasks/job  in all; much", *(f"      {part}" for part in parts)]
    observed = Observed(address, "job", {}, health=Health.READY, detail="in all", parts=parts)
    cells = [line.split("  ")[-1].strip() for line in as_text.status([observed]).splitlines()[1:]]
    assert cells == ["in all", *parts]


def test_a_job_that_runs_tells_how_far_its_entries_are(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": [1, 2]}, "command": "true"}, "last": {"command": "true", "dependsOn": ["many"]}}
    applied(lab, tasks)
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "tasks")
    assert (decision.action, decision.reason) == (Action.NONE, "3 tasks, 3 waiting")
    assert decision.parts == ("many: 2 tasks, 2 waiting", "last: 1 task, 1 waiting")
    lab.text["jobs"]["job"]["displayName"] = "another"
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "tasks")
    assert decision.parts == ("many: 2 of 2 tasks to submit", "last: 1 of 1 task to submit")
