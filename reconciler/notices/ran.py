"""Which tasks of a job have ended since a moment, as Batch lists them.

Whether a job has ended anew is told by this: tasks that have run, and ended after the last end that was told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.azure import ends
from reconciler.cloud import batch_runs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.told import NEVER

SELECTED = ["id", "state", "stateTransitionTime", "executionInfo"]


@dataclass(slots=True)
class Ran:
    """The tasks that have ended since then.

    anew       some of them had begun: what was only ended as it could never begin is no end of its own
    began      when the first of them began
    ended      when the last of them ended
    cancelled  how many somebody ended
    reasons    why some have failed → how many, and `first` is the id of one of these
    """

    anew: bool = False
    began: datetime | None = None
    ended: datetime = NEVER
    cancelled: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def take(self, raw: dict[str, Any], ended: datetime) -> None:
        info = raw.get("executionInfo") or {}
        self.ended = max(self.ended, ended)
        if "startTime" in info:
            begun = datetime.fromisoformat(info["startTime"])
            self.anew, self.began = True, min(self.began or begun, begun)
        if why := ends.reason(info):
            self.cancelled += ends.cancelled(info)
            self.reasons[why] += 1
            self.first.setdefault(why, raw["id"])


def since(cloud: Cloud, job: str, moment: datetime) -> Ran:
    """The tasks of a live job that have ended after a moment."""
    ran = Ran()
    condition = "state eq 'completed'"
    if moment > NEVER:
        condition += f" and {batch_runs.changed(moment)}"
    for task in cloud.batch().list_tasks(job, filter=condition, select=SELECTED):
        raw = task.as_dict()
        ended = datetime.fromisoformat(raw["stateTransitionTime"])
        if ended > moment:
            ran.take(raw, ended)
    return ran
