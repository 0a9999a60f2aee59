"""What the workbook of a Batch account shows: nodes, tasks and calls by metrics, and the last events of its logs. Pure.

The form of its items is that of Microsoft's own workbooks (github.com/microsoft/Application-Insights-Workbooks); that
the portal draws just these so was not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.azure.monitor import BATCH
from reconciler.kinds.monitoring.presets import EVENTS

AVERAGE, COUNT, SUM = 4, 7, 1
"""How the portal numbers aggregations."""
METRICS: Mapping[str, tuple[Sequence[str], int]] = {
    "Nodes by state": (
        ("IdleNodeCount", "RunningNodeCount", "StartingNodeCount", "StartTaskFailedNodeCount", "UnusableNodeCount",
         "PreemptedNodeCount"),
        AVERAGE,
    ),
    "Cores": (("CoreCount", "LowPriorityCoreCount"), AVERAGE),
    "Tasks": (("TaskStartEvent", "TaskCompleteEvent", "TaskFailEvent", "TaskRequeueEvent"), COUNT),
    "Requests": (("ApiCount",), SUM),
}  # fmt: skip
LOGS = {
    "Tasks that failed": EVENTS
    + """\
| where OperationName == "TaskFailEvent"
| project TimeGenerated, job = column_ifexists("jobId_s", ""), task = column_ifexists("id_s", "")
| order by TimeGenerated desc
| take 100
""",
    "Pools that were resized": EVENTS
    + """\
| where OperationName == "PoolResizeCompleteEvent"
| project TimeGenerated, pool = column_ifexists("id_s", ""), result = column_ifexists("resultCode_s", "")
| order by TimeGenerated desc
| take 100
""",
}


def content(account_id: str, workspace_id: str) -> dict[str, Any]:
    """The workbook of an account, with what its logs say if they go to a workspace."""
    items = [_metrics(title, account_id, *what) for title, what in METRICS.items()]
    if workspace_id:
        items += [_logs(title, workspace_id, query) for title, query in LOGS.items()]
    return {"version": "Notebook/1.0", "items": items, "fallbackResourceIds": [account_id]}


def meant(text: str) -> Any:
    """What a content means; a text that is no JSON stands for itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _metrics(title: str, account_id: str, names: Sequence[str], aggregation: int) -> dict[str, Any]:
    shown = [
        {"namespace": BATCH.lower(), "metric": f"{BATCH.lower()}--{name}", "aggregation": aggregation} for name in names
    ]
    chart = {
        "version": "MetricsItem/2.0",
        "size": 0,
        "chartType": 2,
        "title": title,
        "resourceType": BATCH.lower(),
        "metricScope": 0,
        "resourceIds": [account_id],
        "timeContext": {"durationMs": 86_400_000},
        "metrics": shown,
    }
    return {"type": 10, "name": title, "content": chart}


def _logs(title: str, workspace_id: str, query: str) -> dict[str, Any]:
    table = {
        "version": "KqlItem/1.0",
        "query": query,
        "size": 0,
        "title": title,
        "timeContext": {"durationMs": 86_400_000},
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "crossComponentResources": [workspace_id],
    }
    return {"type": 3, "name": title, "content": table}
