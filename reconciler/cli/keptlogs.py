"""Logs that have outlived their nodes, of tasks and of what nodes run: in the containers that pools name in `logs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli import door, naming
from reconciler.errors import AzureError, Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.cloud.kept import Blob
    from reconciler.nodelogs.places import Run
    from reconciler.spec import Spec

GONE = ("JobNotFound", "TaskNotFound", "NodeNotFound", "FileNotFound")
"""What Batch says of what it has no more."""


class Logs(NamedTuple):
    """The logs of tasks of a job of the spec, or of any name if it is not in there."""

    spec: Spec
    cloud: Cloud

    def task(self, job: str, task: str, stream: str) -> Blob | None:
        """What a task wrote, if it is kept."""
        wanted = f"{task}/{stream}.txt"
        return next((blob for blob in self._of(job, f"{task}/") if blob.name.endswith(f"/{wanted}")), None)

    def tasks(self, job: str) -> dict[str, Blob]:
        """The tasks of a job whose logs are kept, each with its stdout or stderr, whatever there is."""
        return {blob.name.split("/")[3]: blob for blob in self._of(job, "") if blob.name.count("/") == 4}

    def reader(self, job: str, stream: str) -> Callable[[str], Iterator[bytes]]:
        """What is kept of a task, for many tasks of a job: their blobs are listed once, if any is asked for."""
        from reconciler.cloud import kept

        @cache
        def blobs() -> dict[str, Blob]:
            there = self._of(job, "")
            return {blob.name.split("/")[3]: blob for blob in there if blob.name.endswith(f"/{stream}.txt")}

        def read(task: str) -> Iterator[bytes]:
            if blob := blobs().get(task):
                yield from kept.content(self.cloud, blob)

        return read

    def _of(self, job: str, rest: str) -> Iterator[Blob]:
        from reconciler.cloud import kept
        from reconciler.cloud.errors import reading
        from reconciler.nodelogs import places

        for place in self.places(job):
            with reading(f"the logs in {place}"):
                account = str(self.cloud.account)
                live = kept.generation(self.cloud, place, places.tasks(account), job)
                if live:
                    yield from kept.under(self.cloud, place, f"{places.tasks(account, live)}{rest}")

    def places(self, job: str) -> list[str]:
        """Where they may be: as the pool of the job says, or any pool."""
        from reconciler.spec import log_places

        kept = {name: pool["logs"]["to"] for name, pool in self.spec.pools.items() if "logs" in pool}
        own = log_places.pool_of(self.spec, job)
        return [kept[own]] if own in kept else list(dict.fromkeys(kept.values()))


def list_or(logs: Logs, job: str, otherwise: Callable[[], None]) -> None:
    """Do something about a job; if Batch does not have it any more, list the tasks whose logs are kept."""
    try:
        otherwise()
    except click.UsageError:
        kept = logs.tasks(job)
        if not kept:
            raise
        _note(f"{job} is gone; these are its tasks whose logs are kept in {next(iter(kept.values())).place}")
        _table(("TASK", "WRITTEN"), [(name, f"{blob.at:%Y-%m-%d %H:%M:%S}Z") for name, blob in kept.items()])


def print_or(logs: Logs, job: str, task: str, stream: str, otherwise: Callable[[], None], *, raw: bool) -> None:
    """Do something about a task; if its node does not have it any more, print what is kept of it."""
    try:
        otherwise()
    except (click.UsageError, Refused, AzureError) as error:
        if isinstance(error, AzureError) and error.code not in GONE:
            raise
        blob = logs.task(job, task, stream)
        if blob is None:
            raise
        _pour(logs.cloud, blob, raw=raw)


def runs(logs: Logs, stage: str, name: str, node: str | None, stream: str, *, raw: bool) -> None:
    """List the runs of a stage of a pool or job that are kept, the newest last, or print the last one of a node."""
    from reconciler.nodelogs import places

    there = dict(_runs(logs, stage, name.removeprefix(f"{places.ROOMS[stage]}/")))
    last = {run.node: run for run in sorted(there, key=lambda run: run.at) if run.stream == f"{stream}.txt"}
    if node is None:
        sizes: dict[tuple[str, str], dict[str, str]] = {}
        for run, blob in there.items():
            sizes.setdefault((run.at, run.node), {})[run.stream] = f"{blob.size:,}"
        rows = [
            (on, at, *(size.get(f"{part}.txt", "0") for part in ("stdout", "stderr")))
            for (at, on), size in sorted(sizes.items())
        ]
        _table(("NODE", "BEGAN", "STDOUT", "STDERR"), rows)
        return
    meant = [on for on in last if fnmatchcase(on, f"{node}*")]
    if len(meant) != 1:
        said = f"{len(meant)} nodes match {node}" if meant else f"no log is kept of a node {node} of {name}"
        naming.unknown(said, node, meant or last, there="there are")
    _pour(logs.cloud, there[last[meant[0]]], raw=raw)


def _runs(logs: Logs, stage: str, name: str) -> Iterator[tuple[Run, Blob]]:
    from reconciler.cloud import kept
    from reconciler.cloud.errors import reading
    from reconciler.nodelogs import places

    section, account = places.ROOMS[stage], str(logs.cloud.account)
    in_places = _of_pool(logs.spec, name) if section == "pools" else logs.places(name)
    blobs: list[Blob] = []
    for place in in_places:
        with reading(f"the logs in {place}"):
            live = kept.generation(logs.cloud, place, places.runs(account, stage), name)
            blobs += kept.under(logs.cloud, place, places.runs(account, stage, live)) if live else []
    if not blobs:
        where = " or ".join(in_places) or "a container, as no pool of the spec has logs"
        of_pool = f"reconcile why pools/{name} may tell"
        of_job = f"reconcile why {name} may tell; a job that was made before its pool had logs keeps none"
        why = of_pool if section == "pools" else of_job
        raise Refused(f"no {stage} task of {section}/{name} has been kept in {where} yet; {why}")
    yield from ((run, blob) for blob in blobs if (run := places.run(blob.name)))


def _of_pool(spec: Spec, pool: str) -> list[str]:
    if pool not in spec.pools:
        naming.unknown(f"the spec has no pool {pool}", pool, spec.pools)
    if "logs" not in spec.pools[pool]:
        remedy = "write logs: storage/ACCOUNT/CONTAINER there, and apply"
        raise Refused(f"pools/{pool} keeps no logs; {remedy}: what start tasks write from then on is kept")
    return [spec.pools[pool]["logs"]["to"]]


def _pour(cloud: Cloud, blob: Blob, *, raw: bool) -> None:
    from reconciler.cloud import kept
    from reconciler.cloud.errors import reading

    _note(f"kept in {blob.place}, written {blob.at:%Y-%m-%d %H:%M:%S}Z")
    with reading(f"the log {blob.name} in {blob.place}"):
        door.pour(kept.content(cloud, blob), raw=raw)


def _note(text: str) -> None:
    """Beside what is asked for, which programs may read."""
    from reconciler.render import plain

    click.echo(f"note: {plain.clean(text)}", err=True)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from reconciler.render import plain

    click.echo(plain.table(head, [tuple(map(plain.clean, row)) for row in rows]))
