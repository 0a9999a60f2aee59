"""logs: what tasks wrote, and what builds wrote that were watched from this folder.

A name is that of a job, an address as plans and status print it, or a name of a section as specs refer to it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common, keptlogs, naming
from reconciler.errors import Refused
from reconciler.model import Address

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Kind
    from reconciler.spec import Spec


@click.command()
@click.argument("name", metavar="JOB|ADDRESS|POOL")
@click.argument("task", metavar="[TASK|PATTERN|STAGE|NODE]", required=False)
@common.spec_option
@click.option("--stderr", is_flag=True, help="What tasks wrote to stderr instead of stdout.")
@click.option("--raw", is_flag=True, help="Also in a terminal with the control characters that tasks wrote.")
@click.option("--all", "every", is_flag=True, help="What each task wrote, under its id.")
@click.option("--failed", is_flag=True, help="What each task wrote that has failed.")
@click.option(
    "--start-task", "start", is_flag=True, help="What the start task of POOL wrote, also on nodes that are gone."
)
@click.option("--preparation", is_flag=True, help="What the preparation task of JOB wrote, so far as it is kept.")
@click.option("--release", is_flag=True, help="What the release task of JOB wrote, so far as it is kept.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what they write until they have ended; Ctrl-C leaves.")
def logs(
    name: str,
    task: str | None,
    spec: Path | None,
    cloud: str | None,
    *,
    stderr: bool,
    raw: bool,
    every: bool,
    failed: bool,
    start: bool,
    preparation: bool,
    release: bool,
    follow: bool,
) -> None:
    """List the tasks of a job with their exit codes, or print what a task wrote.

    A pattern such as points-* prints what all tasks wrote that match, each under its id.
    For images/NAME or registries/NAME/REPOSITORY:TAG: what its last build from here wrote, or one stage of it. Any
    address that plan or status print will do as well, such as verification/POOL. Where the pool says logs, also what
    is gone with its node; --start-task POOL lists the runs of its start task, and with NODE prints the last one. So do
    --preparation JOB and --release JOB with what a job runs on each node before and after its tasks.
    """
    loaded = common.load_spec(spec, cloud)
    stream = "stderr" if stderr else "stdout"
    asked = {"start": start, "preparation": preparation, "release": release}
    stages = [stage for stage, meant in asked.items() if meant]
    if len(stages) > 1 or (stages and (every or failed or follow)):
        raise click.UsageError("--start-task, --preparation and --release each stand alone, with a node if any")
    if stages:
        keptlogs.runs(keptlogs.Logs(loaded, common.reach(loaded)), stages[0], name, task, stream, raw=raw)
        return
    section, _, rest = name.partition("/")
    builder = _kind(section, builds=True) if rest else None
    if builder is not None:
        _build(loaded, name, Address(builder.name, rest), task)
    else:
        reached = common.reach(loaded)
        job = _job(loaded, reached, section, rest) if rest else name
        if not job or task == "" or "/" in (task or ""):
            raise click.UsageError("say which job, and which task if any; reconcile logs JOB lists its tasks")
        kept = keptlogs.Logs(loaded, reached)
        several = every or failed or follow or any(sign in (task or "") for sign in "*?[")
        if several:
            _several(kept, job, task, stream, raw=raw, failed=failed, follow=follow)
        else:
            _tasks(kept, job, task, stream, raw=raw)


def _kind(section: str, *, builds: bool) -> Kind | None:
    """The kind that a plan or a spec calls so, whose changes leave logs here, or whose work are the tasks of a job."""
    from reconciler.kinds import KINDS

    kinds = [kind for kind in KINDS.values() if (kind.logged_under if builds else kind.job_of)]
    return next((kind for kind in kinds if section in (kind.name, kind.section, kind.logged_under)), None)


def _job(loaded: Spec, cloud: Cloud, section: str, name: str) -> str:
    """The job whose tasks do the work of a resource of the spec."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    desired = resolve(loaded, cloud, KINDS)
    jobs = {address: job_of(want) for address, want in desired.items() if (job_of := KINDS[address.kind].job_of)}
    kind = _kind(section, builds=False)
    if kind is None or Address(kind.name, name) not in jobs:
        why = f"{section} has none" if kind is None and section in KINDS else "the spec has nothing of that name"
        known = [*map(str, jobs), *_built(loaded).values()]
        naming.unknown(
            f"there are no logs of {section}/{name}: {why}", f"{section}/{name}", known, there="there are of"
        )
    return jobs[Address(kind.name, name)]


def _tasks(logs: keptlogs.Logs, name: str, task: str | None, stream: str, *, raw: bool) -> None:
    """List the tasks of a job, or print what one wrote: what Batch has of it, or what is kept."""
    if task is None:
        keptlogs.list_or(logs, name, partial(_listed, logs.cloud, name))
    else:
        keptlogs.print_or(logs, name, task, stream, partial(_printed, logs.cloud, name, task, stream, raw=raw), raw=raw)


def _listed(cloud: Cloud, name: str) -> None:
    from reconciler.cli import tasks
    from reconciler.render import as_text

    job = tasks.live(cloud, name)
    rows = list(tasks.listing(cloud, job))
    click.echo(as_text.tasks(rows) if rows else f"{job} has no task.")


def _printed(cloud: Cloud, name: str, task: str, stream: str, *, raw: bool) -> None:
    from reconciler.cli import door, tasks

    door.pour(tasks.output(cloud, tasks.live(cloud, name), task, stream), raw=raw)


def _several(
    logs: keptlogs.Logs, name: str, pattern: str | None, stream: str, *, raw: bool, failed: bool, follow: bool
) -> None:
    """Print what the tasks of a job wrote that match, or have failed, each under its id."""
    from reconciler.cli import tasks, writing

    cloud = logs.cloud
    job = tasks.live(cloud, name)

    def rows() -> list[tasks.Row]:
        there = list(tasks.listing(cloud, job))
        chosen = tasks.chosen(there, job, pattern) if pattern else there
        return [row for row in chosen if row[4]] if failed else chosen

    meant = rows()
    if not meant:
        click.echo(f"No task of {job} has failed." if failed else f"{job} has no task.")
        return
    told = writing.Writing(cloud, job, stream, raw=raw)
    if follow:
        writing.follow(told, rows, cloud.endpoints.poll_seconds)
        return
    kept = logs.reader(job, stream)
    for row in meant:
        if row[1] != "active":
            told.tell(row, kept(row[0]))


def _build(loaded: Spec, name: str, address: Address, stage: str | None) -> None:
    """Print the logs of the last change of a resource that was watched from this folder."""
    from reconciler.cli import journal
    from reconciler.render import plain

    built = _built(loaded)
    if address not in built:
        naming.unknown(f"there are no logs of {name}: the spec builds nothing of that name", name, built.values())
    texts = journal.latest(common.journal_name(loaded), address)
    if not texts:
        raise Refused(f"no build of {name} has been watched from this folder; logs are kept where apply ran")
    chosen = [text for text in texts if stage is None or stage in (text, *text.split("-", 1))]
    if not chosen:
        names = [text.partition("-")[2] or text for text in texts]
        naming.unknown(f"the last build of {name} has no stage {stage!r}", str(stage), names)
    for text in chosen:
        if stage is None:
            click.echo(f"== {text}")
        click.echo(plain.lines(texts[text]))


def _built(loaded: Spec) -> dict[Address, str]:
    """What the spec builds → how a spec refers to it."""
    from reconciler.kinds import KINDS

    kinds = [kind for kind in KINDS.values() if kind.logged_under]
    addresses = [(desired.address, kind) for kind in kinds for desired in kind.expand(loaded)]
    return {address: f"{kind.logged_under}/{address.name}" for address, kind in addresses}
