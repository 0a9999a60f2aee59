"""What a plan costs: the nodes of pools, the replicas of images and the machines that build them. Pure.

`use` reads from a plan what runs now and after it, `price` computes what that costs, and `over_budget` compares that
with the budget. An unknown price is never counted as nothing: a total without it says so.
"""

from __future__ import annotations

from reconciler.cost.amounts import Range
from reconciler.cost.budget import over_budget
from reconciler.cost.charges import HOURS, Charge, Cost, Line, Once, price
from reconciler.cost.prices import Meter, Price, Prices
from reconciler.cost.use import Build, Case, Change, Costs, Replicas, Standing, Use, Uses, of

__all__ = [
    "HOURS",
    "Build",
    "Case",
    "Change",
    "Charge",
    "Cost",
    "Costs",
    "Line",
    "Meter",
    "Once",
    "Price",
    "Prices",
    "Range",
    "Replicas",
    "Standing",
    "Use",
    "Uses",
    "of",
    "over_budget",
    "price",
]
