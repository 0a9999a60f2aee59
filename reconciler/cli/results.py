"""results: what the tasks of a job wrote, fetched into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import common
from reconciler.render import plain
from reconciler.words import count, size, some

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("name", metavar="JOB")
@click.argument("pattern", default="*", metavar="[TASK|PATTERN]")
@common.spec_option
@click.option("-o", "--output", "folder", type=FOLDER, help="Where to; default: results/JOB.")
def results(name: str, pattern: str, spec: Path | None, cloud: str | None, folder: Path | None) -> None:
    """Fetch what the tasks of a job wrote: stdout, stderr and the files of their working directories.

    A pattern such as points-* chooses tasks. What is there whole is not fetched again, so a fetch that broke off is
    gone on with. Files of tasks whose node is gone are gone too: what is to be kept stands under outputs: in the spec.
    """
    from reconciler.cli import fetching, outcomes, tasks

    reached = common.reach(common.load_spec(spec, cloud))
    job = tasks.live(reached, name)
    meant = tasks.chosen(tasks.listing(reached, job), job, pattern)
    begun = [task for task, state, *_ in meant if state != "active"]
    folder = folder or Path("results") / fetching.safe(name)
    fetched = fetching.fetch(reached, job, begun, folder)
    there = f", {fetched.there:,} there already" if fetched.there else ""
    what = f"{count(fetched.files, 'file', ',')} ({size(fetched.bytes)}) of {count(len(begun), 'task', ',')}"
    click.echo(f"{what} in {folder}{there}")
    if items := outcomes.told(folder, begun):
        click.echo(items)
    if waiting := len(meant) - len(begun):
        click.echo(f"{count(waiting, 'task', ',')} {'has' if waiting == 1 else 'have'} not begun")
    if fetched.lost:
        click.echo(f"not given by their nodes were {plain.clean(some(fetched.lost))}")
    if fetched.gone:
        click.echo(f"gone with their nodes are the files of {some(fetched.gone)}; keep files by outputs: in the spec")
