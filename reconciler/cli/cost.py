"""cost: what the pools of a spec cost, now and after the plan; what ran and what that cost; what would cost less."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import common, spans

WEEK = 7 * spans.UNITS["d"]
LEAST = 3 * spans.UNITS["h"]
"""Batch tells about what is over for two hours and a half."""


@click.command()
@common.spec_argument
@common.prices_option
@click.option("--since", type=spans.Span(LEAST), metavar="SPAN", help="What ran in the last 12h, 7d, ..., by job.")
@click.option("--suggest", is_flag=True, help="What would cost less, by what ran in the last 7d, or since --since.")
@click.option("--format", "shape", type=click.Choice((*common.FORMATS, "markdown")), default="text", show_default=True)
def cost(
    spec: Path | None, cloud: str | None, prices: Path | None, since: float | None, shape: str, *, suggest: bool
) -> int:
    """Show what each pool costs per hour and month, now and after the plan. Changes nothing.

    With --since: what ran until two hours ago, in node hours and money, by pool and job, and what was idle. With
    --suggest: what would make pools cheaper, what each saves in a month, and its risk. Markdown is for these only.
    """
    if suggest or since is not None:
        return _ran(spec, cloud, prices, WEEK if since is None else since, shape, suggest=suggest)
    if shape == "markdown":
        raise click.UsageError(
            "--format markdown is for --since and --suggest; of a plan: reconcile plan --format markdown --cost"
        )
    from reconciler.cli import pricing
    from reconciler.cli.run import read
    from reconciler.render.views import CostView

    reading, _ = read(common.Selection(spec, cloud))
    unread = pricing.unread(reading)
    common.show(CostView(pricing.known(reading, prices), whole=not unread), shape)
    return common.partial("this is not the whole cost", unread)


def _ran(spec: Path | None, cloud: str | None, prices: Path | None, since: float, shape: str, *, suggest: bool) -> int:
    from reconciler.cli import spending
    from reconciler.render.ran import RanView, SuggestionsView

    loaded = common.load_spec(spec, cloud)
    reached = common.reach(loaded)
    spent = spending.spent(loaded, reached, since, prices)
    view = SuggestionsView(spent.ran, spending.suggestions(loaded, reached, spent)) if suggest else RanView(spent.ran)
    if shape == "markdown":
        click.echo(view.markdown())
    else:
        common.show(view, shape)
    return common.partial("this is not all that ran", spent.unread)
