"""Between which numbers of nodes an autoscale formula keeps a pool. Pure."""

from __future__ import annotations

import math
from decimal import Decimal

import batch_autoscale
from batch_autoscale import bounds, names
from reconciler.cost.amounts import Range

TARGETS = ("$TargetDedicatedNodes", "$TargetLowPriorityNodes")


def span(formula: str, variable: str, running: Decimal | int | None) -> tuple[Range, bool]:
    """The range in which a formula keeps a target, and whether it has no upper bound."""
    try:
        targets = bounds.targets(batch_autoscale.parse(formula))
    except batch_autoscale.FormulaError:
        return Range.exactly(running or 0), True
    span = targets.get(names.canonical(variable))
    if span is None:
        return Range.exactly(running or 0), False
    low = max(0, math.floor(span.low)) if math.isfinite(span.low) else 0
    if not math.isfinite(span.high):
        return Range.exactly(max(low, running or 0)), True
    return Range.between(low, max(low, math.ceil(span.high)), running), False
