"""What the pool costs that is made for a job, or for a schedule: from nothing to all of its nodes, as jobs go. Pure."""

from __future__ import annotations

from reconciler.azure import sizes
from reconciler.cost import formulas
from reconciler.cost.amounts import Range
from reconciler.cost.use import Case, Change, Costs, Use
from reconciler.kinds.job import needs
from reconciler.kinds.job.pool_info import NODES
from reconciler.model import Action, Body, Desired


def uses(case: Case) -> Change:
    """The use of nodes now and after the change; one that has ended uses none, until it is made anew."""
    live = case.observed.body if case.observed and needs.active(case.observed) else None
    now = _nodes(live, case.region) if live else None
    if case.stays or case.action is Action.NONE:
        return Change(case.address, now, now)
    if case.desired is None or case.goes:
        return Change(case.address, now, None)
    return Change(case.address, now, _nodes(case.desired.body, case.region))


def _nodes(body: Body, region: str) -> Use | None:
    """At most the nodes that it asks for; of a formula, at most those that it allows."""
    pool = needs.own(body)
    if pool is None:
        return None
    if formula := pool.get("autoScaleFormula"):
        most = [formulas.span(formula, variable, None) for variable in formulas.TARGETS]
    else:
        most = [(Range.exactly(pool.get(name) or 0), False) for name in NODES]
    dedicated, spot = (Range.between(0, int(span.high)) for span, _ in most)
    return Use(pool["vmSize"], region, dedicated, spot, any(endless for _, endless in most))


def _size(desired: Desired) -> str | None:
    pool = needs.own(desired.body)
    return sizes.spelled(pool["vmSize"]) if pool else None


COSTS = Costs(uses=uses, size=_size, sized=True)
