"""What a run says while it runs: a closed union of frozen values; renderers turn them into bars or lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model import Outcome, Plan, Progress, Step


@dataclass(frozen=True, slots=True)
class RunStarted:
    plan: Plan


@dataclass(frozen=True, slots=True)
class StepStarted:
    step: Step


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """The change is made and Azure is working on it; `detail` is Azure's state in words."""

    step: Step
    detail: str
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class StepLogged:
    """The whole of a log, again each time that it has grown."""

    step: Step
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Ctrl-C was seen: nothing new starts; these steps are still in flight."""

    in_flight: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RunFinished:
    outcomes: tuple[Outcome, ...]
    seconds: float


Event = RunStarted | StepStarted | StepWaiting | StepLogged | StepFinished | Interrupted | RunFinished
Listener = Callable[[Event], None]
