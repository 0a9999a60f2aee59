"""Jobs come back with their tasks: those of a spec as what made them, those of others as a person would write them."""

from __future__ import annotations

import base64
import hashlib
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cloud import batch_jobs
from reconciler.importing import Draft, Live, aside, draft
from reconciler.kinds import SECTIONS
from reconciler.kinds.tasks import sweep
from reconciler.kinds.tasks.inverse import Listed
from reconciler.model import Address, Mark, Observed
from reconciler.spec.build import built
from reconciler.spec.document import Document
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from reconciler.spec.spec import Target
from tests.documents import loaded
from tests.importing.conftest import Imports, changes
from tests.importing.plain import Plain
from tests.importing.test_inverse import live

OWN: dict[str, Any] = {
    "first": {"command": "echo one > '{{'", "environmentSettings": {"A": "$HOME $${X}"}, "retentionTime": "PT1H"},
    "sweep": {
        "sweep": {"Width": [1, 2], "name": ["a b", "c'd"]},
        "command": ["python3", "x y.py", "--w={{Width}}", "{{name}}", "$HOME"],
        "dependsOn": ["first"],
        "maxTaskRetryCount": 2,
        "retryOn": [75, 3],
    },
    "Side": {"sweep": [{"a": [1, 2], "b": [2, 1]}], "command": "test {{a}} -lt 3 || echo '$${HOME}'{{b}}"},
    "same": {
        "sweep": {"Width": [1, 2]},
        "command": "true",
        "elevationLevel": "Admin",
        "dependsOn": [{"task": "sweep", "where": {"Width": "{{Width}}"}}, {"task": "Side", "where": {"a": [1]}}],
    },
    "last": {
        "command": "true",
        "dependsOn": ["same"],
        "userIdentity": {"autoUser": {"scope": "Task", "elevationLevel": "Admin"}},
        "exitConditions": {
            "exitCodes": [{"code": 3, "exitOptions": {"jobAction": "Terminate"}}],
            "default": {"dependencyAction": "Satisfy", "jobAction": "None"},
        },
        "requiredSlots": 1,
        "maxWallClockTime": "PT30M",
    },
}


def test_tasks_of_a_spec_come_back_as_what_made_them(imports: Imports) -> None:
    job = imports.world.text["jobs"]["job"]
    job |= {"tasks": OWN, "onAllTasksComplete": "TerminateJob", "commonEnvironmentSettings": {"ALL": "x"}}
    imports.done()
    made = imports.draft()
    assert made.left == {}
    assert changes(imports.plan(made)) == {}
    said = made.value["jobs"]["job"]
    assert said["onAllTasksComplete"] == "TerminateJob"
    assert {name: entry.get("sweep") for name, entry in said["tasks"].items()} == {
        name: entry.get("sweep") for name, entry in OWN.items()
    }
    assert sorted(said["tasks"]["same"]["dependsOn"], key=str) == sorted(OWN["same"]["dependsOn"], key=str)
    assert said["tasks"]["sweep"]["command"] == OWN["sweep"]["command"]


def add(plain: Plain, job: str, *tasks: dict[str, Any]) -> None:
    for task in tasks:
        plain.cloud().batch().create_task(job, models.BatchTaskCreateOptions(task))


def test_tasks_of_others_are_left_out_unless_they_are_asked_for(imports: Imports, plain: Plain) -> None:
    plain.make_account()
    plain.make_pool("first")
    plain.make_job("work", "first", onAllTasksComplete="noaction")
    add(plain, "work", *({"id": f"part-{n:02}", "commandLine": f"python3 x.py --seed {n}"} for n in range(3)))
    made = imports.draft()
    why = "apply would submit its 3 tasks (3 waiting) again, as new ones; --tasks writes them all the same"
    assert made.left == {Address("tasks", "work"): why}
    assert "tasks" not in made.value["jobs"]["work"]
    assert set(changes(imports.plan(made))) == set(made.value["adopt"])
    made = imports.draft(again=True)
    assert made.left == {}
    assert made.value["jobs"]["work"]["tasks"] == {
        "part": {"command": ["python3", "x.py", "--seed", "{{seed}}"], "sweep": {"seed": {"from": 0, "to": 2}}}
    }
    assert made.notes == [(Address("tasks", "work"), why.partition("; --tasks")[0])]
    assert set(changes(imports.plan(made))) == {*made.value["adopt"], "tasks/work"}
    assert "tasks/work" not in made.value["adopt"]


CASES: list[dict[str, Any]] = loaded((Path(__file__).parents[1] / "cases/importing/tasks.yaml").read_text())


POOL = {"identity": "identities/id-nodes"}


def there(tasks: list[dict[str, Any]], pool: dict[str, Any] | None = None, *, owned: bool = False) -> Live:
    """A resource group with a job of these tasks."""
    value = {
        "apiVersion": "reconciler/v1",
        "name": "moved",
        "azure": {"subscription": LOCAL_SUBSCRIPTION, "location": "westeurope", "resourceGroup": "rg"},
        "storage": {"sadata": {"containers": ["images"]}},
        "identities": {"id-nodes": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/sadata"}]}},
        "batchAccount": {"name": "ba1"},
        "pools": {
            "p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 4, **POOL, **(pool or {})},
        },
        "jobs": {"j": {"pool": "pools/p", "usesTaskDependencies": True}},
    }
    before = live(built(Document("made", value), SECTIONS), Mark("moved", "") if owned else None)
    shown = tuple({"state": "active", **task} for task in tasks)
    body = {"pending": 0, "ending": 0, "again": 0, "onAllTasksComplete": "noaction"}
    before = replace(before, observed=tuple(acting(one) for one in before.observed))
    work = Observed(Address("tasks", "j"), "j", body, state=Listed(shown, owned))
    return replace(before, observed=(*before.observed, work))


def acting(one: Observed) -> Observed:
    """A job whose tasks may end it, which others need not do."""
    failure = {"onTaskFailure": "performexitoptionsjobaction"}
    return replace(one, body={**one.body, **failure}) if one.address.kind == "job" else one


def drafted(live: Live) -> Draft:
    return draft(live, Target("public", LOCAL_SUBSCRIPTION, "westeurope", "rg"), "moved", again=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_task_of_others_is_said_or_told(case: dict[str, Any]) -> None:
    made = drafted(there(case["tasks"], case.get("pool")))
    assert made.value["jobs"]["j"].get("tasks", {}) == case["says"]
    assert {str(address): why for address, why in made.left.items()} == case.get("left", {})
    told = [text for address, text in made.notes if address == Address("tasks", "j")]
    assert sorted(told[:-1]) == case.get("told", [])
    assert told[-1].startswith("apply would submit its ")


def test_many_points_side_by_side_stand_in_a_file() -> None:
    tasks = [{"id": f"t{n}", "commandLine": f"run --a {n} --b {n * n}"} for n in range(150)]
    value, files = aside(drafted(there(tasks)), "spec")
    assert value["jobs"]["j"]["tasks"]["t"]["sweep"] == "spec-j-t.csv"
    assert files["spec-j-t.csv"].splitlines()[:3] == ["a,b", "0,0", "1,1"]
    assert len(files["spec-j-t.csv"].splitlines()) == 151


def test_a_job_that_has_ended_is_in_the_spec_with_its_tasks_or_not_at_all(imports: Imports) -> None:
    imports.world.text["jobs"]["job"]["tasks"] = {"a": {"command": "true"}}
    imports.done()
    batch_jobs.post(imports.world.cloud(), "/jobs/job/terminate", None, None)
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert made.value["jobs"]["job"]["tasks"] == {"a": {"command": "true"}}
    imports.world.cloud().batch().delete_task("job", next(iter(imports.world.cloud().batch().list_tasks("job"))).id)
    made = imports.draft()
    assert made.left == {Address("job", "job"): "it has ended, and its tasks are not in the spec"}


@given(
    st.lists(
        st.lists(st.sampled_from([*"1 '\"${}a>\\é\n", "22", "007", "-x"]), max_size=8),
        min_size=1, max_size=4,
    ),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=40)
def test_any_command_is_the_same_again_or_told(pieces: list[list[str]], shell: bool) -> None:
    """What is written runs the very words that the live tasks run, once its values are put in."""
    lines = ["".join(piece) for piece in pieces]
    lines = [f"/bin/sh -c {shlex.quote(line)}" if shell else line for line in lines]
    made = drafted(there([{"id": f"t-{n}", "commandLine": line} for n, line in enumerate(lines)]))
    entries = made.value["jobs"]["j"].get("tasks", {}) if "jobs" in made.value else {}
    said = [words for entry in entries.values() for words in run(entry)]
    assert {tuple(words) for words in said} <= {tuple(_split(line)) for line in lines}
    told = str(made.left) + str(made.notes)
    assert len(said) == len(lines) or "left out" in told or "none of its tasks" in told or "j/" in told


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def run(entry: dict[str, Any]) -> list[list[str]]:
    """The words that the tasks of an entry run."""
    points = list(sweep.points(entry["sweep"], Path())) if "sweep" in entry else [{}]
    made = []
    for point in points:
        put = entry["command"]
        texts = [put] if isinstance(put, str) else put
        for name, value in point.items():
            texts = [
                text.replace(f"{{{{{name}}}}}", value).replace(f"${{RECONCILE_{name.upper()}}}", value)
                for text in texts
            ]
        made.append(["/bin/sh", "-c", texts[0]] if isinstance(put, str) else texts)
    return made


def test_nothing_that_waits_would_be_ended_by_what_is_written(imports: Imports) -> None:
    """Of one entry it cannot be known what made its tasks, and so the others are not written either."""
    tasks = {"a": {"command": "true"}, "b": {"sweep": {"n": [1, 2]}, "command": 'echo "$${RECONCILE_N}" {{n}}'}}
    imports.world.text["jobs"]["job"]["tasks"] = tasks
    imports.done()
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert "tasks" not in made.value["jobs"]["job"]
    told = "apply would submit 2 of its 3 tasks (3 waiting) again, as new ones, and end those of them that wait or run"
    assert made.left == {Address("tasks", "job"): f"{told}; --tasks writes them all the same"}
    assert (Address("tasks", "job"), told) in imports.draft(again=True).notes


def test_tasks_for_blobs_come_back_as_for_each_where_they_are_asked_for() -> None:
    where = "https://sadata.blob.core.windows.net/images"

    def raw(item: str) -> dict[str, Any]:
        key = base64.b32encode(hashlib.sha256(item.encode()).digest()).decode().lower()[:13]
        name = f"each-{key}-00000000"
        who = {"identityReference": {"resourceId": "/x/id"}}
        values = {"RECONCILE_ITEM": item, "RECONCILE_URL": f"{where}/{item}", "AZURE_CLIENT_ID": "c"}
        return {
            "id": name + hashlib.sha256(name.encode()).hexdigest()[:4],
            "state": "completed",
            "displayName": f"each {item}",
            "commandLine": "/bin/sh -c 'wc \"${RECONCILE_ITEM}\"'",
            "environmentSettings": [{"name": name, "value": value} for name, value in values.items()],
            "resourceFiles": [{"httpUrl": f"{where}/{item}", "filePath": item, **who}],
        }

    there_ = there([raw("in/a.txt"), raw("in/b.txt")], owned=True)
    made = drafted(there_)
    entry = {"command": "wc {{item}}", "forEach": "storage/sadata/images", "prefix": "in/"}
    assert made.value["jobs"]["j"]["tasks"] == {"each": entry}
    made = draft(there_, Target("public", LOCAL_SUBSCRIPTION, "westeurope", "rg"), "moved")
    assert "tasks" not in made.value["jobs"]["j"]
    assert made.left[Address("tasks", "j")].startswith("apply would submit its 2 tasks (2 failed) again, as new ones")
