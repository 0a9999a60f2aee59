"""Jobs and schedules that let no task begin, and those that have ended. Source: Batch service, JobExecutionInfo."""

from __future__ import annotations

from typing import Any

from reconciler.diagnosis.facts import Facts, Found, failure, ids, moment, said

GONE = ("terminating", "completed", "deleting")


def _reason(facts: Facts) -> str | None:
    """Why the job has ended; None if it has not, or if that does not matter to what is asked."""
    job = facts.job or {}
    hit = not facts.wanted or facts.waiting or any(failure(task)["code"] == "TaskEnded" for task in facts.failed)
    if job.get("state") not in GONE or not hit:
        return None
    return str((job.get("executionInfo") or {}).get("terminateReason", ""))


def deleting(facts: Facts) -> Found | None:
    if (facts.job or {}).get("state") != "deleting":
        return None
    return Found("the job is being deleted, with all its tasks")


def unscheduled(facts: Facts) -> Found | None:
    error = ((facts.job or {}).get("executionInfo") or {}).get("schedulingError")
    return Found("Batch could not begin the job, which has a pool made for it", (said(error),)) if error else None


def wall_clock(facts: Facts) -> Found | None:
    """It counts from the creation of the job. Source: Batch service, JobConstraints."""
    if _reason(facts) != "MaxWallClockTimeExpiry":
        return None
    limit = ((facts.job or {}).get("constraints") or {}).get("maxWallClockTime", "")
    return Found(f"the job was ended by its maxWallClockTime of {limit}, which counts from when it was made")


def by_manager(facts: Facts) -> Found | None:
    if _reason(facts) != "JMComplete":
        return None
    manager = ((facts.job or {}).get("jobManagerTask") or {}).get("id", "")
    evidence = [f"{task['id']}: {said(failure(task))}" for task in facts.failed if task["id"] == manager]
    return Found(
        f"the job ended with its job manager {manager}, and all that still ran or waited with it", (*evidence,)
    )


def by_task(facts: Facts) -> Found | None:
    if _reason(facts) != "TaskFailed":
        return None
    first = [task for task in facts.page if failure(task) and failure(task)["code"] != "TaskEnded"]
    evidence = [f"{task['id']}: {_ended(task)}" for task in first[:3]]
    return Found(
        "the job was ended because a task of it failed, as onTaskFailure and its exit conditions say", (*evidence,)
    )


def _ended(task: Any) -> str:
    code = (task.get("executionInfo") or {}).get("exitCode")
    return f"exit code {code}" if code is not None else said(failure(task))


def terminated(facts: Facts) -> Found | None:
    reason = _reason(facts)
    if reason is None or (reason == "AllTasksComplete" and not facts.waiting):
        return None
    return Found(f"the job has ended ({reason or 'for a reason that Batch does not tell'}), and takes no more tasks")


def disabled(facts: Facts) -> Found | None:
    state = (facts.job or {}).get("state")
    if state not in ("disabled", "disabling") or (facts.wanted and not facts.waiting):
        return None
    return Found(f"the job is {state}, so that none of its tasks begins")


def schedule_disabled(facts: Facts) -> Found | None:
    return Found("the schedule is disabled, and makes no job") if _schedule(facts, "disabled") else None


def schedule_over(facts: Facts) -> Found | None:
    if not _schedule(facts, "completed", "terminating", "deleting"):
        return None
    last = ((facts.schedule or {}).get("schedule") or {}).get("doNotRunAfter")
    return Found(f"the schedule has ended, and makes no job any more{f' (doNotRunAfter {last})' if last else ''}")


def schedule_early(facts: Facts) -> Found | None:
    first = ((facts.schedule or {}).get("schedule") or {}).get("doNotRunUntil")
    if not first or moment(first) <= facts.now:
        return None
    return Found(f"the schedule makes no job before {first} (doNotRunUntil)")


def schedule_held(facts: Facts) -> Found | None:
    """A recurrence that falls due while the last job is active is skipped. Source: Batch service, JobSchedule."""
    due = ((facts.schedule or {}).get("executionInfo") or {}).get("nextRunTime")
    if not facts.latest or facts.latest.get("state") in ("completed", "deleting") or not due or moment(due) > facts.now:
        return None
    return Found(
        f"its last job {facts.latest['id']} has not ended, and it has one active job at a time; due since {due}"
    )


def schedule_endless(facts: Facts) -> Found | None:
    """Source: Batch service, JobSpecification: without a manager or onAllTasksComplete a job of a schedule stays."""
    job = facts.latest or {}
    done = facts.counts is not None and not facts.counts.get("active") and not facts.counts.get("running")
    if job.get("state") != "active" or not done or job.get("onAllTasksComplete") == "terminatejob":
        return None
    return Found(f"its last job {ids([job])} has no task left and does not end by itself, so that no other is made")


def _schedule(facts: Facts, *states: str) -> bool:
    return facts.schedule is not None and facts.schedule.get("state") in states
