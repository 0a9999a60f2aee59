"""Which specs a change touches: reads the specs and asks git."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.errors import ReconcileError, SpecError, WrongUsage

if TYPE_CHECKING:
    from reconciler.forge.touched import Candidate


def show(specs: Sequence[Path], since: str, shape: str, *, dependents: bool) -> None:
    """Print the touched ones of `specs`, or of all in specs/, and on standard error what there is to know beside."""
    from reconciler.forge import history
    from reconciler.forge import touched as touching
    from reconciler.render.plain import clean

    paths = list(dict.fromkeys(specs)) or sorted(Path("specs").glob("*.yaml"))
    for path in paths:
        if not str(path).isprintable():
            raise WrongUsage(f"{clean(str(path))} has signs in its name that would look like more lines; rename it")
    top = history.root(Path())
    changed = history.changed(top, since)
    _tell_gone(changed)
    if not paths and not any(changed.values()):
        raise WrongUsage("there is no spec in specs/; name those that there are")
    candidates = [_candidate(path) for path in paths]
    for one in candidates:
        if one.unread:
            click.echo(f"warning: a spec that cannot be read counts as touched: {one.unread}", err=True)
    needed = touching.needs(candidates)
    order, circles = touching.ordered(needed)
    for circle in circles:
        told = " → ".join(clean(str(path)) for path in circle)
        click.echo(f"warning: these specs use what each other make, so there is no right order: {told}", err=True)
    found = touching.touched(candidates, changed)
    if dependents:
        found |= touching.dependents(needed, found)
    _print([path for path in order if path in found], shape)


def _print(found: Iterable[Path], shape: str) -> None:
    if shape == "json":
        click.echo(json.dumps([{"spec": str(path), "name": name(path)} for path in found]))
        return
    for path in found:
        click.echo(str(path))


def name(path: Path) -> str:
    """What a spec can be called in names of artifacts and comments: `specs/eu/prod.yaml` → `specs-eu-prod`."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", str(path.with_suffix(""))).strip("-._")[:100].rstrip("-._") or "spec"


def _candidate(path: Path) -> Candidate:
    from reconciler.forge.touched import Candidate, candidate, files
    from reconciler.kinds import SECTIONS, load
    from reconciler.render.plain import clean
    from reconciler.spec.load import layers

    below = layers(path, os.environ)
    try:
        return candidate(path, below, load(path, os.environ, None, trying=False), SECTIONS)
    except SpecError as error:
        return Candidate(path, files(below), unread=clean(str(error.problems[0])))
    except ReconcileError as error:
        return Candidate(path, files(below), unread=clean(str(error)))


def _tell_gone(changed: dict[Path, bool]) -> None:
    """Name the specs that the change deletes: what they made is nobody's now, and no plan shows it."""
    from reconciler.render.plain import clean

    folder = Path("specs").resolve()
    for path in sorted(path for path, gone in changed.items() if gone):
        if path.parent == folder and path.suffix == ".yaml":
            told = clean(path.name)
            click.echo(
                f"warning: specs/{told} is deleted, and what it made stays; "
                "`reconcile destroy` with the file as it was deletes that",
                err=True,
            )
