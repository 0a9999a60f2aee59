"""Commands that only look: validate, status, logs, outputs, schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common
from reconciler.errors import Refused
from reconciler.model import Address

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.model import Desired, Observed
    from reconciler.spec import Spec


@click.command()
@common.spec_argument
def validate(spec: Path | None, cloud: str | None) -> None:
    """Check the spec without any network: every problem at once, each with its place."""
    today = datetime.now(UTC).date()
    loaded = common.load_spec(spec, cloud, today)
    counts = [
        (len(section), word)
        for section, word in (
            (loaded.storage, "storage account"),
            (loaded.identities, "identity"),
            (loaded.registries, "registry"),
            (loaded.images, "image"),
            (loaded.applications, "application"),
            (loaded.pools, "pool"),
            (loaded.jobs, "job"),
        )
        if section
    ]
    told = ", ".join(f"{count} {_plural(word, count)}" for count, word in counts)
    from reconciler.kinds import SECTIONS
    from reconciler.spec.check import warnings

    for warning in warnings(loaded, SECTIONS, today):
        click.echo(f"warning: {warning}", err=True)
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
    from reconciler.engine.observe import observe
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    reached = common.reach(loaded)
    return loaded, observe(reached, KINDS, resolve(loaded, reached, KINDS))


@click.command()
@click.argument("name", metavar="JOB|IMAGE")
@click.argument("task", metavar="[TASK|STAGE]", required=False)
@common.spec_option
@click.option("--stderr", is_flag=True, help="What the task wrote to stderr instead of stdout.")
def logs(name: str, task: str | None, spec: Path | None, cloud: str | None, *, stderr: bool) -> None:
    """List the tasks of a job with their exit codes, or print what a task wrote.

    For images/NAME or registries/NAME/REPOSITORY:TAG: what its last build from here wrote, or one stage of it.
    """
    from reconciler.cli import tasks
    from reconciler.render import as_text

    loaded = common.load_spec(spec, cloud)
    if name.startswith(("images/", "registries/")):
        _build_logs(loaded, name, task)
        return
    job, reached = name, common.reach(loaded)
    if task is not None:
        for chunk in tasks.output(reached, job, task, "stderr" if stderr else "stdout"):
            sys.stdout.buffer.write(chunk)
        return
    rows = list(tasks.listing(reached, job))
    click.echo(as_text.table(("TASK", "STATE", "EXIT", "NODE", "FAILURE"), rows) if rows else f"{job} has no task.")


def _build_logs(loaded: Spec, name: str, stage: str | None) -> None:
    """Print the logs of the last build that was watched from this folder."""
    from reconciler.cli import journal
    from reconciler.render import as_text

    section, _, rest = name.partition("/")
    address = Address("image_version" if section == "images" else "container_image", rest)
    found = journal.latest(common.journal_name(loaded), address)
    if not found:
        raise Refused(f"no build of {name} has been watched from this folder; logs are kept where apply ran")
    if stage is not None and stage not in found:
        raise Refused(f"{name} has no log {stage}; it has {', '.join(found)}")
    for title, text in found.items():
        if stage in (None, title):
            click.echo(f"== {title}" if stage is None else "", nl=stage is None)
            click.echo("\n".join(as_text.clean(line) for line in text.splitlines()))


@click.command()
@common.spec_argument
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "image-metadata", "batch-metadata"]),
    default="text",
    show_default=True,
)
@click.option("--name", help="Which image or pool, where the spec has several.")
def outputs(spec: Path | None, cloud: str | None, shape: str, name: str | None) -> None:
    """Show the ids and endpoints that other programs need."""
    from reconciler.cli import records
    from reconciler.render import as_text

    if shape.endswith("-metadata"):
        loaded = common.load_spec(spec, cloud)
        click.echo(json.dumps(records.record(loaded, common.reach(loaded), shape, name), indent=2))
        return
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
        "registry": {"loginServer": ("properties", "loginServer")},
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


def verifications(desired: Iterable[Desired], reached: Cloud) -> None:
    """What the checks of each pool have said."""
    from reconciler.cloud.errors import translated
    from reconciler.kinds.verification import verification
    from reconciler.render import as_text

    for one in desired:
        if one.address.kind != verification.NAME:
            continue
        with translated():
            rows = verification.results(reached, one)
        if rows:
            click.echo(f"\n{one.address}:\n{as_text.table(('CHECK', 'RESULT', 'EXIT'), rows)}")


def conversions(desired: Iterable[Desired], reached: Cloud) -> None:
    """What each conversion has come to: its counts, its last run, and the inputs that cannot be converted."""
    from reconciler.cloud.errors import translated
    from reconciler.kinds.conversion import conversion
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
