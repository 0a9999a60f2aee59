"""What can be seen of a resource by its type: metrics with their dimensions, and categories of logs and metrics.

Source: Microsoft's pages of supported metrics and logs (azure-monitor-docs, supported-metrics, supported-logs) of 2026.
Inferred: which categories belong to the group `audit`, and the category `Capacity` of storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BATCH = "Microsoft.Batch/batchAccounts"
STORAGE = "Microsoft.Storage/storageAccounts"
GAUGES = (
    "CoreCount", "LowPriorityCoreCount", "TotalNodeCount", "TotalLowPriorityNodeCount", "CreatingNodeCount",
    "StartingNodeCount", "WaitingForStartTaskNodeCount", "StartTaskFailedNodeCount", "IdleNodeCount",
    "RunningNodeCount", "RebootingNodeCount", "ReimagingNodeCount", "LeavingPoolNodeCount", "OfflineNodeCount",
    "PreemptedNodeCount", "UnusableNodeCount", "UnknownStateNodeCount",
)  # fmt: skip
"""Metrics that tell what there is; all others tell what has happened."""
POOL_EVENTS = (
    "PoolCreateEvent", "PoolDeleteStartEvent", "PoolDeleteCompleteEvent", "PoolResizeStartEvent",
    "PoolResizeCompleteEvent",
)  # fmt: skip
JOB_EVENTS = (
    "JobStartEvent", "JobDisableStartEvent", "JobDisableCompleteEvent", "JobTerminateStartEvent",
    "JobTerminateCompleteEvent", "JobDeleteStartEvent", "JobDeleteCompleteEvent",
)  # fmt: skip
TASK_EVENTS = ("TaskStartEvent", "TaskCompleteEvent", "TaskFailEvent", "TaskRequeueEvent", "TaskScheduleFailEvent")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its unit, its primary aggregation, and the dimensions by which it can be split."""

    name: str
    unit: str = "Count"
    aggregation: str = "Total"
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visible:
    """What a type shows of itself; `logs` are categories → the groups they belong to, `sums` categories of metrics."""

    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: tuple[str, ...] = ("AllMetrics",)
    metrics: tuple[Metric, ...] = ()


_ALL, _AUDIT = ("allLogs",), ("allLogs", "audit")
_STORED = Visible(
    {"StorageRead": _AUDIT, "StorageWrite": _AUDIT, "StorageDelete": _AUDIT}, sums=("Transaction", "Capacity")
)
KNOWN: Mapping[str, Visible] = {
    BATCH: Visible(
        {"AuditLog": _AUDIT, "ServiceLog": _ALL, "ServiceLogs": _ALL},
        metrics=(
            *(Metric(name) for name in GAUGES),
            *(Metric(name, dimensions=("poolId",)) for name in POOL_EVENTS),
            *(Metric(name, dimensions=("jobId",)) for name in JOB_EVENTS),
            *(Metric(name, dimensions=("poolId", "jobId")) for name in TASK_EVENTS),
            Metric("ApiCount", dimensions=("operation", "result")),
            Metric("ApiDuration", "MilliSeconds", "Average", ("operation", "result")),
        ),
    ),
    STORAGE: Visible(sums=("Transaction", "Capacity")),
    **{f"{STORAGE}/{service}Services": _STORED for service in ("blob", "file", "queue", "table")},
    "Microsoft.ContainerRegistry/registries": Visible(
        {"ContainerRegistryRepositoryEvents": _AUDIT, "ContainerRegistryLoginEvents": _AUDIT}
    ),
    "Microsoft.KeyVault/vaults": Visible({"AuditEvent": _AUDIT, "AzurePolicyEvaluationDetails": _ALL}),
    "Microsoft.OperationalInsights/workspaces": Visible({"Audit": _AUDIT, "SummaryLogs": _ALL, "Jobs": _ALL}),
}
_BY_TYPE = {name.lower(): seen for name, seen in KNOWN.items()}


def of(arm_type: str) -> Visible | None:
    """None for a type of which nothing can be seen."""
    return _BY_TYPE.get(arm_type.lower())


def metric(arm_type: str, name: str) -> Metric | None:
    seen = of(arm_type)
    return next((one for one in seen.metrics if one.name.lower() == name.lower()), None) if seen else None
