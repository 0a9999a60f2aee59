"""Commands that only look: validate, status, outputs, schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common, naming, pictures, policing
from reconciler.words import count

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.observe import Sight
    from reconciler.model import Address, Desired, Observed
    from reconciler.spec import Spec

SCHEMAS = ("spec", "policy", "plan", "saved-plan", "event", "notification", "notice", "run", "status")


@click.command()
@common.spec_argument
@policing.policy_option
def validate(spec: Path | None, cloud: str | None, policy: tuple[Path, ...]) -> None:
    """Check the spec without any network: every problem at once, each with its place.

    Files of policies are checked, too; whether a spec keeps to them, its plan tells.
    """
    policies = policing.read(policy)
    today = datetime.now(UTC).date()
    loaded = common.load_spec(spec, cloud, today)
    from reconciler.kinds import KINDS

    counts = [(len(list(kind.expand(loaded))), kind) for kind in KINDS.values() if kind.section]
    summary = ", ".join(count(number, kind.one) for number, kind in counts if number)
    from reconciler.render import plain

    for warning in loaded.warnings:
        click.echo(f"warning: {plain.clean(str(warning))}", err=True)
    click.echo(f"{loaded.file} is valid: {summary or 'no resources yet'}.")
    for one in policies:
        click.echo(f"{one.file} is valid: {count(len(one.rules) + len(one.written), 'rule')}.")


@click.command()
@click.argument("what", metavar="[SPEC|JOB]", required=False)
@common.spec_option
@common.format_option
@click.option("--follow", "-f", is_flag=True, help="Of a job: again and again, until its tasks have ended.")
@pictures.plot_option
def status(
    what: str | None, spec: Path | None, cloud: str | None, shape: str, plot: Path | None, *, follow: bool
) -> int:
    """Show what of the spec is live, and how it is; or how far a job is.

    Of a job: its tasks by state, their pace, the nodes, why tasks have failed, which are the slowest and which may be
    stuck. With --plot also drawn over time. Exit code 5 if some have failed.

    Of a spec also what Azure says of it: resources that are not well, troubles and planned work of services, and what
    is retired; in two requests.
    """
    if what and not naming.is_file(what):
        from reconciler.cli import jobstatus

        return jobstatus.show(spec, cloud, what.rpartition("/")[2], shape, follow=follow, plot=plot)
    if follow or plot:
        option = "--follow" if follow else "--plot"
        raise click.UsageError(f"{option} is for a job: reconcile status JOB {option}")
    spec = Path(what) if what else spec
    from reconciler.diagnosis import around
    from reconciler.kinds import KINDS, SECTIONS
    from reconciler.render import as_text
    from reconciler.render.views import StatusView

    loaded, reached, desired, sight = _observed(spec, cloud)
    ours = [*(resource for resource in sight.resources if resource.of(loaded.name)), *sight.unknown]
    ours.sort(key=lambda resource: resource.address)
    told = around.all_of(loaded, reached, KINDS, SECTIONS, desired.values())
    common.show(StatusView(ours, _facts(reached, ours), told.advisories), shape)
    common.unasked(told.unread)
    return 0 if as_text.healthy(ours) else 1


def _facts(cloud: Cloud, ours: Sequence[Observed]) -> dict[Address, tuple[str, ...]]:
    """What there is to say of each, asked for side by side; of what cannot be read, why."""
    from reconciler.kind.unread import attempted
    from reconciler.kinds import KINDS

    def facts(resource: Observed) -> tuple[str, ...]:
        tell = KINDS[resource.address.kind].tell
        if tell is None or not resource.id:
            return ()
        return attempted(f"more of {resource.address}", lambda: tell(cloud, resource), lambda why: (why,))

    with ThreadPoolExecutor(8) as threads:
        told = threads.map(facts, ours)
        return {resource.address: phrases for resource, phrases in zip(ours, told, strict=True)}


def _observed(spec: Path | None, cloud: str | None) -> tuple[Spec, Cloud, Mapping[Address, Desired], Sight]:
    loaded = common.load_spec(spec, cloud)
    from reconciler.engine.observe import observe
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    reached = common.reach(loaded)
    desired = resolve(loaded, reached, KINDS)
    return loaded, reached, desired, observe(reached, KINDS, desired)


@click.command()
@common.spec_argument
@click.option("--format", "shape", default="text", help="text, json, or a record: image-metadata, batch-metadata.")
@click.option("--name", help="Which image or pool, where the spec has several.")
def outputs(spec: Path | None, cloud: str | None, shape: str, name: str | None) -> int:
    """Show the ids and endpoints that other programs need."""
    from reconciler.cli import records
    from reconciler.render.views import OutputsView

    if shape not in common.FORMATS:
        kind = records.kind_of(shape)
        loaded = common.load_spec(spec, cloud)
        click.echo(json.dumps(records.record(loaded, common.reach(loaded), kind, name), indent=2))
        return 0
    loaded, _, _, sight = _observed(spec, cloud)
    values = dict(_outputs(resource for resource in sight.resources if resource.of(loaded.name)))
    common.show(OutputsView(values), shape)
    return common.partial("these outputs are not all", sight.reasons())


def _outputs(live: Iterable[Observed]) -> Iterable[tuple[str, str]]:
    """`address.name` → value."""
    from reconciler.kinds import KINDS

    for observed in live:
        yield f"{observed.address}.id", observed.id
        for name, path in KINDS[observed.address.kind].outputs.items():
            value: Any = observed.body
            for part in path.split("."):
                value = value.get(part, {})
            yield f"{observed.address}.{name}", str(value)


@click.command()
@click.argument("name", type=click.Choice(SCHEMAS), default="spec")
def schema(name: str) -> None:
    """Print a JSON Schema: of specs (default), policies, plans, runs, events, messages or status pages."""
    from reconciler.files import folder

    click.echo((folder("schemas") / f"{name}.schema.json").read_text(), nl=False)
