"""Whether a plan stays within its spec's budget. Pure."""

from __future__ import annotations

from decimal import Decimal

from reconciler.cost.charges import Cost
from reconciler.cost.money import money


def over_budget(cost: Cost, maximum: Decimal | None) -> str:
    """Why the plan must not be carried out, or "" if it may.

    The most that may be running after the plan is compared, as far as its prices are known; builds do not count.
    """
    after = cost.after
    if maximum is None or after.month.high <= maximum:
        return ""
    how = "" if after.month.exact else "up to "
    if not after.complete:
        how = "at least "
    return (
        f"after this plan the spec would cost {how}{money(after.month.high, cost.currency)}/month, "
        f"but its budget is {money(maximum, cost.currency)}/month; ask for less, or raise budget.maxMonthly"
    )
