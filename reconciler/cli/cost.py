"""cost: what the pools of a spec cost, now and after the plan."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import common


@click.command()
@common.spec_argument
@common.prices_option
@common.format_option
def cost(spec: Path | None, cloud: str | None, prices: Path | None, shape: str) -> int:
    """Show what each pool costs per hour and month, now and after the plan. Changes nothing."""
    from reconciler.cli import pricing
    from reconciler.cli.run import read
    from reconciler.render.views import CostView

    reading, _ = read(common.Selection(spec, cloud))
    unread = pricing.unread(reading)
    common.show(CostView(pricing.known(reading, prices), whole=not unread), shape)
    return common.partial("this is not the whole cost", unread)
