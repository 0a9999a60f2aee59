"""history: the runs of a spec; or what became of a job, also of those of its runs whose jobs are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes, common, naming, pictures, runs
from reconciler.errors import AzureError, Refused, Unreachable

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.course import Run
    from reconciler.spec import Spec

AT_ONCE = 8
"""Of how many jobs the tasks are listed side by side; a schedule has made many."""
FIRST = datetime.min.replace(tzinfo=UTC)


@click.command()
@click.argument("words", metavar="[SPEC|JOB|show RUN|diff RUN RUN]", nargs=-1)
@common.spec_option
@common.format_option
@pictures.plot_option
@click.option("--run", "number", type=click.IntRange(1), metavar="N", help="Of --plot: which run.  [default: the last]")
@click.option("--limit", type=click.IntRange(1, 1000), help="Of a spec: how many runs.  [default: 20]")
def history(
    words: tuple[str, ...],
    spec: Path | None,
    cloud: str | None,
    shape: str,
    plot: Path | None,
    number: int | None,
    limit: int | None,
) -> int:
    """Show the runs of a spec, or what became of a job: each of its runs, also of those that are gone.

    Of a spec with audit: the newest applies and destroys, the newest first; show RUN shows one in full, diff RUN RUN
    how two differ. A RUN is an id, or 1 for the newest. Of a job: what is gone is known if it has staging; with --plot
    a run is also drawn over time. Exit code: 2 if some could not be read.
    """
    first = words[0] if words else ""
    if number and not plot:
        raise click.UsageError("--run is for --plot")
    if first and first not in runs.NUMBERS and len(words) > 1:
        raise click.UsageError("name one spec or one job")
    if first and first not in runs.NUMBERS and not naming.is_file(first):
        if limit:
            raise click.UsageError("--limit is for the runs of a spec")
        return _of_job(spec, cloud, first.rpartition("/")[2], shape, plot, number)
    if plot:
        raise click.UsageError("--plot is for a job: reconcile history JOB --plot")
    if naming.is_file(first):
        spec, words = Path(first), ()
    runs.show(spec, cloud, words, shape, limit or runs.LIMIT)
    return codes.FINE


def _of_job(spec: Path | None, cloud: str | None, name: str, shape: str, plot: Path | None, number: int | None) -> int:
    from reconciler.render.history import HistoryView

    pictures.check(plot)
    loaded = common.load_spec(spec, cloud)
    reached = common.reach(loaded)
    found, unread = runs_of(loaded, reached, name)
    if not found and not unread and name not in loaded.jobs:
        naming.unknown(f"neither the spec nor the account has a job {name}", name, loaded.jobs, there="there are")
    if not (plot and shape == "json"):
        common.show(HistoryView(name, found), shape)
    if plot:
        _draw(name, found, number, plot, shape)
    return common.partial(f"this is not all of {name}", unread)


def runs_of(spec: Spec, cloud: Cloud, name: str) -> tuple[list[Run], list[str]]:
    """Live jobs and those that were kept, the oldest first; what could not be read."""
    from reconciler.cloud import job_generations
    from reconciler.cloud.errors import reading

    known, unread = {}, []
    try:
        with reading(f"what is kept of {name}"):
            known = {run.key: run for run in _kept(spec, cloud, name)}
    except (AzureError, Unreachable) as error:
        unread.append(str(error))
    with reading(f"the job {name}"):
        live = {job_generations.key(job): job for job in job_generations.every(cloud, name)}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        seen = threads.map(lambda key: _live(cloud, key, live[key], known.get(key)), live)
        known |= {run.key: run for run in seen}
    return sorted(known.values(), key=lambda run: run.made or run.kept or FIRST), unread


def _kept(spec: Spec, cloud: Cloud, name: str) -> Iterator[Run]:
    from reconciler.kinds import KINDS

    for kind in KINDS.values():
        if kind.past and kind.job_of:
            for desired in kind.expand(spec):
                if kind.job_of(desired) == name:
                    yield from kind.past(cloud, desired)


def _live(cloud: Cloud, key: str, job: Mapping[str, Any], kept: Run | None) -> Run:
    """A live job; of one that is being deleted, what was kept of it before."""
    from reconciler.cloud import batch_runs, job_generations
    from reconciler.cloud.errors import reading
    from reconciler.course import Course, Run

    if kept and job_generations.going(job):
        return replace(kept, state=job["state"])
    with reading(f"the tasks of {job['id']}"):
        tasks = tuple(task for task, _ in batch_runs.listing(cloud, job["id"]))
    course = Course(job["id"], tasks, cloud.time, pictures.entry_of)
    return Run.of(key, course, job["state"], datetime.fromisoformat(job["creationTime"]))


def _draw(name: str, found: list[Run], number: int | None, file: Path, shape: str) -> None:
    """The plot of a run, or of the last whose tasks are known."""
    if number and number > len(found):
        raise click.UsageError(f"{name} has {len(found)} runs, and no run {number}")
    chosen = [found[number - 1]] if number else found[::-1]
    course = next(filter(None, (run.course() for run in chosen)), None)
    if course is None:
        which = f"run {number} of {name}" if number else name
        raise Refused(f"there is nothing to draw of {which}: how its tasks ran was not kept")
    pictures.show(course, file, shape)
