"""What previews have made and nobody needs any more: found by its marks alone, and deleted by the plan of a destroy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common
from reconciler.model import Action

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading
    from reconciler.model import Address, Observed
    from reconciler.spec import Spec


Goes = Callable[["Observed", str], bool]
"""Whether a resource is to go, at a time as marks have it."""


def end(spec: Spec, owner: str, *, yes: bool) -> int:
    """Delete what a preview has made, whether it has expired or not; returns the exit code."""
    reading, cloud = _read(spec, owner, lambda resource, now: bool(resource.mark and resource.mark.expires))
    if not reading.plan.decisions:
        click.echo(f"There is nothing of the preview {owner}.")
        return 0
    return _deleted(reading, cloud, yes=yes)


def clean(spec: Spec, *, yes: bool) -> int:
    """Delete what previews in the resource group of a spec have made and has expired; returns the exit code."""
    owners = sorted(set(_expired(spec)))
    if not owners:
        click.echo("No preview has expired.")
    return max((_deleted(*_read(spec, owner, expired), yes=yes) for owner in owners), default=codes.FINE)


def expired(resource: Observed, now: str) -> bool:
    """Whether a resource says that it may be deleted by now."""
    return resource.mark is not None and bool(resource.mark.expires) and resource.mark.expires <= now


def _expired(spec: Spec) -> Iterator[str]:
    """The owners of what has expired."""
    from reconciler.engine.graph import build
    from reconciler.engine.observe import observe
    from reconciler.kinds import KINDS
    from reconciler.marks import moment

    bare = _bare(spec, spec.name)
    cloud = common.reach(bare)
    sight = observe(cloud, KINDS, build(bare, KINDS))
    if reasons := sight.reasons():
        common.partial("some that have expired may not be seen", reasons)
    now = moment(cloud.time)
    for resource in sight.resources:
        if resource.mark and expired(resource, now):
            yield resource.mark.owner


def _read(spec: Spec, owner: str, goes: Goes) -> tuple[Reading, Cloud]:
    """The plan that deletes what carries an owner mark and is to go; what else carries it stays."""
    from reconciler.engine import loop
    from reconciler.kinds import KINDS
    from reconciler.marks import moment

    bare = _bare(spec, owner)
    cloud = common.reach(bare)
    read = partial(loop.read, bare, cloud, KINDS, destroying=True)
    reading = read()
    now = moment(cloud.time)
    stay: list[Address] = [
        resource.address for resource in reading.observed if resource.of(owner) and not goes(resource, now)
    ]
    return (read(excludes=stay) if stay else reading), cloud


def _bare(spec: Spec, owner: str) -> Spec:
    from reconciler.kinds import SECTIONS
    from reconciler.preview import deriving

    return deriving.bare(spec, owner, SECTIONS)


def _deleted(reading: Reading, cloud: Cloud, *, yes: bool) -> int:
    from reconciler.cli import run
    from reconciler.render import runs

    shown = runs.view("text", click.echo, terminal=sys.stdout.isatty(), colour=common.colour())
    shown.plan(run.view(reading, None, wire=False))
    code = run.carry_out(reading, cloud, shown, "destroy", yes=yes)
    return code or (codes.PENDING if reading.plan.of(Action.UNKNOWN) else 0)
