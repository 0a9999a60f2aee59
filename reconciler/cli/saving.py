"""Plans in files: `plan --out`, what `apply` needs of one, and `show`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli import common
from reconciler.cli.common import Selection, Shape
from reconciler.errors import Refused, WrongUsage

if TYPE_CHECKING:
    from reconciler.cost import Cost
    from reconciler.engine.loop import Reading
    from reconciler.model import Plan
    from reconciler.saved.comparing import Difference
    from reconciler.saved.saved_plan import SavedPlan
    from reconciler.saved.view import SavedView
    from reconciler.spec import Spec


def made(reading: Reading, selection: Selection, rerun: tuple[str, ...], cost: Cost | None) -> SavedPlan:
    """The plan of `reading` as it can be kept in a file, with its digest."""
    from reconciler.saved.saved_plan import SavedPlan, Source, sealed

    spec = reading.spec
    source = Source(
        spec.file,
        _contents(spec),
        __version__,
        spec.azure.cloud,
        spec.azure.subscription,
        spec.azure.resource_group,
        selection.target,
        selection.exclude,
        rerun,
    )
    return sealed(SavedPlan(reading.plan, source, datetime.now(UTC).isoformat(timespec="seconds"), cost))


def save(path: Path, saved: SavedPlan) -> None:
    """Write a plan to a file, and say its digest on standard error."""
    from reconciler.saved.saved_plan import write

    write(saved, path)
    click.echo(f"The plan is in {path}, sha256:{saved.digest}; carry it out with: reconcile apply {path}", err=True)


def view(saved: SavedPlan, *, wire: bool) -> SavedView:
    """A plan with where and of what it was made."""
    from reconciler.engine import estimate
    from reconciler.saved.view import SavedView

    return SavedView(saved, estimate.critical_path(saved.plan), wire)


def chosen(
    given: Selection, rerun: tuple[str, ...], reviewed: Path | None, digest: str
) -> tuple[Selection, tuple[str, ...], SavedPlan | None]:
    """What an apply is about, and the saved plan that it must not go beyond, if there is one.

    A saved plan in place of a spec says itself what it is about. Refused if that asks for something else by now.
    """
    from reconciler.saved import saved_plan

    if reviewed:
        return given, rerun, saved_plan.read(reviewed, digest)
    if given.spec is None or not saved_plan.is_saved(given.spec):
        if digest:
            raise WrongUsage("--digest is that of a saved plan; name its file in place of the spec, or as --reviewed")
        return given, rerun, None
    saved = saved_plan.read(given.spec, digest)
    if given.target or given.exclude or rerun:
        raise WrongUsage("a saved plan says itself what it is about; leave --target, --exclude and --rerun out")
    source = saved.source
    if given.cloud not in (None, source.cloud):
        raise Refused(f"the plan was made for the {source.cloud} cloud, not for the {given.cloud} one")
    selection = Selection(Path(source.spec), source.cloud, source.targets, source.excludes)
    _check_exact(saved, common.load_spec(selection.spec, selection.cloud, trying=False))  # it is tried when it is read
    return selection, source.rerun, saved


def _check_exact(saved: SavedPlan, spec: Spec) -> None:
    """Refused if the spec asks for something else than it did, or this is another reconcile."""
    tool = saved.source.tool
    if tool != __version__:
        raise Refused(f"the plan is stale: reconcile {tool} made it, and this is {__version__}; plan again")
    if sections := _others(saved, _contents(spec)):
        text = f"{', '.join(sections)} of {spec.file}, or files that it refers to, have changed since"
        raise Refused(f"the plan is stale: {text}; plan again")


def check_same(saved: SavedPlan, reading: Reading) -> None:
    """Refused, with each difference, if the plan of now is not the reviewed one or the rest of it."""
    from reconciler.render.plain import clean, lines

    spec, source = reading.spec, saved.source
    if saved.plan.spec != spec.name or source.place != (
        spec.azure.cloud,
        spec.azure.subscription,
        spec.azure.resource_group,
    ):
        where = f"{saved.plan.spec} in {source.resource_group} of {source.subscription} ({source.cloud})"
        raise Refused(f"the reviewed plan is of another spec or place: {clean(where)}")
    found = _differences(saved, reading.plan, _contents(spec))
    if found:
        told = "\n".join(f"  {clean(str(one.address))} {lines(one.how, 4)}" for one in found)
        raise Refused(f"the plan is stale: it is not what would be done now; nothing was changed\n{told}\nplan again")


def _differences(reviewed: SavedPlan, now: Plan, contents: Mapping[str, str]) -> tuple[Difference, ...]:
    """Where a plan, made of a spec with these contents, is not the reviewed one or the rest of it."""
    from reconciler.kinds import KINDS
    from reconciler.saved.comparing import differences

    return differences(
        reviewed.plan,
        now,
        counted=lambda address: KINDS[address.kind].counts if address.kind in KINDS else "",
        others=_others(reviewed, contents),
    )


def _others(saved: SavedPlan, now: Mapping[str, str]) -> list[str]:
    """The sections of a spec that ask for something else than they did when the plan was made."""
    before = saved.source.contents
    return sorted(key for key in {*before, *now} if before.get(key) != now.get(key))


def _contents(spec: Spec) -> dict[str, str]:
    from reconciler.kinds import SECTIONS
    from reconciler.spec.content import contents

    return contents(spec, SECTIONS)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common.reviewed_option
@common.wire_option
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show only where it does more, or otherwise, than this plan, which was reviewed.",
)
def show(file: Path, shape: Shape, *, wire: bool, against: Path | None) -> None:
    """Show a saved plan, with where and of what it was made."""
    if against:
        _compare(file, against, shape)
        return
    from reconciler.saved import saved_plan

    common.show_reviewed(view(saved_plan.read(file), wire=wire), shape)


def _compare(file: Path, against: Path, shape: Shape) -> None:
    from reconciler.saved import saved_plan
    from reconciler.saved.comparison import Comparison

    if shape.name == "html":
        raise WrongUsage("--against prints text, json or markdown")
    now, reviewed = saved_plan.read(file), saved_plan.read(against)
    if (now.plan.spec, now.source.place) != (reviewed.plan.spec, reviewed.source.place):
        raise WrongUsage(f"{file} and {against} are plans of different specs or places; there is nothing to compare")
    compared = Comparison(reviewed, now, _differences(reviewed, now.plan, now.source.contents))
    if shape.name == "markdown":
        click.echo(compared.markdown(shape.most, shape.link))
    else:
        common.show(compared, shape.name)
