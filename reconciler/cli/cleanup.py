"""cleanup: deletes the temporary resources that runs left behind, whoever started them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common, entering, expiring, forgetting
from reconciler.errors import AzureError, Refused, Unreachable, WrongUsage

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Leftover, Leftovers

PATIENCE = 1800
"""How many seconds resources that are still in use may take to go."""


@click.command()
@common.spec_argument
@click.option("--all", "everything", is_flag=True, help="Also what has not expired: a build may use it.")
@click.option("--expired", "previews", is_flag=True, help="Previews in the resource group that have expired, instead.")
@click.option("--logs", is_flag=True, help="Logs and telemetry of nodes that pools no longer keep, instead.")
@click.option("--ways", is_flag=True, help="Ways in to closed storage of the spec that killed runs left, instead.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cleanup(
    spec: Path | None, cloud: str | None, *, everything: bool, previews: bool, logs: bool, ways: bool, yes: bool
) -> int:
    """Delete temporary machines, disks and networks of image builds that have expired, of any run and any spec."""
    from reconciler.kinds import KINDS
    from reconciler.render import plain

    if everything + previews + logs + ways > 1:
        about = "--all is about image builds, --expired about previews, --logs about logs, --ways about ways in"
        raise WrongUsage(f"{about}; say one of them")
    loaded = common.load_spec(spec, cloud)
    if logs:
        return forgetting.clean(loaded, yes=yes)
    if ways:
        return entering.clean(loaded, yes=yes)
    if previews:
        return expiring.clean(loaded, yes=yes)
    reached = common.reach(loaded)
    sources = [kind.leftovers for kind in KINDS.values() if kind.leftovers]
    leftovers = [leftover for source in sources for leftover in _expired(reached, source, everything=everything)]
    if not leftovers:
        click.echo("Nothing to clean up.")
        return 0
    rows = [tuple(map(plain.clean, _row(leftover))) for leftover in leftovers]
    click.echo(plain.table(("GROUP", "RESOURCE", "EXPIRES"), rows))
    if not yes:
        common.ask(f"delete these {len(leftovers)}")
    refused = [why for source in sources for why in _clear(reached, source, everything=everything)]
    click.echo("Cleaned up what can be." if refused else "Cleaned up.")
    return common.partial("some of it stays", refused)


def _row(leftover: Leftover) -> tuple[str, str, str]:
    parts = leftover.id.split("/")
    return parts[4], parts[-1], leftover.expires


def _expired(cloud: Cloud, source: Leftovers, *, everything: bool) -> list[Leftover]:
    from reconciler.cloud.errors import reading

    with reading(f"what runs have left in the subscription {cloud.target.subscription}"):
        return source.expired(cloud, everything)


def _clear(cloud: Cloud, source: Leftovers, *, everything: bool) -> list[str]:
    """Delete until nothing is left; a resource in use can go only after those that use it.

    Returns why resource groups could not be cleared. They are given up, and the others are cleared.
    """
    closed: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE
    while True:
        groups: dict[str, list[Leftover]] = {}
        for leftover in _expired(cloud, source, everything=everything):
            groups.setdefault(_row(leftover)[0].lower(), []).append(leftover)
        todo = {group: leftovers for group, leftovers in groups.items() if group not in closed}
        going = [names for group in todo if (names := _cleared(cloud, source, group, todo[group], closed))]
        if not going:
            return list(closed.values())
        if time.monotonic() > deadline:
            raise Refused(f"still not gone after {PATIENCE // 60} minutes: {', '.join(going)}; run cleanup again later")
        time.sleep(cloud.endpoints.poll_seconds)


def _cleared(
    cloud: Cloud, source: Leftovers, group: str, leftovers: list[Leftover], closed: dict[str, str]
) -> str | None:
    """Start to delete those of one resource group that can go now: what they are. A refusal is noted in `closed`."""
    from reconciler.cloud.errors import translated

    try:
        with translated():
            return source.clear(cloud, leftovers)
    except (AzureError, Unreachable) as error:
        closed[group] = f"cannot delete what is left in {_row(leftovers[0])[0]}: {error}"
        return None
