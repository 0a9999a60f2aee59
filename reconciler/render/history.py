"""What became of a job: a line for each of its runs, for people and programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.course import Run
from reconciler.render.plain import clean, table
from reconciler.words import duration

HEAD = ("RUN", "JOB", "MADE (UTC)", "TASKS", "SUCCEEDED", "FAILED", "TOOK", "NODE-H", "NOW")
UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The runs of the job `name`, the oldest first."""

    name: str
    runs: Sequence[Run]

    def text(self, *, colour: bool) -> str:
        rows = [self._row(number, run) for number, run in enumerate(self.runs, 1)]
        return table(HEAD, rows) if rows else f"{clean(self.name)} has not run yet, as far as is known."

    def document(self) -> Any:
        return [
            {
                "run": number,
                "id": run.job,
                "state": run.state,
                "made": _iso(run.made),
                "kept": _iso(run.kept),
                "states": dict(run.states),
                "seconds": _rounded(run.seconds, 3),
                "nodeHours": _rounded(run.node_hours, 5),
            }
            for number, run in enumerate(self.runs, 1)
        ]

    def _row(self, number: int, run: Run) -> tuple[str, ...]:
        whole = run.seconds is not None
        return (
            str(number),
            clean(run.job) or UNKNOWN,
            f"{run.made:%Y-%m-%d %H:%M}" if run.made else UNKNOWN,
            f"{sum(run.states.values()):,}" if whole else UNKNOWN,
            f"{run.states.get('succeeded', 0):,}",
            f"{run.states.get('failed', 0):,}" if whole else UNKNOWN,
            UNKNOWN if run.seconds is None else duration(run.seconds),
            UNKNOWN if run.node_hours is None else f"{run.node_hours:,.2f}",
            clean(run.state),
        )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
