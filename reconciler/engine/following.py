"""Work that begins after other work: looked at once that has ended, and held where that cannot be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model import Action, Address, Decision, Desired, Observed, Why
from reconciler.words import some

STEPS = (Action.CREATE, Action.UPDATE, Action.WAIT)
"""What is done about work."""


def ordered(
    decisions: Mapping[Address, Decision], desired: Mapping[Address, Desired], live: Mapping[Address, Observed]
) -> dict[Address, Decision]:
    """The decisions, with what those about work that follows other work become. `desired` has what is followed first.

    What the work is may depend on what it follows, so that it is looked at again after each step of that.
    """
    made = dict(decisions)
    for address, want in desired.items():
        if want.follows and made[address].action in (*STEPS, Action.NONE):
            made[address] = _ordered(made[address], want, made, live)
    return made


def _ordered(
    decision: Decision, want: Desired, made: Mapping[Address, Decision], live: Mapping[Address, Observed]
) -> Decision:
    going = [other for other in want.follows if made[other].action in STEPS]
    resting = [other for other in want.follows if other not in going]
    lacking = [f"{other} {lack}" for other in resting if (lack := _lack(made[other], live.get(other)))]
    if lacking and decision.action in (Action.CREATE, Action.UPDATE):
        reason = f"{decision.reason}; held, as {' and '.join(lacking)}"
        return replace(decision, action=Action.NONE, why=Why.STALLED, reason=reason)
    if not going:
        return decision
    reason = f"{decision.reason}; after {some(list(map(str, going)))}"
    if decision.action is Action.NONE:
        return replace(decision, action=Action.WAIT, why=Why.BUSY, reason=reason)
    return replace(decision, reason=reason)


def _lack(decision: Decision, observed: Observed | None) -> str:
    """Why what follows work may not begin, about which nothing is done."""
    if observed is None:
        return "could not be read" if decision.action is Action.UNKNOWN else "is not there"
    return observed.lacks or ("is held" if decision.why is Why.STALLED else "")
