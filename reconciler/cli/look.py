"""Commands that only look: validate, status, logs, outputs, schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.model import Desired, Observed
    from reconciler.spec import Spec


@click.command()
@common.spec_argument
def validate(spec: Path | None, cloud: str | None) -> None:
    """Check the spec without any network: every problem at once, each with its place."""
    loaded = common.load_spec(spec, cloud)
    counts = [
        (len(section), word)
        for section, word in (
            (loaded.storage, "storage account"),
            (loaded.identities, "identity"),
            (loaded.pools, "pool"),
            (loaded.jobs, "job"),
        )
        if section
    ]
    told = ", ".join(f"{count} {_plural(word, count)}" for count, word in counts)
    click.echo(f"{loaded.file} is valid: {told or 'no resources yet'}.")


def _plural(word: str, count: int) -> str:
    if count == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


@click.command()
@common.spec_argument
@common.format_option
def status(spec: Path | None, cloud: str | None, shape: str) -> int:
    """Show what of the spec is live, and how it is."""
    from reconciler.render import as_text

    loaded, found = _observed(spec, cloud)
    ours = [one for one in found if one.mark and one.mark.owner == loaded.name]
    if shape == "json":
        rows = [{"address": str(one.address), "health": str(one.health), "detail": one.detail} for one in ours]
        click.echo(json.dumps(rows, indent=2))
    else:
        click.echo(as_text.status(ours))
    return 0 if as_text.healthy(ours) else 1


def _observed(spec: Path | None, cloud: str | None) -> tuple[Spec, tuple[Observed, ...]]:
    loaded = common.load_spec(spec, cloud)
    from reconciler import graph
    from reconciler.engine.observe import observe
    from reconciler.kinds import KINDS

    reached = common.reach(loaded)
    return loaded, observe(reached, KINDS, graph.build(loaded, KINDS))


@click.command()
@click.argument("job")
@click.argument("task", required=False)
@common.spec_option
@click.option("--stderr", is_flag=True, help="What the task wrote to stderr instead of stdout.")
def logs(job: str, task: str | None, spec: Path | None, cloud: str | None, *, stderr: bool) -> None:
    """List the tasks of JOB with their exit codes, or print what TASK wrote."""
    from reconciler import tasks
    from reconciler.render import as_text

    reached = common.reach(common.load_spec(spec, cloud))
    if task is not None:
        for chunk in tasks.output(reached, job, task, "stderr" if stderr else "stdout"):
            sys.stdout.buffer.write(chunk)
        return
    rows = list(tasks.listing(reached, job))
    click.echo(as_text.table(("TASK", "STATE", "EXIT", "NODE", "FAILURE"), rows) if rows else f"{job} has no task.")


@click.command()
@common.spec_argument
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def outputs(spec: Path | None, cloud: str | None, shape: str) -> None:
    """Show the ids and endpoints that other programs need."""
    from reconciler.render import as_text

    loaded, found = _observed(spec, cloud)
    rows = dict(_outputs(one for one in found if one.mark and one.mark.owner == loaded.name))
    if shape == "json":
        click.echo(json.dumps(rows, indent=2))
    else:
        click.echo(as_text.table(("NAME", "VALUE"), list(rows.items())) if rows else "Nothing of this spec is live.")


def _outputs(found: Iterable[Observed]) -> Iterable[tuple[str, str]]:
    """`address.name` → value."""
    paths: dict[str, dict[str, tuple[str, ...]]] = {
        "storage_account": {"blobEndpoint": ("properties", "primaryEndpoints", "blob")},
        "identity": {"clientId": ("properties", "clientId"), "principalId": ("properties", "principalId")},
        "batch_account": {"accountEndpoint": ("properties", "accountEndpoint")},
    }
    for one in found:
        yield f"{one.address}.id", one.id
        for name, path in paths.get(one.address.kind, {}).items():
            value: Any = one.body
            for part in path:
                value = value.get(part, {})
            yield f"{one.address}.{name}", str(value)


@click.command()
@click.argument("name", type=click.Choice(["spec", "plan", "event"]), default="spec")
def schema(name: str) -> None:
    """Print a JSON Schema: of specs (default), of plans, or of events."""
    from reconciler.files import folder

    click.echo((folder("schemas") / f"{name}.schema.json").read_text(), nl=False)


def conversions(desired: Iterable[Desired], reached: Cloud) -> None:
    """What each conversion has come to: its counts, its last run, and the inputs that cannot be converted."""
    from reconciler.cloud.errors import translated
    from reconciler.kinds import conversion
    from reconciler.render import as_text

    for one in desired:
        if one.address.kind != conversion.NAME:
            continue
        with translated():
            found = conversion.observe(reached, one)
            if found is None:
                continue
            failures, results = conversion.failures(reached, one), conversion.results(reached, one)
        click.echo(f"\n{one.address}: {as_text.clean(found.detail)}")
        if results:
            click.echo(f"last run:\n{as_text.results(results)}\n")
        if failures:
            click.echo(as_text.failures(failures))
