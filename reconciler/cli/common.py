"""What the commands share: options, loading a spec, connecting to its cloud, and printing a view."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli import codes, naming
from reconciler.errors import LocalError, ReconcileError, Refused, WrongUsage
from reconciler.model import Address

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from reconciler.cloud.cloud import Cloud
    from reconciler.model import Desired
    from reconciler.render.views import Reviewed, View
    from reconciler.report import Report
    from reconciler.spec import Spec

Function = TypeVar("Function", bound=Callable[..., Any])

SPEC = click.Path(dir_okay=False, path_type=Path)
PRICES = "RECONCILE_PRICES"
"""The variable that names a price list."""
FORMATS = ("text", "json")
"""The formats of `render.views`, repeated here so that --help loads no view."""
REVIEWED = (*FORMATS, "markdown", "html")
"""The formats of a plan for those who review it."""
LINK = re.compile(r"https?://[^\s<>()\[\]\\`|\"']{1,2000}", re.ASCII)
"""A URL that can stand in markdown as it is."""


cloud_option = click.option(
    "--cloud",
    type=click.Choice(["public", "local"]),
    envvar="RECONCILE_CLOUD",
    help="Which Azure, whatever the spec says.",
)


def spec_argument(function: Function) -> Function:
    """`SPEC` and `--cloud`."""
    return click.argument("spec", type=SPEC, required=False)(cloud_option(function))


def spec_option(function: Function) -> Function:
    """`--spec` and `--cloud`, for commands whose arguments are other things."""
    option = click.option("--spec", type=SPEC, help="The spec; default: the only one in specs/.")
    return option(cloud_option(function))


@dataclass(frozen=True, slots=True)
class Selection:
    """A spec, the cloud to use it on, and the addresses that limit it; without any, all of it."""

    spec: Path | None = None
    cloud: str | None = None
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def selection(function: Callable[..., Any]) -> Callable[..., Any]:
    """`SPEC`, `--cloud`, `--target` and `--exclude`, as one Selection."""

    @functools.wraps(function)
    def selected(
        spec: Path | None, cloud: str | None, target: tuple[str, ...], exclude: tuple[str, ...], **rest: Any
    ) -> Any:
        return function(Selection(spec, cloud, target, exclude), **rest)

    for name, text in (
        ("--exclude", "Leave this ADDRESS alone: what needs it is not made or changed, what it needs not deleted."),
        ("--target", "Only this ADDRESS: made with all that it needs, deleted with all that needs it."),
    ):
        selected = click.option(name, metavar="ADDRESS", multiple=True, help=text)(selected)
    return spec_argument(selected)


def format_option(function: Function) -> Function:
    """`--format`."""
    return click.option("--format", "shape", type=click.Choice(FORMATS), default="text", show_default=True)(function)


@dataclass(frozen=True, slots=True)
class Shape:
    """A format of a plan, and of markdown how long it may be (0: as a comment on GitHub) and where the whole is."""

    name: str
    most: int = 0
    link: str = ""


def reviewed_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--format`, `--max-chars` and `--link`, as one Shape."""

    @functools.wraps(function)
    def shaped(*given: Any, shape: str, max_chars: int | None, link: str, **rest: Any) -> Any:
        if (max_chars or link) and shape != "markdown":
            raise WrongUsage("--max-chars and --link are for --format markdown")
        if link and not LINK.fullmatch(link):
            raise WrongUsage("--link is no URL that markdown takes; write https://..., with blanks and the like as %20")
        return function(*given, shape=Shape(shape, max_chars or 0, link), **rest)

    text = "Where the whole plan is, for markdown."
    shaped = click.option("--link", metavar="URL", default="", help=text)(shaped)
    text = "How long markdown may be; what is too long is left out, the least important first.  [default: 65536]"
    shaped = click.option("--max-chars", metavar="N", type=click.IntRange(min=16_384), help=text)(shaped)
    shapes = click.Choice(REVIEWED)
    return click.option("--format", "shape", type=shapes, default="text", show_default=True)(shaped)


def rerun_option(function: Function) -> Function:
    """`--rerun`."""
    text = "Do again what JOB has done: all, or the tasks or inputs that match, such as job/points-*."
    return click.option("--rerun", metavar="JOB[/PATTERN]", multiple=True, help=text)(function)


def wire_option(function: Function) -> Function:
    """`--wire`."""
    text = "Call fields as Azure's REST API does, and show values whole."
    return click.option("--wire", is_flag=True, help=text)(function)


def show(view: View, shape: str) -> None:
    """Print a view in a format."""
    from reconciler.render import views

    click.echo(views.shown(view, shape, colour=colour()))


def show_reviewed(view: Reviewed, shape: Shape) -> None:
    """Print a plan in a format."""
    from reconciler.render import views

    click.echo(views.reviewed(view, shape.name, colour=colour(), limit=shape.most, link=shape.link))


def write(file: Path, data: bytes) -> None:
    """Write a file that the user has named. Raises ReconcileError."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ReconcileError(f"{file} cannot be written: {error.strerror}") from None


def prices_option(function: Function) -> Function:
    """`--prices`."""
    path = click.Path(dir_okay=False, path_type=Path)
    text = "A file with prices; default: Azure's public price list."
    return click.option("--prices", metavar="FILE", type=path, envvar=PRICES, help=text)(function)


def cost_options(function: Function) -> Function:
    """`--cost`, `--no-cost` and `--prices`."""
    text = "Whether to show what the plan costs; default: if it changes that."
    return click.option("--cost/--no-cost", "wants_cost", default=None, help=text)(prices_option(function))


def load_spec(path: Path | None, cloud: str | None, today: date | None = None, *, trying: bool = True) -> Spec:
    """The checked spec; `today` is the day for retirements. Without `trying`, its autoscale formulas are not tried out.

    Raises SpecError, or UsageError if no path is given and specs/ does not have exactly one spec.
    """
    from reconciler.kinds import load

    if path is None:
        specs = sorted(Path("specs").glob("*.yaml"))
        if len(specs) != 1:
            raise click.UsageError("say which spec, for example: reconcile plan specs/prod.yaml")
        path = specs[0]
    return load(path, os.environ, cloud, today, trying=trying)


def reach(spec: Spec) -> Cloud:
    """The spec's cloud. LocalError if it is the local Azure and that is not running."""
    from reconciler.cloud.cloud import connect

    if spec.azure.cloud == "local" and "RECONCILE_RESOURCE_MANAGER" not in os.environ:
        import azure_local

        try:
            os.environ.update(azure_local.env())
        except azure_local.NotUp as error:
            raise LocalError(str(error)) from None
    return connect(spec, os.environ)


def partial(what: str, unread: Iterable[str]) -> int:
    """Say on standard error what could not be read, each reason once; returns the exit code: 2 if there is any."""
    from reconciler.render import plain

    reasons = list(dict.fromkeys(unread))
    for reason in reasons:
        click.echo(f"warning: {what}: {plain.lines(reason, 2)}", err=True)
    return codes.PENDING if reasons else codes.FINE


def unasked(unread: Mapping[str, str]) -> None:
    """Say on standard error what Azure says of itself and could not be read, and why: nothing ends with that."""
    from reconciler.render import plain

    for what, why in unread.items():
        click.echo(f"not read: {plain.clean(what)}: {plain.clean(why)}", err=True)


def journal_name(spec: Spec) -> str:
    """The name of a spec in the journal; that for the local cloud differs, because its times are not Azure's."""
    return f"{spec.name}{'@local' if spec.azure.cloud == 'local' else ''}"


def addresses(texts: tuple[str, ...]) -> tuple[Address, ...]:
    try:
        return tuple(Address.parse(text) for text in texts)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def ask(what: str) -> None:
    """Ask the user to confirm. Refused if the answer is no, or if there is no terminal."""
    if not sys.stdin.isatty():
        raise Refused(f"there is no terminal to ask whether to {what}; add --yes if it is right")
    if not click.confirm(f"Do you want to {what}?"):
        raise Refused("nothing was changed")


def colour() -> bool:
    """Whether standard output takes colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def terminal() -> Console | None:
    """The terminal that standard output is, if what is drawn there can be drawn anew."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    console = Console(no_color=not colour(), highlight=False)
    return None if console.is_dumb_terminal else console


def conversion_job(spec: Spec, job: str | None) -> str:
    """The job with `convert` of this name, or the only one."""
    jobs = [name for name, body in spec.jobs.items() if "convert" in body]
    return naming.named(spec, job, jobs, "job with convert", "--job")


def settle(cloud: Cloud, desired: Iterable[Desired]) -> None:
    """Save what became of work; warns of what could not be kept."""
    from reconciler.engine import loop
    from reconciler.kinds import KINDS
    from reconciler.render import plain

    for reason in loop.settle(cloud, KINDS, desired):
        click.echo(f"warning: {plain.lines(reason, 2)}", err=True)


def reports(cloud: Cloud, desired: Mapping[Address, Desired]) -> Iterator[Report]:
    """What kinds report at the end of a run; of what cannot be read, why."""
    from reconciler.kind.unread import attempted
    from reconciler.kinds import KINDS
    from reconciler.report import Report

    for address, resource in desired.items():
        tell = KINDS[address.kind].report
        if tell is None:
            continue
        what = f"what {address} has come to"
        report = attempted(what, functools.partial(tell, cloud, resource), functools.partial(Report, address))
        if report is not None:
            yield report
