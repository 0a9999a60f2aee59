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


@dataclass(frozen=True, slots=True)
class NoticeLogged:
    """A line that a command printed which was run as a job had ended; `to` is what people call it."""

    job: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """The end of a job was told to somebody, or could not be, for the reason in `error`. It may come after RunFinished.

    Without a `to` it is about all that are to be told.
    """

    job: str
    to: str
    error: str = ""


Event = (
    RunStarted
    | StepStarted
    | StepWaiting
    | StepLogged
    | StepFinished
    | Interrupted
    | RunFinished
    | NoticeLogged
    | NoticeSent
)
Listener = Callable[[Event], None]
