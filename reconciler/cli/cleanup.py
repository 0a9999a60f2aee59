"""cleanup: what image builds have left behind, whoever started them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import marks
from reconciler.cli import common
from reconciler.errors import Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud


@click.command()
@common.spec_argument
@click.option("--all", "everything", is_flag=True, help="Also what has not expired: a build may use it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cleanup(spec: Path | None, cloud: str | None, *, everything: bool, yes: bool) -> int:
    """Delete temporary machines, disks and networks of image builds that have expired, of any run and any spec."""
    from reconciler.cloud.errors import translated
    from reconciler.kinds.image import machine
    from reconciler.render import as_text

    reached = common.reach(common.load_spec(spec, cloud))
    with translated():
        left = machine.expired(reached, everything=everything)
    if not left:
        click.echo("Nothing to clean up.")
        return 0
    rows = [(one["id"].split("/")[4], one["name"], one["tags"][marks.EXPIRES]) for one in left]
    click.echo(as_text.table(("GROUP", "RESOURCE", "EXPIRES"), rows))
    if not yes:
        common.ask(f"delete these {len(left)}")
    _delete(reached, everything=everything)
    click.echo("Cleaned up.")
    return 0


def _delete(reached: Cloud, *, everything: bool) -> None:
    """Until nothing is left: what is in use goes after what uses it."""
    import time

    from reconciler.cloud.errors import translated
    from reconciler.kinds.image import machine

    deadline = time.monotonic() + 1800
    while True:
        with translated():
            going = machine.clear(reached, machine.expired(reached, everything=everything))
        if going is None:
            return
        if time.monotonic() > deadline:
            raise Refused(f"still not gone after 30 minutes: {going}; run cleanup again later")
        time.sleep(reached.endpoints.poll_seconds)
