"""pause and resume: what of a spec is left alone by all that watch it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common, locking, spans
from reconciler.errors import WrongUsage

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.cloud.cloud import Cloud
    from reconciler.cloud.pauses import Pauses
    from reconciler.spec import Spec

_all = click.option("--all", "everything", is_flag=True, help="All resources of the spec.")
_addresses = click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)


@click.command()
@_addresses
@common.spec_option
@_all
@click.option(
    "--until", metavar="TIME", required=True, help="For how long (2h, 3d), or until when (2026-11-28T08:00Z)."
)
@click.option("--reason", metavar="TEXT", default="", help="Why, for those who see it.")
def pause(
    addresses: tuple[str, ...], spec: Path | None, cloud: str | None, *, everything: bool, until: str, reason: str
) -> None:
    """Let all that watch a spec leave resources alone for a while, with what needs them."""
    from reconciler.cloud import pauses
    from reconciler.render import plain

    loaded, reached = _reached(spec, cloud)
    chosen = _chosen(addresses, everything=everything)
    by = locking.who(os.environ)

    def more(before: Pauses, now: datetime) -> Pauses:
        end = spans.moment(until, now)
        if end is None or end <= now:
            raise WrongUsage(f"--until {until} is no moment to come; write 2h, 3d or 2026-11-28T08:00Z")
        return pauses.added(before, [pauses.Pause(address, end, plain.clean(reason)[:200], by) for address in chosen])

    _show(_changed(loaded, reached, more), loaded.name)


@click.command()
@_addresses
@common.spec_option
@_all
def resume(addresses: tuple[str, ...], spec: Path | None, cloud: str | None, *, everything: bool) -> None:
    """Let what was paused be watched again; what is paused still is shown."""
    from reconciler.cloud import pauses

    loaded, reached = _reached(spec, cloud)
    chosen = _chosen(addresses, everything=everything)
    if everything:
        pauses.clear(reached, loaded.lock)
        _show((), loaded.name)
    else:
        _show(_changed(loaded, reached, lambda before, now: pauses.without(before, chosen)), loaded.name)


def told(spec: Spec, cloud: Cloud) -> tuple[str, ...]:
    """What of a spec is paused, for a plan of it; it keeps no apply from anything, as somebody is there then."""
    from reconciler.cloud import pauses
    from reconciler.errors import ReconcileError

    if not spec.lock:
        return ()
    try:
        there = pauses.valid(*pauses.read(cloud.unguarded(), spec.lock))
    except ReconcileError:
        return ()  # the lock is there too, and its note tells why that cannot be read
    return tuple(f"{one.what} is {one.words()}, for watch" for one in there)


def _changed(spec: Spec, cloud: Cloud, change: Callable[[Pauses, datetime], Pauses]) -> Pauses:
    from reconciler.cloud import pauses
    from reconciler.cloud.errors import reading

    with reading(f"what of {spec.name} is paused"):
        return pauses.change(cloud, spec.lock, change)


def _reached(spec: Path | None, cloud: str | None) -> tuple[Spec, Cloud]:
    loaded = common.load_spec(spec, cloud)
    if not loaded.lock:
        raise WrongUsage(f"{loaded.file} has no lock, beside which pauses are kept for all to see; see docs/lock.md")
    return loaded, common.reach(loaded)


def _chosen(addresses: Sequence[str], *, everything: bool) -> list[str]:
    from reconciler.cloud.pauses import EVERYTHING

    if everything == bool(addresses):
        raise WrongUsage("say which: one ADDRESS or several, as a plan shows them, or --all")
    return [EVERYTHING] if everything else [str(address) for address in common.addresses(tuple(addresses))]


def _show(pauses: Pauses, name: str) -> None:
    from reconciler.render import plain

    for one in pauses:
        click.echo(plain.clean(f"{one.what} is {one.words()}"))
    if not pauses:
        click.echo(plain.clean(f"Nothing of {name} is paused."))
