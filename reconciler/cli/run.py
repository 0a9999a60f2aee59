"""plan, apply and destroy."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common, pricing
from reconciler.errors import Refused
from reconciler.model import Action, Status

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.cost import Cost
    from reconciler.engine.loop import Reading
    from reconciler.events import Listener
    from reconciler.model import Outcome

CHANGES = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.WAIT, Action.DEFER)


@click.command()
@common.spec_argument
@common.selection
@common.format_option
@common.cost_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there is anything to do.")
def plan(
    spec: Path | None,
    cloud: str | None,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    shape: str,
    prices: Path | None,
    *,
    wants_cost: bool | None,
    detailed_exitcode: bool,
) -> int:
    """Show what is missing or different in live Azure. Changes nothing."""
    reading, _ = read(spec, cloud, target, exclude, destroying=False)
    found = pricing.shown(reading, prices, wanted=wants_cost if shape == "text" else bool(wants_cost))
    _show(reading, shape, found)
    pricing.check(reading, prices, found)
    made = reading.plan
    if made.of(Action.REFUSE):
        return 3
    return 2 if detailed_exitcode and any(made.of(action) for action in CHANGES) else 0


@click.command()
@common.spec_argument
@common.selection
@common.format_option
@common.cost_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply(
    spec: Path | None,
    cloud: str | None,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    shape: str,
    prices: Path | None,
    *,
    wants_cost: bool | None,
    yes: bool,
) -> int:
    """Make live Azure as the spec says: show the plan, ask, and carry it out."""
    reading, reached = read(spec, cloud, target, exclude, destroying=False)
    found = pricing.shown(reading, prices, wanted=wants_cost) if shape == "text" else None
    if shape == "text":
        _show(reading, shape, found)
    pricing.check(reading, prices, found)
    return _carry_out(reading, reached, shape, yes=yes, destroying=False)


@click.command()
@common.spec_argument
@common.selection
@common.format_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(
    spec: Path | None,
    cloud: str | None,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    shape: str,
    *,
    yes: bool,
) -> int:
    """Delete everything that the spec owns, last made first. Protected resources stay."""
    reading, reached = read(spec, cloud, target, exclude, destroying=True)
    if shape == "text":
        _show(reading, shape)
    return _carry_out(reading, reached, shape, yes=yes, destroying=True)


def read(
    spec: Path | None, cloud: str | None, target: tuple[str, ...], exclude: tuple[str, ...], *, destroying: bool
) -> tuple[Reading, Cloud]:
    """The spec's plan and the cloud that it is for."""
    loaded = common.load_spec(spec, cloud)
    targets, excludes = common.addresses(target), common.addresses(exclude)
    from reconciler.cli import journal
    from reconciler.engine import loop
    from reconciler.kinds import KINDS

    reached = common.reach(loaded)
    known = journal.history(common.journal_name(loaded))
    reading = loop.read(
        loaded, reached, KINDS, targets=targets, excludes=excludes, destroying=destroying, history=known
    )
    return reading, reached


def _show(reading: Reading, shape: str, found: Cost | None = None) -> None:
    from reconciler.engine import estimate
    from reconciler.render import as_json, as_text
    from reconciler.render import cost as render

    if shape == "json":
        click.echo(as_json.plan(reading.plan, **({"cost": render.document(found)} if found else {})))
    else:
        way = estimate.critical_path(reading.plan)
        click.echo(as_text.plan(reading.plan, way, colour=common.colour()))
        if found:
            click.echo(render.below(found))


def _carry_out(reading: Reading, reached: Cloud, shape: str, *, yes: bool, destroying: bool) -> int:
    if reading.plan.of(Action.REFUSE):
        raise Refused("the plan has refused resources; nothing was changed")
    if not reading.plan.steps:
        _report(reading, reached, shape)
        return 2 if reading.plan.of(Action.DEFER) else 0
    if not yes:
        common.ask(f"{'destroy' if destroying else 'apply'} this plan")
    from reconciler.engine import loop
    from reconciler.kinds import KINDS

    stop = threading.Event()
    with _interruptible(stop), _listener(shape) as listen:
        written = _journal(reading, listen)
        outcomes = loop.carry_out(reading, reached, KINDS, listen=written, stop=stop)
    if shape == "text":
        from reconciler.render import as_text

        click.echo(as_text.outcomes(outcomes, colour=common.colour()))
        if not destroying:
            _report(reading, reached, shape)
    return _exit_code(reading, outcomes)


def _journal(reading: Reading, listen: Listener) -> Listener:
    """`listen`, with logs and times written down."""
    from reconciler.cli import journal
    from reconciler.engine import estimate

    keys = {str(decision.address): estimate.key(decision) for decision in reading.plan.decisions}
    return journal.Journal(common.journal_name(reading.spec), listen, keys)


def _exit_code(reading: Reading, outcomes: tuple[Outcome, ...]) -> int:
    statuses = {outcome.status for outcome in outcomes}
    if statuses & {Status.FAILED, Status.SKIPPED}:
        return 1
    if Status.STOPPED in statuses:
        return 3
    return 2 if Status.DEFERRED in statuses or reading.plan.of(Action.DEFER) else 0


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C once: start nothing new. Again: leave at once."""

    def interrupt(number: int, frame: object) -> None:
        if stop.is_set():
            os.write(2, b"\nLeft; what Azure works on goes on. Run apply again to join it.\n")
            os._exit(130)
        stop.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _listener(shape: str) -> Iterator[Listener]:
    """Where events go: JSON lines, bars in a terminal, plain lines elsewhere."""
    from reconciler.render import as_json, progress

    if shape == "json":
        yield lambda event: click.echo(as_json.event(event))
    elif sys.stdout.isatty():
        with progress.Bars(colour=common.colour()) as bars:
            yield bars
    else:
        yield progress.Lines(click.echo)


def _report(reading: Reading, reached: Cloud, shape: str) -> None:
    """What conversions and verifications have come to; and the records that the spec asks for."""
    from reconciler.cli import look, records

    records.write(reading.spec, reading.desired, reached)
    if shape == "text":
        look.verifications(reading.desired.values(), reached)
        look.conversions(reading.desired.values(), reached)
