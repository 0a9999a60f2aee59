"""status JOB: how far a job is, as its tasks tell it; once, or until they have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common, pictures, watching
from reconciler.errors import Unreachable
from reconciler.render.pace import JobView

if TYPE_CHECKING:
    from rich.console import Console

OPEN = {"waiting", "running"}


def show(spec: Path | None, cloud: str | None, name: str, shape: str, *, follow: bool, plot: Path | None) -> int:
    """Print how far a job is, with `follow` until its tasks have ended. Exit code 5 if some have failed."""
    pictures.check(plot)
    reached = common.reach(common.load_spec(spec, cloud))
    watched = watching.Watched(reached, name, pictures.entry_of)
    view = _followed(watched, shape) if follow else watched.look()
    if not follow and not (plot and shape == "json"):
        common.show(view, shape)
    if plot:
        pictures.show(view.course, plot, shape)
    return codes.LACKING if view.failures() else 0


def _followed(watched: watching.Watched, shape: str) -> JobView:
    """The last view, when all of them were shown: in one place of a terminal, else those that tell something new."""
    try:
        if shape == "text" and (console := common.terminal()):
            return _drawn(watched, console)
        return _told(watched, shape)
    except KeyboardInterrupt:
        click.echo(f"Left; the tasks go on. Run reconcile status {watched.name} to see how far they are.", err=True)
        raise


def _drawn(watched: watching.Watched, console: Console) -> JobView:
    from reconciler.render.live import Drawn

    with console.status(f"reading the tasks of {watched.name}"):
        view = watched.look()
    with Drawn(console) as drawn:
        drawn.show(view)
        for latest, trouble in _looks(watched, view):
            view = latest
            drawn.show(view, trouble)
    return view


def _told(watched: watching.Watched, shape: str) -> JobView:
    view = watched.look()
    common.show(view, shape)
    for latest, trouble in _looks(watched, view):
        if trouble:
            click.echo(f"warning: {trouble}", err=True)
        if latest.news() != view.news():
            click.echo()
            common.show(latest, shape)
        view = latest
    return view


def _looks(watched: watching.Watched, view: JobView) -> Iterator[tuple[JobView, str]]:
    """One look after another until all tasks have ended; where Azure cannot be reached, the one before, and why."""
    while view.states().keys() & OPEN:
        time.sleep(watched.cloud.endpoints.poll_seconds)
        try:
            view = watched.look()
        except Unreachable as error:
            yield view, str(error)
        else:
            yield view, ""
