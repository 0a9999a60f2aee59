"""What parts of a network cost by the hour, now and after a plan is carried out. Pure."""

from __future__ import annotations

from reconciler.cost.use import Case, Change, Costs, Standing


def hourly(meter: str) -> Costs:
    """Of a kind each resource of which is paid for by the hour, whatever goes through it."""

    def uses(case: Case) -> Change:
        use = Standing(meter)
        if case.desired and case.desired.existing:  # others pay
            return Change(case.address, None, None)
        now = use if case.observed else None
        after = now if case.stays else None if case.desired is None or case.goes else use
        return Change(case.address, now, after)

    return Costs(uses=uses, sized=False)
