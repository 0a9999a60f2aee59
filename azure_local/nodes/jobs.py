"""Jobs at work: what happens to a job and its tasks when it is disabled, terminated or deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from azure_local.azure import Azure
from azure_local.batch import events
from azure_local.batch.data import auto_pools, job_making, jobs
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.nodes.task_index import TaskIndex
from azure_local.nodes.tasks import Tasks

SECONDS = {"jobStopping": 3}
OPEN = ("active", "disabling", "disabled", "enabling")
UNLIMITED = 100 * 365 * 86400
"""Seconds beyond which a limit is none; Batch spells no limit as the longest duration that it knows."""


class Jobs:
    def __init__(self, azure: Azure, tasks: Tasks, index: TaskIndex) -> None:
        self.azure, self.tasks, self.index = azure, tasks, index

    def stop(self, job: dict[str, Any], state: str) -> None:
        """Disable, enable, terminate or delete: set the transitional state now, the final one a little later."""
        job["next"] = self.azure.clock.after(self.azure.seconds["jobStopping"])
        jobs.move(self.azure, job, state)

    def recover(self) -> None:
        """After a restart no release task is running."""
        for job in self.azure.store.list("job"):
            if job.get("released") == "running":
                del job["released"]

    def step(self) -> None:
        for job in self.azure.store.list("job"):
            if job["state"] in OPEN and self._expired(job):
                job["executionInfo"]["terminateReason"] = "MaxWallClockTimeExpiry"
                self.stop(job, "terminating")
            elif job["state"] in ("disabling", "enabling", "terminating", "deleting") and self.azure.clock.due(
                job["next"]
            ):
                self._end(job, list(self.index.of(job).all.values()))
            elif job["state"] == "active" and job["onAllTasksComplete"] == "terminatejob" and self.index.of(job).over:
                job["executionInfo"]["terminateReason"] = "AllTasksComplete"
                self.stop(job, "terminating")

    def _expired(self, job: dict[str, Any]) -> bool:
        """Whether the job has lasted longer than it may, in simulated time since it was made."""
        limit = seconds(job["constraints"]["maxWallClockTime"])
        if limit is None or limit > UNLIMITED:
            return False
        return self.azure.clock.recurs(stamp(parsed(job["creationTime"]) + timedelta(seconds=limit)))

    def _end(self, job: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
        running = [task for task in tasks if task["state"] in ("preparing", "running")]
        if job["state"] == "enabling":
            jobs.move(self.azure, job, "active")
            return
        if job["state"] == "disabling":
            if job["disableTasks"] == "wait" and running:
                return
            for task in running:
                self.tasks.requeue(task) if job["disableTasks"] == "requeue" else self.tasks.end(task)
            jobs.move(self.azure, job, "disabled")
            return
        for task in tasks:
            self.tasks.end(task)
        if job.get("jobReleaseTask") and job.get("released") != "done":
            self._release(job)
            return
        auto_pools.drop(self.azure, job["account"], job["poolInfo"], job["executionInfo"]["poolId"], "job")
        if job["state"] == "terminating":
            job["executionInfo"]["endTime"] = self.azure.clock.after(0)
            jobs.move(self.azure, job, "completed")
            return
        for task in tasks:
            self.azure.store.delete("task", f"{task['account']}/{task['job']}/{task['id']}")
        self.tasks.preparation.forget(job)
        self.azure.store.delete("job", job_making.key(job["account"], job["id"]))
        events.job(self.azure, job, "JobDeleteCompleteEvent")

    def _release(self, job: dict[str, Any]) -> None:
        """Run the job's release task; its end comes when that has run everywhere."""
        if job.get("released") == "running":
            return
        job["released"] = "running"
        self.azure.background(self._released(job))

    async def _released(self, job: dict[str, Any]) -> None:
        pools = self.azure.store.list("pool")
        mine = {pool["resource"]["name"].lower(): pool for pool in pools if pool["account"] == job["account"]}
        await self.tasks.preparation.release(job, mine)
        job["released"] = "done"
