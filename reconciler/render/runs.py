"""The output of apply and destroy: text for a person, in a terminal or a log, or lines of JSON for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from reconciler.events import Listener
from reconciler.model import Outcome
from reconciler.render import as_json, as_text, progress
from reconciler.render.views import PlanView
from reconciler.report import Report

Say = Callable[[str], None]


class RunView(Protocol):
    """A run, from its plan to its end. `asks_first`: whether the plan is shown before the user is asked."""

    @property
    def asks_first(self) -> bool: ...

    def plan(self, view: PlanView) -> None: ...

    def listening(self) -> AbstractContextManager[Listener]: ...

    def outcomes(self, outcomes: Iterable[Outcome]) -> None: ...

    def reports(self, reports: Iterable[Report]) -> None: ...


@dataclass(frozen=True, slots=True)
class TextRun:
    """For people: the plan, bars in a terminal or plain lines elsewhere, the outcomes, and the reports."""

    say: Say
    terminal: bool
    colour: bool
    asks_first: bool = True

    def plan(self, view: PlanView) -> None:
        self.say(view.text(colour=self.colour))

    def listening(self) -> AbstractContextManager[Listener]:
        return progress.Bars(colour=self.colour) if self.terminal else nullcontext(progress.Lines(self.say))

    def outcomes(self, outcomes: Iterable[Outcome]) -> None:
        self.say(as_text.outcomes(outcomes, colour=self.colour))

    def reports(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self.say(f"\n{as_text.report(report)}")


@dataclass(frozen=True, slots=True)
class JsonRun:
    """For programs: events alone, a line each; the first holds the plan, the last the outcomes."""

    say: Say
    asks_first: bool = False

    def plan(self, view: PlanView) -> None:
        """The first event holds it."""

    def listening(self) -> AbstractContextManager[Listener]:
        return nullcontext(lambda event: self.say(as_json.event(event)))

    def outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """The last event holds them."""

    def reports(self, reports: Iterable[Report]) -> None:
        """The detail of each outcome holds it."""


def view(shape: str, say: Say, *, terminal: bool, colour: bool) -> RunView:
    """The run in one of the formats of views."""
    return JsonRun(say) if shape == "json" else TextRun(say, terminal, colour)
