"""What a plan costs: the nodes of pools, the replicas of images and the machines that build them. Pure.

`use` reads from a plan what runs now and afterwards, `price` says what that costs, `over_budget` whether it may.
A price that nobody knows stays unknown: it is never counted as nothing, and a total without it says so.
"""

from __future__ import annotations

from reconciler.cost.amounts import Range
from reconciler.cost.budget import over_budget
from reconciler.cost.charges import HOURS, Charge, Cost, Line, Once, price
from reconciler.cost.prices import Price, Prices
from reconciler.cost.use import Build, Case, Change, Costs, Replicas, Use, Uses, of

__all__ = [
    "HOURS",
    "Build",
    "Case",
    "Change",
    "Charge",
    "Cost",
    "Costs",
    "Line",
    "Once",
    "Price",
    "Prices",
    "Range",
    "Replicas",
    "Use",
    "Uses",
    "of",
    "over_budget",
    "price",
]
