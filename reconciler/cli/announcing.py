"""Telling those that a spec names under `notify`: of drift and of plans that wait, if `plan` is to, and of runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler.errors import ReconcileError, WrongUsage

if TYPE_CHECKING:
    from reconciler.audit.record import Record
    from reconciler.cloud.cloud import Cloud
    from reconciler.notices.spreading import Spreader, Told
    from reconciler.spec import Spec

EVENTS = ("drift", "approval")
"""What a plan may be asked to tell."""
notify_option = click.option(
    "--notify",
    type=click.Choice(EVENTS),
    help="Tell those under notify in the spec: of drift, if there is any, or that this plan waits for approval.",
)


def check(spec: Spec, event: str | None) -> None:
    """WrongUsage if nobody is to be told of this event."""
    if event and not any(event in receiver["on"] for receiver in spec.notify):
        remedy = f"write notify: [{{webhook: {{environmentVariable: NAME}}, on: [{event}]}}]; see docs/notifications.md"
        raise WrongUsage(f"{spec.file} tells nobody of {event}: {remedy}")


def of_plan(event: str, spec: Spec, cloud: Cloud, record: Record) -> None:
    """Tell of a plan, if it has something to tell. Whatever goes wrong is a warning."""
    from reconciler.notices import message

    with _warning(f"nobody is told of {event}"):
        spreader = _spreader(spec, cloud)
        if message.acts(record):
            _say(event, spreader.tell(event, record))
        else:
            spreader.forget(event)


def of_run(spec: Spec, cloud: Cloud, record: Record) -> None:
    """Tell how a run has ended, but not whoever sits there that he has refused it himself."""
    if not spec.notify:
        return
    from reconciler.notices import message

    answered = sys.stdin.isatty() and record.end and not record.end.outcomes
    event = message.of_run(record)
    if answered and event == message.FAILURE:
        return
    with _warning("nobody is told how this run ended"):
        spreader = _spreader(spec, cloud)
        if event:
            _say(event, spreader.tell(event, record))
        if event != message.FAILURE:
            spreader.forget(message.FAILURE)


@contextmanager
def _warning(what: str) -> Iterator[None]:
    try:
        yield
    except (ReconcileError, OSError) as error:
        _warn(f"{what}: {error}")


def _spreader(spec: Spec, cloud: Cloud) -> Spreader:
    from reconciler.notices.spreading import Spreader

    return Spreader(spec.notify, cloud.unguarded(), os.environ, spec.audit)


def _say(event: str, told: Sequence[Told]) -> None:
    """On standard error: standard output may be a document."""
    from reconciler.render import plain

    for each in told:
        if each.error:
            _warn(f"{event} is not told to the {each.called}: {each.error}")
            continue
        click.echo(f"✓ {event} told to the {plain.clean(each.called)}", err=True)
        if each.trouble:
            _warn(f"{event} is told again next time, as that it was told could not be kept: {each.trouble}")


def _warn(text: str) -> None:
    from reconciler.render import plain

    click.echo(f"warning: {plain.lines(text, 2)}", err=True)
