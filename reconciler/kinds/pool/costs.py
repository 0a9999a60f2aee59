"""What a pool costs: its nodes, now and after a plan is carried out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.cost import formulas
from reconciler.cost.amounts import Range
from reconciler.cost.use import Case, Change, Costs, Counts, Use
from reconciler.kinds.pool import reading
from reconciler.model import Action, Body, Desired
from reconciler.spec import trial
from reconciler.spec.spec import Spec


def uses(case: Case) -> Change:
    """The use of nodes now and after the change.

    For the formula of the spec, the mean of its trial is expected if there is one; else the current number of nodes.
    """
    live = case.observed.body["properties"] if case.observed else {}
    asked = case.desired.body["properties"] if case.desired else {}
    running: Counts = reading.running(live)
    same = case.observed and case.desired and reading.formula(live) == reading.formula(asked)
    now = nodes(live, live["vmSize"], case.region, (same and case.mean) or running) if case.observed else None
    if case.stays or (now and case.action is Action.NONE):
        return Change(case.address, *(now and _resting(now, case.desired),) * 2)
    if case.desired is None or case.goes:
        return Change(case.address, now, None)
    after = _resting(nodes(asked, case.desired.data["vmSize"], case.region, case.mean or running), case.desired)
    if now and case.observed and case.observed.occupants and case.action is Action.UPDATE:
        after = replace(after, size=now.size)  # another size waits until the pool is empty
    return Change(case.address, now, after)


def nodes(properties: Body, size: str, region: str, expected: Counts) -> Use:
    """The nodes that scale settings ask for; for a formula, its bounds and the expected number between them."""
    if formula := reading.formula(properties):
        dedicated, endless = formulas.span(formula, "$TargetDedicatedNodes", expected[0])
        spot, endless_spot = formulas.span(formula, "$TargetLowPriorityNodes", expected[1])
        return Use(size, region, dedicated, spot, endless or endless_spot)
    dedicated, spot = (Range.exactly(count) for count in reading.targets(properties) or (0, 0))
    return Use(size, region, dedicated, spot)


def _resting(use: Use, desired: Desired | None) -> Use:
    """The nodes of a pool that may rest: between its two sizes; the one that it has or gets is expected."""
    idle = desired.data.get("idle") if desired else None
    if not idle:
        return use
    sides = zip(idle["size"], idle["full"], (use.dedicated, use.spot), strict=True)
    dedicated, spot = (Range.between(low, max(high, int(now.high)), now.high) for low, high, now in sides)
    return replace(use, dedicated=dedicated, spot=spot)


def means(spec: Spec) -> Mapping[str, tuple[float, float]]:
    """Pool name → its average numbers of nodes when its formula was tried on the tasks that the spec expects."""
    return trial.means(spec.pools, spec.folder)


COSTS = Costs(uses=uses, size=lambda desired: str(desired.data["vmSize"]))
