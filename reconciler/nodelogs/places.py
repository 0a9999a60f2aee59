"""Where the logs of tasks and nodes are in a container, and how busy nodes were.

    ACCOUNT/tasks/JOB/TASK/stdout.txt, stderr.txt
    ACCOUNT/jobs/JOB/preparation/NODE/2026-11-28T01-25-07Z/stdout.txt, stderr.txt   a folder a run; release as well
    ACCOUNT/pools/POOL/start/NODE/2026-11-28T01-25-07Z/stdout.txt, stderr.txt     a folder a boot
    ACCOUNT/pools/POOL/telemetry/2026-11-28T01-25/NODE.jsonl.gz                   the five minutes from then on

ACCOUNT is the Batch account: several may share a container. Ids are those of what is live, as NAME-g2; Batch lets ids
have letters, digits, `-`, `_` and `:` only, so no part can hold a `/`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

STREAMS = "../std*.txt"
"""Both files of a task, seen from its working directory. Source: learn.microsoft.com, batch-task-output-files."""
PACKED, STAMP = ".jsonl.gz", "%Y-%m-%dT%H-%M"
WINDOW = 300
"""Seconds of a blob of telemetry."""


ROOMS = {"start": "pools", "preparation": "jobs", "release": "jobs"}
"""What runs on each node of a pool, or for a job on each of its nodes → the folder of these."""


class Run(NamedTuple):
    """A log of a start, preparation or release task that ran on a node, once; `of` is a live pool or job."""

    of: str
    node: str
    at: str
    stream: str


class Printing(NamedTuple):
    """Where the tasks of a live job bring what they print: the URL of a container, and the ARM id of who writes."""

    url: str
    identity: str
    account: str
    job: str

    def output(self, name: str) -> dict[str, Any]:
        """The outputFile of a task, which brings what it printed however it ends.

        Runs of a task that is tried again go one over the other: Batch has no word for the number of a run in a path.
        """
        container = {"containerUrl": self.url, "path": task(self.account, self.job, name)}
        reference: Mapping[str, Any] = {"identityReference": {"resourceId": self.identity}}
        return {
            "filePattern": STREAMS,
            "destination": {"container": {**container, **reference}},
            "uploadOptions": {"uploadCondition": "taskcompletion"},
        }


def tasks(account: str, job: str = "") -> str:
    """How the names begin of the logs of all jobs, or of the tasks of one."""
    return f"{account}/tasks/{job}/" if job else f"{account}/tasks/"


def task(account: str, job: str, name: str) -> str:
    """The folder of a task's logs, without a slash at its end."""
    return f"{tasks(account, job)}{name}"


def kept(file: Mapping[str, Any], name: str) -> bool:
    """Whether an outputFile of a task is one of `Printing`."""
    path = str(((file.get("destination") or {}).get("container") or {}).get("path", "")).split("/")
    return file.get("filePattern") == STREAMS and len(path) == 4 and path[1::2] == ["tasks", name]


def pools(account: str) -> str:
    """How the names begin of all that is kept of nodes."""
    return f"{account}/pools/"


def runs(account: str, stage: str, of: str = "") -> str:
    """How the names begin of the logs of one of ROOMS, of a live pool or job, or of all that is kept beside them."""
    return f"{account}/{ROOMS[stage]}/{of}/{stage}/" if of else f"{account}/{ROOMS[stage]}/"


def run(name: str) -> Run | None:
    """What a blob is the log of; None if it is no log of one of ROOMS."""
    parts = name.split("/")
    return Run(parts[2], *parts[4:]) if len(parts) == 7 and ROOMS.get(parts[3]) == parts[1] else None


def hours(account: str, pool: str, begin: datetime, end: datetime) -> Iterator[str]:
    """How the names begin of what the nodes of a pool measured, hour by hour: all that may hold a sample of a time."""
    hour = (begin - timedelta(seconds=WINDOW)).replace(minute=0, second=0, microsecond=0)
    while hour <= end:
        yield f"{account}/pools/{pool}/telemetry/{hour:%Y-%m-%dT%H}-"
        hour += timedelta(hours=1)


def measured(account: str, pool: str, node: str, at: datetime) -> str:
    """The blob of what a node measured in the window that holds a moment."""
    begin = datetime.fromtimestamp(at.timestamp() // WINDOW * WINDOW, UTC)
    return f"{account}/pools/{pool}/telemetry/{begin:{STAMP}}/{node}{PACKED}"


def window(name: str) -> datetime | None:
    """When the window of a blob of telemetry begins; None if it is no such blob."""
    parts = name.split("/")
    try:
        return datetime.strptime(f"{parts[4]}Z", f"{STAMP}%z") if len(parts) == 6 and name.endswith(PACKED) else None
    except ValueError:
        return None
