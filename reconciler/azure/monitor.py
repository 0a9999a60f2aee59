"""What Azure Monitor has of a Batch account and what lies around it: metrics, log categories, and lengths of time.

Source: learn.microsoft.com, supported metrics of Microsoft.Batch/batchaccounts (list of 2026-07-31), supported resource
logs of Batch, of storage and of registries, and the limits of metric alerts and of log search alerts.
"""

from __future__ import annotations

BATCH = "Microsoft.Batch/batchAccounts"
NODES = ("poolId",)
JOBS = ("jobId",)
TASKS = ("poolId", "jobId")
GAUGES = frozenset(
    ("CoreCount", "LowPriorityCoreCount", "TotalNodeCount", "TotalLowPriorityNodeCount", "UnknownStateNodeCount")
) | {
    f"{state}NodeCount"
    for state in (
        "Creating", "Idle", "LeavingPool", "Offline", "Preempted", "Rebooting", "Reimaging", "Running",
        "StartTaskFailed", "Starting", "Unusable", "WaitingForStartTask",
    )
}  # fmt: skip
"""Metrics that are a number of nodes or cores of the whole account at a time: they have no dimensions."""
EVENTS = {
    **dict.fromkeys((f"Pool{event}Event" for event in ("Create", "DeleteStart", "DeleteComplete")), NODES),
    **dict.fromkeys(("PoolResizeStartEvent", "PoolResizeCompleteEvent"), NODES),
    **dict.fromkeys(
        (f"Job{event}{stage}Event" for event in ("Disable", "Terminate", "Delete") for stage in ("Start", "Complete")),
        JOBS,
    ),
    "JobStartEvent": JOBS,
    **dict.fromkeys((f"Task{event}Event" for event in ("Start", "Complete", "Fail", "Requeue", "ScheduleFail")), TASKS),
}
"""Metrics that have a point for each time that something happened → their dimensions."""
CALLS = {"ApiCount": ("operation", "result"), "ApiDuration": ("operation", "result")}
METRICS: dict[str, tuple[str, ...]] = {**dict.fromkeys(sorted(GAUGES), ()), **EVENTS, **CALLS}
"""Each metric of a Batch account → its dimensions."""
QUOTAS = {"CoreCount": "dedicatedCoreQuota", "LowPriorityCoreCount": "lowPriorityCoreQuota"}
"""Metric → the property of an account that is its upper bound."""

CATEGORIES = {
    BATCH: ("AuditLog", "ServiceLog"),
    "Microsoft.Storage/storageAccounts": ("StorageRead", "StorageWrite", "StorageDelete"),
    "Microsoft.ContainerRegistry/registries": (
        "ContainerRegistryRepositoryEvents",
        "ContainerRegistryLoginEvents",
    ),
}
"""ARM type → the categories of its logs, in the order of their worth. Those of storage are of its blobs."""
USUAL = {
    BATCH: CATEGORIES[BATCH],
    "Microsoft.Storage/storageAccounts": ("StorageWrite", "StorageDelete"),
    "Microsoft.ContainerRegistry/registries": CATEGORIES["Microsoft.ContainerRegistry/registries"],
}
"""ARM type → the categories that are kept of it where a spec names none: not each blob that is read."""
METRICS_OF = {"Microsoft.Storage/storageAccounts": "Transaction"}
"""ARM type → what its metrics are called in a diagnostic setting; AllMetrics where it says nothing."""
TABLES = frozenset(
    ("AzureDiagnostics", "AzureActivity", "AzureMetrics", "StorageBlobLogs", "Heartbeat", "Perf", "Syslog")
) | {"ContainerRegistryRepositoryEvents", "ContainerRegistryLoginEvents", "Usage"}
"""Tables of a workspace that logs of this kind reach; of others nothing is known here."""

METRIC_WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
METRIC_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
QUERY_WINDOWS = (
    "PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D", "P2D",
)  # fmt: skip
QUERY_FREQUENCIES = QUERY_WINDOWS[:-1]
