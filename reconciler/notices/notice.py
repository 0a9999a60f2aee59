"""What is told of the end of a job: JSON for a program, variables for a command, a line for a person. Pure.

`schemas/notification.schema.json` describes the JSON. `text` is there for receivers that show nothing else, such as
chats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.notices.ran import Ran
from reconciler.report import End, Report
from reconciler.secret import hidden, hidden_in
from reconciler.spec.spec import Spec

VERSION = 1
SHOWN = 5
"""How many reasons of failures are told, those with the most failures first."""
LONGEST = 300
"""Characters of a reason: others write it."""
SUCCESS, FAILURE = "success", "failure"
_CAPITAL = re.compile(r"(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Notice:
    """The end of a job of a spec: `live` is the id of the job in Azure, `work` what was done in it, all of it ended."""

    spec: Spec
    job: str
    live: str
    work: Sequence[tuple[Report, End]]
    ran: Ran

    @property
    def succeeded(self) -> int:
        return sum(end.succeeded for _, end in self.work)

    @property
    def failed(self) -> int:
        return sum(end.failed for _, end in self.work)

    @property
    def unstarted(self) -> int:
        return sum(end.unstarted for _, end in self.work)

    @property
    def outcome(self) -> str:
        return FAILURE if self.failed or self.unstarted else SUCCESS

    @property
    def seconds(self) -> float:
        return max(0.0, round((self.ran.ended - (self.ran.began or self.ran.ended)).total_seconds(), 1))

    @property
    def look(self) -> str:
        """The command that tells more."""
        return f"reconcile {'status' if self.outcome == SUCCESS else 'why'} {self.job}"

    def text(self) -> str:
        units = {end.unit for _, end in self.work}
        unit = units.pop() if len(units) == 1 else "items"
        total = self.succeeded + self.failed + self.unstarted
        unit = unit.removesuffix("s") if total == 1 else unit
        well = f"{self.succeeded:,} {unit} succeeded"
        told = [f"{self.failed:,} of {total:,} {unit} failed" if self.failed else well]
        told += [f"{self.ran.cancelled:,} of them cancelled"] if self.failed and self.ran.cancelled else []
        told += [f"{self.unstarted:,} never began"] if self.unstarted else []
        return f"Job {self.job} of {self.spec.name} has ended: {', '.join(told)}. More: {self.look}"

    def document(self) -> str:
        """The JSON that a webhook gets, and a command on its standard input."""
        body = {
            "version": VERSION,
            "event": "JobEnded",
            "text": self.text(),
            **self._facts(),
            "began": _moment(self.ran.began),
            "ended": _moment(self.ran.ended),
            "work": [_work(report, end) for report, end in self.work],
            "failures": self._failures(),
            "look": self.look,
        }
        return json.dumps(hidden_in(body), ensure_ascii=False)

    def variables(self) -> Mapping[str, str]:
        """What a command finds in its environment: names and numbers, nothing that others wrote."""
        return {f"RECONCILE_{_CAPITAL.sub('_', key).upper()}": str(value) for key, value in self._facts().items()}

    def _facts(self) -> dict[str, Any]:
        azure, account = self.spec.azure, self.spec.batch_account
        return {
            "spec": self.spec.name,
            "job": self.job,
            "jobId": self.live,
            "batchAccount": account["name"] if account else "",
            "resourceGroup": azure.resource_group,
            "subscription": azure.subscription,
            "outcome": self.outcome,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "cancelled": self.ran.cancelled,
            "unstarted": self.unstarted,
            "seconds": self.seconds,
        }

    def _failures(self) -> Sequence[dict[str, Any]]:
        """Reasons that the work tells, and those of tasks, each with the most frequent first."""
        told = [
            {"reason": hidden(why)[:LONGEST], "count": number, "unit": end.unit, "example": ""}
            for _, end in self.work
            for why, number in sorted(end.failures.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        ]
        tasks = [
            {"reason": hidden(why)[:LONGEST], "count": number, "unit": "tasks", "example": self.ran.first[why]}
            for why, number in self.ran.reasons.most_common(SHOWN)
        ]
        return [failure for failure in (*told, *tasks) if failure["count"]]


def _work(report: Report, end: End) -> dict[str, Any]:
    numbers = {"succeeded": end.succeeded, "failed": end.failed, "unstarted": end.unstarted}
    return {"address": str(report.address), "unit": end.unit, **numbers, "summary": report.summary}


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
