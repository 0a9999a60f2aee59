"""Job schedules at work: a new job at every recurrence, or when the previous job has ended, if that is later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.data import auto_pools, job_making
from azure_local.batch.data.schedules import key, move
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.nodes.jobs import Jobs


class Schedules:
    def __init__(self, azure: Azure, jobs: Jobs) -> None:
        self.azure, self.jobs = azure, jobs

    def stop(self, schedule: dict[str, Any], state: str) -> None:
        """Terminate or delete the schedule, and its jobs with it."""
        move(self.azure, schedule, state)
        for job in self._jobs(schedule):
            if job["state"] not in ("completed", "deleting") or state == "deleting":
                job["executionInfo"].setdefault("terminateReason", "TerminateJobSchedule")
                self.jobs.stop(job, state)

    def _jobs(self, schedule: dict[str, Any]) -> list[dict[str, Any]]:
        return self.azure.store.list("job", f"{key(schedule)}:")

    def step(self) -> None:
        for schedule in self.azure.store.list("schedule"):
            running = [job for job in self._jobs(schedule) if job["state"] != "completed"]
            if schedule["state"] == "active":
                self._advance(schedule, running)
            elif schedule["state"] == "terminating" and not running:
                self._complete(schedule)
            elif schedule["state"] == "deleting" and not self._jobs(schedule):
                self._drop_pool(schedule)
                self.azure.store.delete("schedule", key(schedule))

    def _complete(self, schedule: dict[str, Any]) -> None:
        move(self.azure, schedule, "completed")
        self._drop_pool(schedule)

    def _drop_pool(self, schedule: dict[str, Any]) -> None:
        """Delete the pool that was made for the schedule's jobs."""
        info = schedule["jobSpecification"]["poolInfo"]
        auto_pools.drop(self.azure, schedule["account"], info, schedule.get("poolId", ""), "jobschedule")

    def _advance(self, schedule: dict[str, Any], running: list[dict[str, Any]]) -> None:
        """Make the next job if it is time, or end the schedule if there will be none."""
        due = schedule["executionInfo"].get("nextRunTime")
        last = schedule["schedule"].get("doNotRunAfter")
        if due is None or (last and self.azure.clock.recurs(last)):
            if not running:
                self._complete(schedule)
            return
        if not self.azure.clock.recurs(due) or running:
            return
        every, window = (seconds(schedule["schedule"].get(name)) for name in ("recurrenceInterval", "startWindow"))
        late = (self.azure.clock.now() - parsed(due)).total_seconds()
        if window is None or late <= window:
            self._make(schedule)
        if every is None:
            schedule["executionInfo"].pop("nextRunTime", None)
        else:
            missed = int(late // every) + 1  # recurrences that were missed while a job ran are skipped
            schedule["executionInfo"]["nextRunTime"] = stamp(parsed(due) + timedelta(seconds=every * missed))
        self.azure.store.put("schedule", key(schedule), schedule)

    def _make(self, schedule: dict[str, Any]) -> None:
        schedule["jobs"] += 1
        body = {**schedule["jobSpecification"], "id": f"{schedule['id']}:job-{schedule['jobs']}"}
        job = job_making.make(self.azure, schedule["account"], body, schedule.get("poolId"))
        auto = body["poolInfo"].get("autoPoolSpecification", {})
        if auto.get("poolLifetimeOption") == "jobschedule" and "schedulingError" not in job["executionInfo"]:
            schedule["poolId"] = job["executionInfo"]["poolId"]
        schedule["executionInfo"]["recentJob"] = {"id": job["id"], "url": job["url"]}
