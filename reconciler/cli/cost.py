"""cost: what the pools of a spec cost, now and after the plan."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reconciler.cli import common


@click.command()
@common.spec_argument
@common.prices_option
@common.format_option
def cost(spec: Path | None, cloud: str | None, prices: Path | None, shape: str) -> None:
    """Show what each pool costs per hour and month, now and after the plan. Changes nothing."""
    from reconciler.cli import pricing
    from reconciler.cli.run import read
    from reconciler.render import cost as render

    reading, _ = read(spec, cloud, (), (), destroying=False)
    found = pricing.priced(reading, prices)
    click.echo(json.dumps(render.document(found), indent=2) if shape == "json" else render.overview(found))
