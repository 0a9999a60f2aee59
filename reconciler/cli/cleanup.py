"""cleanup: what runs have left behind, whoever started them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common
from reconciler.errors import Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Leftover, Leftovers

PATIENCE = 1800
"""Seconds until what is in use must have gone."""


@click.command()
@common.spec_argument
@click.option("--all", "everything", is_flag=True, help="Also what has not expired: a build may use it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cleanup(spec: Path | None, cloud: str | None, *, everything: bool, yes: bool) -> int:
    """Delete temporary machines, disks and networks of image builds that have expired, of any run and any spec."""
    from reconciler.kinds import KINDS
    from reconciler.render import as_text

    reached = common.reach(common.load_spec(spec, cloud))
    sources = [kind.leftovers for kind in KINDS.values() if kind.leftovers]
    left = [one for source in sources for one in _expired(reached, source, everything=everything)]
    if not left:
        click.echo("Nothing to clean up.")
        return 0
    rows = [tuple(map(as_text.clean, _row(one))) for one in left]
    click.echo(as_text.table(("GROUP", "RESOURCE", "EXPIRES"), rows))
    if not yes:
        common.ask(f"delete these {len(left)}")
    for source in sources:
        _clear(reached, source, everything=everything)
    click.echo("Cleaned up.")
    return 0


def _row(left: Leftover) -> tuple[str, str, str]:
    parts = left.id.split("/")
    return parts[4], parts[-1], left.expires


def _expired(cloud: Cloud, source: Leftovers, *, everything: bool) -> list[Leftover]:
    from reconciler.cloud.errors import reading

    with reading(f"what runs have left in the subscription {cloud.target.subscription}"):
        return source.expired(cloud, everything)


def _clear(cloud: Cloud, source: Leftovers, *, everything: bool) -> None:
    """Until nothing is left: what is in use goes after what uses it."""
    from reconciler.cloud.errors import translated

    deadline = time.monotonic() + PATIENCE
    while True:
        left = _expired(cloud, source, everything=everything)
        with translated():
            going = source.clear(cloud, left)
        if going is None:
            return
        if time.monotonic() > deadline:
            raise Refused(f"still not gone after {PATIENCE // 60} minutes: {going}; run cleanup again later")
        time.sleep(cloud.endpoints.poll_seconds)
