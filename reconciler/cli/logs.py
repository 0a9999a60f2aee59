"""logs: what tasks wrote, and what builds wrote that were watched from this folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common
from reconciler.errors import Refused
from reconciler.model import Address

if TYPE_CHECKING:
    from reconciler.spec import Spec


@click.command()
@click.argument("name", metavar="JOB|IMAGE")
@click.argument("task", metavar="[TASK|STAGE]", required=False)
@common.spec_option
@click.option("--stderr", is_flag=True, help="What the task wrote to stderr instead of stdout.")
def logs(name: str, task: str | None, spec: Path | None, cloud: str | None, *, stderr: bool) -> None:
    """List the tasks of a job with their exit codes, or print what a task wrote.

    For images/NAME or registries/NAME/REPOSITORY:TAG: what its last build from here wrote, or one stage of it.
    """
    from reconciler.kinds import KINDS

    loaded = common.load_spec(spec, cloud)
    section, _, rest = name.partition("/")
    logged = [kind.name for kind in KINDS.values() if kind.logged_under == section]
    if rest and logged:
        _changes(loaded, name, Address(logged[0], rest), task)
    else:
        _tasks(loaded, name, task, "stderr" if stderr else "stdout")


def _tasks(loaded: Spec, job: str, task: str | None, stream: str) -> None:
    from reconciler.cli import tasks
    from reconciler.render import as_text

    cloud = common.reach(loaded)
    if task is not None:
        for chunk in tasks.output(cloud, job, task, stream):
            sys.stdout.buffer.write(chunk)
        return
    rows = list(tasks.listing(cloud, job))
    click.echo(as_text.table(("TASK", "STATE", "EXIT", "NODE", "FAILURE"), rows) if rows else f"{job} has no task.")


def _changes(loaded: Spec, name: str, address: Address, stage: str | None) -> None:
    """Print the logs of the last change of a resource that was watched from this folder."""
    from reconciler.cli import journal
    from reconciler.render import as_text

    texts = journal.latest(common.journal_name(loaded), address)
    if not texts:
        raise Refused(f"no build of {name} has been watched from this folder; logs are kept where apply ran")
    if stage is not None and stage not in texts:
        raise Refused(f"{name} has no log {stage}; it has {', '.join(texts)}")
    for title, text in texts.items():
        if stage in (None, title):
            click.echo(f"== {title}" if stage is None else "", nl=stage is None)
            click.echo("\n".join(as_text.clean(line) for line in text.splitlines()))
