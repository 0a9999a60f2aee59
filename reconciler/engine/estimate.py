"""How long a plan will take: each step by its history or by what its kind usually takes, and the longest chain."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kind import Kinds
from reconciler.model import Action, Address, Decision, Desired, Plan, Why


def key(decision: Decision) -> str:
    """The name under which the time of a decision is remembered; its dearest change is part of it."""
    changed = decision.diff and decision.action is not Action.CREATE
    rule = f" {decision.diff.rule.name.lower()}" if changed else ""
    return f"{decision.action}{rule} {decision.address}"


def seconds(
    plan: Plan, kinds: Kinds, desired: Mapping[Address, Desired], history: Mapping[str, float]
) -> dict[str, float]:
    """The expected seconds of every step of the plan, by step id."""
    decisions = {decision.address: decision for decision in plan.decisions}
    times = {}
    for step in plan.steps:
        decision = decisions.get(step.address) or Decision(step.address, step.action, Why.ABSENT, "")
        usual = kinds[step.address.kind].takes(decision, desired.get(step.address)).total_seconds()
        times[step.id] = history.get(key(decision), usual)
    return times


def critical_path(plan: Plan) -> tuple[float, tuple[str, ...]]:
    """The seconds of the longest chain of steps, and the steps on it in order."""
    longest: dict[str, tuple[float, tuple[str, ...]]] = {}
    after = {step.id: step.after for step in plan.steps}

    def way(name: str) -> tuple[float, tuple[str, ...]]:
        if name not in longest:
            before = max((way(step) for step in after[name] if step in after), default=(0.0, ()))
            longest[name] = (before[0] + plan.seconds.get(name, 0.0), (*before[1], name))
        return longest[name]

    return max((way(name) for name in after), default=(0.0, ()))
