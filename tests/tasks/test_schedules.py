"""Job schedules on the local Azure: made, changed for the next job, told of, imported, and deleted with their jobs."""

from __future__ import annotations

import re
from typing import Any

from azure.batch import models

from reconciler.model import Action, Decision, Status
from tests.cli.command import reconcile
from tests.conftest import World
from tests.local.pools import until


def decision(world: World) -> Decision:
    (decided,) = (d for d in world.plan().decisions if d.address.kind == "job_schedule")
    return decided


def jobs(world: World) -> dict[str, dict[str, Any]]:
    return {str(job.id): job.as_dict() for job in world.cloud().batch().list_jobs()}


def ended(world: World, *names: str) -> None:
    """Wait until the jobs that there are are these and have all completed."""
    until(lambda: {name: job["state"] for name, job in jobs(world).items()} == dict.fromkeys(names, "completed"))


def test_a_schedule_makes_jobs_and_changes_for_the_next(lab: World) -> None:
    nightly: dict[str, Any] = {
        "pool": "pools/pool",
        "schedule": {"recurrenceInterval": "PT1H", "startWindow": "PT30M"},
        "metadata": {"team": "blue"},
        "jobManagerTask": {"id": "main", "commandLine": "/bin/sh -c 'echo one'"},
    }
    lab.text["jobs"] = {"nightly": nightly}
    assert {outcome.status for outcome in lab.apply().values()} == {Status.DONE}
    ended(lab, "nightly:job-1")
    assert jobs(lab)["nightly:job-1"]["metadata"] == [{"name": "team", "value": "blue"}]
    assert lab.plan().steps == (), "the jobs of a schedule are nobody's own"
    told = reconcile("status", str(lab.file)).stdout
    assert "; last job nightly:job-1 completed; tasks: 1 succeeded" in told
    assert re.search(r"next job 20[-0-9]{8}T[:0-9]{8}Z; ", told)
    group = lab.text["azure"]["resourceGroup"]
    again = reconcile("import", "--cloud", "local", "--resource-group", group, "--name", lab.text["name"]).stdout
    assert "  nightly:\n    pool: pools/pool\n    schedule:\n      recurrenceInterval: PT1H\n" in again
    assert "nightly:job-1" not in again

    theirs = lab.cloud().batch().get_job_schedule("nightly").as_dict()["jobSpecification"]
    theirs |= {"onTaskFailure": "performexitoptionsjobaction", "metadata": [{"name": "cost", "value": "1"}]}
    taken = models.BatchJobScheduleUpdateOptions({"jobSpecification": theirs})
    lab.cloud().batch().update_job_schedule("nightly", taken)
    nightly["jobManagerTask"]["commandLine"] = "/bin/sh -c 'exit 3'"
    nightly["schedule"] = {"recurrenceInterval": "PT2H"}
    changed = decision(lab)
    assert (changed.action, changed.disturbs) == (Action.UPDATE, "from its next job on")
    assert sorted(change.key for change in changed.diff.changes) == [
        "jobManagerTask.commandLine",
        "metadata.team",
        "schedule.recurrenceInterval",
        "schedule.startWindow",
    ]
    lab.apply()
    now = lab.cloud().batch().get_job_schedule("nightly").as_dict()["jobSpecification"]
    assert now["onTaskFailure"] == "performexitoptionsjobaction"
    assert {item["name"]: item["value"] for item in now["metadata"]} == {"cost": "1", "team": "blue"}
    lab.cloud().batch().disable_job_schedule("nightly")
    (change,) = decision(lab).diff.changes
    assert (change.before, change.after) == ("disabled", "enabled")
    lab.apply()
    assert lab.plan().steps == ()
    lab.azure.advance(3 * 3600)
    ended(lab, "nightly:job-1", "nightly:job-2")
    assert "last job nightly:job-2 completed; tasks: 1 failed" in reconcile("status", str(lab.file)).stdout

    nightly["schedule"]["doNotRunAfter"] = "2026-01-01T00:00:00Z"
    lab.apply()
    until(lambda: lab.cloud().batch().get_job_schedule("nightly").state == "completed")
    assert decision(lab).reason == "has ended and makes no more jobs; another schedule makes it anew"
    assert lab.plan().steps == ()
    del nightly["schedule"]["doNotRunAfter"]
    anew = decision(lab)
    lost = "2 jobs with all tasks and their records; to keep them, leave schedule as it is"
    assert (anew.action, anew.goes) == (Action.REPLACE, lost)

    del nightly["schedule"]
    outcomes = {name: outcome.error or str(outcome.status) for name, outcome in lab.apply().items()}
    assert outcomes == {"job/nightly": "done", "job_schedule/nightly": "done"}
    assert list(jobs(lab)) == ["nightly"]
    assert lab.plan().steps == ()
