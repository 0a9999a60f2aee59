"""usage: how busy the nodes of a pool were, as they measured it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common, naming, pictures, spans
from reconciler.errors import Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.nodelogs.telemetry import Run
    from reconciler.spec import Spec

HOUR = 3600.0


@click.command()
@click.argument("name", metavar="POOL")
@common.spec_option
@common.format_option
@click.option("--since", type=spans.Span(300), default="1h", show_default=True, help="How far back: 30m, 2h, 1d.")
@click.option("--jobs", is_flag=True, help="Also how busy nodes were while tasks of each job of the spec ran on them.")
@click.option("--plot", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Draw CPU and memory.")
def usage(
    name: str, spec: Path | None, cloud: str | None, shape: str, since: float, *, jobs: bool, plot: Path | None
) -> int:
    """Show how busy the nodes of a pool were: CPU, memory, disk and GPU, also of nodes that are gone.

    The pool needs telemetry in the spec. --plot FILE draws a heat map, a row a node: .svg, .png or .html.
    """
    from reconciler.cloud import kept
    from reconciler.cloud.errors import reading
    from reconciler.nodelogs import places, telemetry
    from reconciler.render.usage import UsageView

    pictures.check(plot, text=False)
    loaded = common.load_spec(spec, cloud)
    name = name.removeprefix("pools/")
    place = _place(loaded, name)
    reached = common.reach(loaded)
    with reading(f"the telemetry in {place}"):
        live = kept.generation(reached, place, places.pools(str(reached.account)), name) or name
        end = reached.time
        begin = end - timedelta(seconds=since)
        nodes, unread = kept.samples(reached, place, live, begin, end)
    runs = _runs(loaded, reached, name, begin) if jobs else ()
    view = UsageView(name, begin, end, nodes, telemetry.by_job(nodes, runs), unread)
    if not (plot and shape == "json"):
        common.show(view, shape)
    if plot:
        from reconciler.render.usageplot import plot as drawn

        common.write(plot, drawn(view, plot.suffix[1:]))
    return codes.FINE


def _place(spec: Spec, pool: str) -> str:
    if pool not in spec.pools:
        naming.unknown(f"the spec has no pool {pool}", pool, spec.pools)
    if "telemetry" not in spec.pools[pool]:
        raise Refused(
            f"pools/{pool} is not measured; write telemetry: true there, and logs: or where it goes, and apply"
        )
    return spec.pools[pool]["telemetry"]["to"]


def _runs(spec: Spec, cloud: Cloud, pool: str, begin: datetime) -> Iterator[Run]:
    """The tasks of the jobs of the spec on the pool that have run since."""
    from reconciler.cli import tasks
    from reconciler.cloud import batch_runs
    from reconciler.cloud.errors import reading, tolerated
    from reconciler.nodelogs.telemetry import Run
    from reconciler.spec import log_places

    for name in (name for name in spec.jobs if log_places.pool_of(spec, name) == pool):
        live = tasks.live(cloud, name)
        with reading(f"the tasks of {live}"), tolerated(404):
            for ran, _ in batch_runs.listing(cloud, live, begin):
                if ran.begun and ran.node:
                    yield Run(name, ran.node, ran.begun.timestamp(), (ran.ended or cloud.time).timestamp())
