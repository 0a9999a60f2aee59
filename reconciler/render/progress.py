"""The progress of a run while it goes on: bars in a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from reconciler.events import (
    Event,
    Interrupted,
    NoticeLogged,
    NoticeSent,
    RunFinished,
    StepFinished,
    StepStarted,
    StepWaiting,
)
from reconciler.model import Action, Progress, Status
from reconciler.render.plain import clean, lines

DOING = {
    Action.CREATE: "creating",
    Action.UPDATE: "updating",
    Action.REPLACE: "replacing",
    Action.DELETE: "deleting",
    Action.WAIT: "waiting for",
}
HALF = 36
"""How many characters of a name or a detail a bar shows."""
QUIET_SECONDS = 5.0
"""Seconds between two progress lines of one step."""


class Lines:
    """A line when a step starts, moves or ends."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.shown: dict[str, tuple[str, float]] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self.say(f"{DOING[event.step.action]} {clean(event.step.id)}")
        elif isinstance(event, StepWaiting):
            self._waiting(event)
        elif isinstance(event, StepFinished):
            self.say(finished(event))
        elif isinstance(event, Interrupted):
            self.say(interrupted(event))

    def _waiting(self, event: StepWaiting) -> None:
        text = f"{event.detail}{f', {counts(event.progress)}' if event.progress else ''}"
        before, at = self.shown.get(event.step.id, ("", 0.0))
        patience = QUIET_SECONDS if event.progress else 1.0
        if text and text != before and time.monotonic() - at > patience:
            self.shown[event.step.id] = (text, time.monotonic())
            self.say(f"  {clean(event.step.id)}: {lines(text, 4)}")


class Bars:
    """A bar for each running step in a terminal; ended steps scroll up as lines. Use as a context."""

    def __init__(self, *, colour: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(no_color=not colour, highlight=False)
        columns: list[Any] = [
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeElapsedColumn(),
        ]
        self.console = console
        self.progress = Progress(*columns, console=console, transient=True)
        self.bars: dict[str, Any] = {}
        self.begun: dict[str, float] = {}

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            what = f"{DOING[event.step.action]} {clean(event.step.id)}"
            self.bars[event.step.id] = self.progress.add_task(_short(what), total=None, detail="")
        elif isinstance(event, StepWaiting):
            self._waiting(event)
        elif isinstance(event, StepFinished):
            bar = self.bars.pop(event.outcome.step.id, None)
            if bar is not None:
                self.progress.remove_task(bar)
            self.console.print(finished(event), markup=False)
        elif isinstance(event, Interrupted):
            self.console.print(interrupted(event), markup=False)
        elif isinstance(event, NoticeLogged | NoticeSent):
            self.console.print(notice(event), markup=False)
        elif isinstance(event, RunFinished):
            self.progress.stop()

    def _waiting(self, event: StepWaiting) -> None:
        bar = self.bars[event.step.id]
        detail = _short(clean(event.detail))
        if event.progress is None:
            self.progress.update(bar, detail=detail)
            return
        begun = self.begun.setdefault(event.step.id, time.monotonic())
        ended = event.progress.done + event.progress.failed
        rate = ended / max(0.1, time.monotonic() - begun)
        detail = f"{counts(event.progress)}, {rate:.0f} {event.progress.unit}/s"
        self.progress.update(bar, total=event.progress.total, completed=ended, detail=detail)


def finished(event: StepFinished) -> str:
    """The end of a step, without its error: that is told once, at the end of the run."""
    outcome = event.outcome
    mark = {Status.DONE: "✓", Status.FAILED: "✗"}.get(outcome.status, "·")
    line = f"{mark} {clean(outcome.step.id)} {outcome.status} ({outcome.seconds:.1f} s)"
    return f"{line}: {lines(outcome.detail, 2)}" if outcome.detail and not outcome.error else line


def notice(event: NoticeLogged | NoticeSent) -> str:
    """A line about telling the end of a job."""
    if isinstance(event, NoticeLogged):
        return f"  {clean(event.to)}: {clean(event.text)}"
    job, to = f"the end of job {clean(event.job)}", f"the {clean(event.to)}"
    if not event.error:
        return f"✓ {job} told to {to}"
    if not event.to:
        return f"warning: {job}: {lines(event.error, 2)}"
    return f"warning: {job} was not told to {to}: {lines(event.error, 2)}; the next apply tries again"


def interrupted(event: Interrupted) -> str:
    names = ", ".join(clean(step.id) for step in event.in_flight) or "nothing"
    return f"Interrupted: nothing new is started; in flight: {names}. Press Ctrl-C again to leave them to Azure."


def _short(text: str) -> str:
    """`text` cut to half a line: a bar that wraps would be drawn over the lines above it."""
    return text if len(text) <= HALF else f"{text[: HALF - 1]}…"


def counts(progress: Progress) -> str:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return f"{progress.done:,} of {progress.total:,} {progress.unit}{failed}"
