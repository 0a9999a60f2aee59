"""`plan --who`: who changed or deleted what differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading


def noted(reading: Reading, cloud: Cloud) -> Reading:
    """The reading with notes of that."""
    from reconciler.diagnosis import who
    from reconciler.kinds import KINDS

    told = who.notes(cloud, KINDS, reading.plan.decisions, reading.desired, reading.observed)
    return replace(reading, plan=replace(reading.plan, notes=(*reading.plan.notes, *told)))
