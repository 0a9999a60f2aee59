"""When each step of a plan is expected to begin and end, and whether it is on the longest way. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from reconciler.model import Plan, Step


@dataclass(frozen=True, slots=True)
class Span:
    """A step, the seconds after the start of the plan at which it begins and ends, and whether it delays the end."""

    step: Step
    start: float
    end: float
    critical: bool


def spans(plan: Plan, way: Collection[str]) -> tuple[Span, ...]:
    """The steps as they begin, each when those before it have ended; `way` are the steps that delay the end."""
    ends: dict[str, float] = {}
    found, left = [], {step.id: step for step in plan.steps}
    while left:
        ready = [step for step in left.values() if not any(name in left for name in step.after)]
        for step in ready or list(left.values()):  # only a file that is not ours has steps that wait for one another
            start = max((ends.get(name, 0.0) for name in step.after), default=0.0)
            ends[step.id] = start + plan.seconds.get(step.id, 0.0)
            found.append(Span(step, start, ends[step.id], step.id in way))
            del left[step.id]
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))
