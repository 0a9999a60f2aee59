"""wait, cancel and retry: what a person does about the tasks of a job."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes, common, naming
from reconciler.errors import Refused, Unreachable
from reconciler.words import count

if TYPE_CHECKING:
    from reconciler.cli.tasks import Row
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Kind
    from reconciler.model import Desired, Observed
    from reconciler.spec import Spec


@click.command()
@click.argument("name", metavar="JOB")
@common.spec_option
def wait(name: str, spec: Path | None, cloud: str | None) -> int:
    """Wait until the tasks of a job have ended, and tell how they did.

    Ctrl-C stops the waiting only. Exit code: 5 if some have failed, 2 if some are still to be submitted.
    """
    from reconciler.cli.notifying import Notifier
    from reconciler.render import plain

    loaded = common.load_spec(spec, cloud)
    reached = common.reach(loaded)
    work = list(_work(loaded, reached, name))
    if not work:
        naming.unknown(f"the spec has no job {name} with work", name, loaded.jobs)
    notifier = Notifier(loaded, reached, {desired.address: desired for _, desired in work}, "text")
    notifier.warn(desired.address for _, desired in work)
    try:
        ended = [(kind, desired, _ended(reached, kind, desired)) for kind, desired in work]
    except KeyboardInterrupt:
        click.echo(f"\nLeft; the tasks go on. Run reconcile wait {name} to see them end.", err=True)
        raise
    common.settle(reached, (desired for _, desired, _ in ended))
    for _, desired, observed in ended:
        click.echo(f"{desired.address}: {plain.clean(observed.detail) or 'done'}")
    reports = [report for kind, desired, _ in ended if kind.report and (report := kind.report(reached, desired))]
    undone = notifier.tell(reports)
    if any(report.lacking for report in reports):
        return codes.LACKING
    return codes.PENDING if undone or any(observed.body.get("pending") for _, _, observed in ended) else codes.FINE


def _work(spec: Spec, cloud: Cloud, job: str) -> Iterator[tuple[Kind, Desired]]:
    """What the spec says that is done in the tasks of a job."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    for address, desired in resolve(spec, cloud, KINDS).items():
        kind = KINDS[address.kind]
        if kind.report and kind.job_of and kind.job_of(desired) == job:
            yield kind, desired


def _ended(cloud: Cloud, kind: Kind, desired: Desired) -> Observed:
    """The work once none of it goes on; every change of its progress is told on the way."""
    from reconciler.cloud.errors import reading
    from reconciler.model import Health
    from reconciler.render.progress import counts

    told = ""
    while True:
        try:
            with reading(f"how far {desired.address} is"):
                observed = kind.observe(cloud, desired)
        except Unreachable as error:
            words = str(error)
        else:
            if observed is None:
                raise Refused(f"{desired.address} is not there yet; reconcile apply makes it")
            if observed.progress is None and observed.health is not Health.BUSY:
                return observed
            words = counts(observed.progress) if observed.progress else observed.detail
        if words != told:
            click.echo(f"{desired.address}: {words}", err=True)
        told = words
        time.sleep(cloud.endpoints.poll_seconds)


@click.command()
@click.argument("name", metavar="JOB")
@click.argument("pattern", default="*", metavar="[TASK|PATTERN]")
@common.spec_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def cancel(name: str, pattern: str, spec: Path | None, cloud: str | None, *, yes: bool) -> None:
    """End the tasks of a job that wait or run; what they have written stays.

    A pattern such as points-* chooses tasks. They count as failed, and apply does not submit them again: retry does.
    """
    from reconciler.cloud import batch_tasks

    reached = common.reach(common.load_spec(spec, cloud))
    job, meant = _meant(reached, name, pattern)
    tasks = [(task, state) for task, state, *_ in meant if state != "completed"]
    if not tasks:
        click.echo("Nothing to cancel: all of them have ended.")
        return
    running = sum(state == "running" for _, state in tasks)
    what = f"{count(len(tasks), 'task', ',')} of {name}" + (f", of which {running:,} run" if running else "")
    if not yes:
        common.ask(f"end {what}")
    batch_tasks.terminate(reached, job["id"], (task for task, _ in tasks))
    click.echo(f"Ended {what}.")


@click.command()
@click.argument("name", metavar="JOB")
@click.argument("pattern", default="*", metavar="[TASK|PATTERN]")
@common.spec_option
def retry(name: str, pattern: str, spec: Path | None, cloud: str | None) -> None:
    """Run the tasks of a job again that have failed or were cancelled, with all their retries.

    A pattern such as points-* chooses tasks. What they wrote before is overwritten.
    """
    from reconciler.cloud import batch_jobs, batch_tasks

    reached = common.reach(common.load_spec(spec, cloud))
    job, meant = _meant(reached, name, pattern)
    tasks = [task for task, state, _, _, failure in meant if state == "completed" and failure]
    if not tasks:
        click.echo("Nothing to run again: none of them has failed.")
        return
    if job["state"] in batch_jobs.ENDED:
        remedy = f"reconcile apply --rerun {name}/PATTERN runs those that match in a new one"
        raise Refused(f"the job {name} has ended, and Batch runs nothing in it again; {remedy}")
    batch_tasks.reactivate(reached, job["id"], tasks)
    click.echo(f"{count(len(tasks), 'task', ',')} of {name} {'runs' if len(tasks) == 1 else 'run'} again.")


def _meant(cloud: Cloud, name: str, pattern: str) -> tuple[Mapping[str, Any], list[Row]]:
    """The job, which must be this spec's, and its tasks that are meant."""
    from reconciler import marks
    from reconciler.cli import tasks
    from reconciler.cloud import pairs

    job = tasks.found(cloud, name) or {}
    rows = list(tasks.listing(cloud, job.get("id", name)))
    mark = marks.mark_of(pairs.mapped(job.get("metadata")))
    if mark is None or mark.owner != cloud.owner:
        whose = f"the spec {mark.owner}" if mark and mark.owner else "no spec"
        raise Refused(f"the job {name} belongs to {whose}, and not to {cloud.owner}; its tasks are left alone")
    return job, tasks.chosen(rows, name, pattern) if rows else []
