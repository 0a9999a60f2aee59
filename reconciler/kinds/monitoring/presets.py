"""The alerts that most who run work on Batch want, ready made. docs/monitoring.md tells of each why it is as it is.

Metrics of Batch may arrive late, twice or never, so no alert rests on a single point: windows are ten minutes or more.
Numbers of nodes are averaged, events counted. What no metric tells is asked of the logs, which have a column only after
the first row that needs it: such columns are read by `column_ifexists`, as a rule whose query fails for a week is
switched off. Source: learn.microsoft.com, Monitor Azure Batch, and troubleshooting of log search alerts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """An alert. It is about a metric, or about a query whose rows are counted, apart for each value of `by`."""

    description: str
    severity: int
    window: str
    every: str = "PT5M"
    beyond: str = "PT0S"
    """How long what it looks for lasts at least: a window that is no longer shows none of it."""
    operator: str = "GreaterThan"
    threshold: int | str = 0
    metric: str = ""
    dimensions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    query: str = ""
    by: Sequence[str] = ()


EVENTS = """\
AzureDiagnostics
| where ResourceProvider == "MICROSOFT.BATCH" and Category == "ServiceLog"
"""
PRESETS = {
    "taskFailures": Preset(
        description="More than 5 tasks have failed within 15 minutes. See why: reconcile why JOB.",
        severity=2,
        metric="TaskFailEvent",
        threshold=5,
        window="PT15M",
    ),
    "unusableNodes": Preset(
        description="Nodes have been unusable for 30 minutes; they cost, and run nothing. See why: reconcile why POOL.",
        severity=2,
        metric="UnusableNodeCount",
        window="PT30M",
    ),
    "startTaskFailedNodes": Preset(
        description="The start task of a pool fails, so its nodes run nothing. See why: reconcile why POOL.",
        severity=1,
        metric="StartTaskFailedNodeCount",
        window="PT15M",
    ),
    "poolBelowTarget": Preset(
        description="A pool has not got the nodes that it asked for. See why: reconcile why POOL.",
        severity=2,
        window="P1D",
        every="PT15M",
        query=EVENTS
        + """\
| where OperationName in ("PoolResizeCompleteEvent", "PoolDeleteStartEvent")
| extend pool = column_ifexists("id_s", ""), result = column_ifexists("resultCode_s", "")
| extend dedicated = column_ifexists("targetDedicatedNodes_d", 0.0) - column_ifexists("currentDedicatedNodes_d", 0.0)
| extend spot = column_ifexists("targetLowPriorityNodes_d", 0.0) - column_ifexists("currentLowPriorityNodes_d", 0.0)
| summarize arg_max(TimeGenerated, OperationName, result, dedicated, spot) by pool
| where OperationName == "PoolResizeCompleteEvent" and (dedicated > 0 or spot > 0)
""",
        by=("pool",),
    ),
    "quotaUse": Preset(
        description="More than 80 % of the cores that the account may have are in use. Ask for a larger quota in time.",
        severity=3,
        metric="CoreCount",
        threshold="80%",
        window="PT15M",
    ),
    "spotEvictions": Preset(
        description="More than 10 tasks were put back into the queue within an hour, as their Spot nodes were taken.",
        severity=3,
        metric="TaskRequeueEvent",
        threshold=10,
        window="PT1H",
    ),
    "idleCost": Preset(
        description="On average at least one node was idle for 6 hours; it costs. Let a formula scale the pool.",
        severity=3,
        metric="IdleNodeCount",
        operator="GreaterThanOrEqual",
        threshold=1,
        window="PT6H",
        every="PT1H",
    ),
    "noProgress": Preset(
        description="Tasks of a job run, and for two hours none has started or ended. See why: reconcile why JOB.",
        severity=2,
        window="P1D",
        every="PT15M",
        beyond="PT2H",
        query=EVENTS
        + """\
| where OperationName in ("TaskStartEvent", "TaskCompleteEvent")
| extend job = column_ifexists("jobId_s", ""), task = column_ifexists("id_s", "")
| summarize arg_max(TimeGenerated, OperationName) by job, task
| summarize running = countif(OperationName == "TaskStartEvent"), last = max(TimeGenerated) by job
| where running > 0 and last < ago(2h)
""",
        by=("job",),
    ),
    "throttling": Preset(
        description="Batch has turned away more than 50 requests within 15 minutes. Ask it less often.",
        severity=3,
        metric="ApiCount",
        dimensions={"result": ("429", "503")},
        threshold=50,
        window="PT15M",
    ),
    "formulaErrors": Preset(
        description="The autoscale formula of a pool cannot be evaluated. Check it: reconcile autoscale check.",
        severity=2,
        window="PT1H",
        every="PT15M",
        query=EVENTS
        + """\
| where OperationName == "PoolAutoScaleEvent"
| extend pool = column_ifexists("id_s", ""), error = column_ifexists("error_code_s", "")
| where isnotempty(error)
| project TimeGenerated, pool, error
""",
        by=("pool",),
    ),
}
"""Name in a spec → alert."""
