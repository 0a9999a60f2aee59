"""The words of the formula language. Source: learn.microsoft.com/azure/batch/batch-automatic-scaling.

What the page leaves open is decided in docs/decisions/0006-autoscale.md.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import Enum


class Type(Enum):
    DOUBLE = "double"
    VECTOR = "doubleVec"
    STRING = "string"
    TIMESTAMP = "timestamp"
    INTERVAL = "timeinterval"
    METRIC = "service variable"
    """A read-only variable: an object with sample methods, which counts as a double in arithmetic."""
    NOTHING = "nothing"
    """The type of stop(), which has no value."""
    UNKNOWN = "unknown"
    """The type of an expression with an error; it causes no further errors."""


DEDICATED, SPOT, OPTION = "$TargetDedicatedNodes", "$TargetLowPriorityNodes", "$NodeDeallocationOption"
TARGETS = (DEDICATED, SPOT)
WRITABLE = {DEDICATED: Type.DOUBLE, SPOT: Type.DOUBLE, OPTION: Type.STRING}
ALIASES = {
    "$TargetDedicated": DEDICATED,
    "$TargetLowPriority": SPOT,
    "$CurrentDedicated": "$CurrentDedicatedNodes",
}
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
TASKS = ("$ActiveTasks", "$RunningTasks", "$PendingTasks", "$SucceededTasks", "$FailedTasks")
NODES = (
    "$CurrentDedicatedNodes",
    "$CurrentLowPriorityNodes",
    "$TaskSlotsPerNode",
    "$UsableNodeCount",
    "$PreemptedNodeCount",
)
RETIRED = (
    "$WallClockSeconds",
    "$MemoryBytes",
    "$DiskBytes",
    "$DiskReadBytes",
    "$DiskWriteBytes",
    "$DiskReadOps",
    "$DiskWriteOps",
    "$NetworkInBytes",
    "$NetworkOutBytes",
    "$SampleNodeCount",
)
"""Read-only variables that editions of the page up to 2020 list; newer editions do not."""
METRICS = (*TASKS, *NODES, "$CPUPercent", *RETIRED)
COUNTED = ("$CurrentDedicatedNodes", "$CurrentLowPriorityNodes", "$TaskSlotsPerNode")
"""Metrics that the formulas on the page use as plain numbers."""

INTERVALS = {
    "TimeInterval_Zero": 0.0,
    "TimeInterval_100ns": 1e-7,
    "TimeInterval_Microsecond": 1e-6,
    "TimeInterval_Millisecond": 1e-3,
    "TimeInterval_Second": 1.0,
    "TimeInterval_Minute": 60.0,
    "TimeInterval_Hour": 3600.0,
    "TimeInterval_Day": 86400.0,
    "TimeInterval_Week": 604800.0,
    "TimeInterval_Year": 31536000.0,
}
"""Seconds of each constant; a year is 365 days."""
MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")
"""The members of a timestamp; a week starts on Monday, which is 1."""
METHODS = {
    "GetSample": Type.VECTOR,
    "GetSamplePercent": Type.DOUBLE,
    "GetSamplePeriod": Type.INTERVAL,
    "Count": Type.DOUBLE,
    "HistoryBeginTime": Type.TIMESTAMP,
}
REDUCERS = ("avg", "len", "max", "min", "norm", "range", "std", "sum")
"""Functions that take any mixture of doubles and doubleVecs and give one double."""
COMPONENTWISE = ("ceil", "floor", "lg", "ln", "log", "round")
"""Functions that give a double for one double, and a doubleVec for a list."""
FUNCTIONS = (*REDUCERS, *COMPONENTWISE, "percentile", "rand", "stop", "time", "val")

BYTES, STATEMENTS = 8192, 100
"""The longest formula, and the most statements it may have."""
PERIOD = 30.0
"""Seconds between two samples."""
SHORTEST, DEFAULT, LONGEST = 300.0, 900.0, 168 * 3600.0
"""Seconds between two evaluations: the shortest that Batch accepts, its default, and the longest."""


def canonical(name: str) -> str:
    """The full name of an alias, and every other name as it is."""
    return ALIASES.get(name, name)


def closest(name: str, known: Iterable[str]) -> str:
    """`did you mean x?`, or an empty text if no known name is similar."""
    known = list(known)
    folded = {word.lower(): word for word in known}
    if name.lower() in folded:
        return f"did you mean {folded[name.lower()]}?"
    matches = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.7)
    return f"did you mean {folded[matches[0]]}?" if matches else ""
