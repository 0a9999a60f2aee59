"""graph: what the resources of a spec, or of a saved plan, need of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import common, run
from reconciler.cli.common import Selection
from reconciler.errors import WrongUsage

if TYPE_CHECKING:
    from reconciler.model import Plan

SHAPES = ("mermaid", "dot", "svg")


@click.command()
@common.selection
@click.option("--format", "shape", type=click.Choice(SHAPES), default="mermaid", show_default=True)
def graph(selection: Selection, shape: str) -> None:
    """Draw what needs what, coloured by what the plan does with it.

    SPEC may also be a saved plan: that is drawn, without a look at Azure.
    """
    from reconciler.render import graph as graphs
    from reconciler.render import svg

    drawn = {"mermaid": graphs.mermaid, "dot": graphs.dot, "svg": svg.document}[shape]
    click.echo(drawn(graphs.of(_plan(selection))))


def _plan(selection: Selection) -> Plan:
    """The plan in a file, or that of a spec."""
    from reconciler.saved import saved_plan

    if selection.spec is None or not saved_plan.is_saved(selection.spec):
        reading, _ = run.read(selection)
        return reading.plan
    if selection.target or selection.exclude:
        raise WrongUsage("a saved plan says itself what it is about; leave --target and --exclude out")
    return saved_plan.read(selection.spec).plan
