"""The Batch data plane's usage of pools: core hours, also of pools and nodes that are gone.

What is asked for must be over for two hours. Source: Pools_ListPoolUsageMetrics. Inferred: that intervals are half
hours from the full hour on, that a pool without nodes has none, and the code of the refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.batch import hours
from azure_local.batch.data.common import ACCOUNT, VERSIONS, account, listed
from azure_local.clock import parsed, stamp
from azure_local.http import Answer, Call, Failure

INTERVAL = timedelta(minutes=30)
LATE = timedelta(hours=2)


async def listing(azure: Azure, call: Call) -> Answer:
    return listed(azure, call, "poolusagemetrics", list(_metrics(azure, account(azure, call), *_span(azure, call))))


def _span(azure: Azure, call: Call) -> tuple[datetime, datetime]:
    """From the beginning of an interval on, and until when one must have ended.

    Failure 400 for what is not over for long enough.
    """
    query = {name.lower(): value for name, value in call.query.items()}
    late = azure.clock.now() - LATE
    until = parsed(query["endtime"]) if "endtime" in query else _begun(late)
    since = parsed(query["starttime"]) if "starttime" in query else until - INTERVAL
    for name, moment, last in (("startTime", since, late - INTERVAL), ("endTime", until, late)):
        if moment > last:
            reason = {"QueryParameterName": name, "QueryParameterValue": stamp(moment), "Reason": "It is too late."}
            text = "Value for one of the query parameters specified in the request URI is invalid."
            raise Failure(400, "InvalidQueryParameterValue", text, reason)
    return _begun(since), until


def _begun(moment: datetime) -> datetime:
    """The beginning of the interval of a moment."""
    minute = moment.minute // 30 * 30
    return moment.replace(minute=minute, second=0, microsecond=0)


def _metrics(azure: Azure, name: str, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    while since + INTERVAL <= until:
        used: Counter[tuple[str, str]] = Counter()
        for node in hours.between(azure, since, since + INTERVAL):
            if node.account.lower() == name.lower():
                used[node.pool, node.size] += node.hours * node.cores  # type: ignore[assignment]
        for (pool, size), core_hours in used.items():
            times = {"startTime": stamp(since), "endTime": stamp(since + INTERVAL)}
            yield {"poolId": pool, **times, "vmSize": size, "totalCoreHours": core_hours}
        since += INTERVAL


SERVICE = Service(plane="batch", routes=(Route("GET", f"{ACCOUNT}/poolusagemetrics", listing, VERSIONS),))
