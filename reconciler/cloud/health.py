"""What Azure says of itself, read: the activity log, the health of resources, and events of its services.

Each in one request, as a rule, and in a few pages at most: the newest come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from reconciler.azure.activity import KEPT, MEMBERS, asking
from reconciler.cloud.cloud import Cloud

PAGES = 3
"""The most pages that are read of a list."""
LOG, HEALTH = "2015-04-01", "2025-05-01"
"""The api-versions of the activity log, and of resources' and services' health."""


def activity(cloud: Cloud, now: datetime) -> list[dict[str, Any]]:
    """What happened in the spec's resource group in the last three months, as far as a few pages have it."""
    place = f"{_subscription(cloud)}/providers/Microsoft.Insights/eventtypes/management/values"
    return _pages(cloud, place, LOG, filter=asking(cloud.target.resource_group, now - KEPT), select=MEMBERS)


def statuses(cloud: Cloud) -> list[dict[str, Any]]:
    """How available the resources of the spec's resource group are."""
    return _pages(cloud, f"{cloud.group_id}/providers/Microsoft.ResourceHealth/availabilityStatuses", HEALTH)


def events(cloud: Cloud, now: datetime) -> list[dict[str, Any]]:
    """Events of services that touch the subscription, as of the last three months.

    Source: Microsoft.ResourceHealth, Event.tsp: without queryStartTime, which is month/day/year, those of three days.
    """
    since = now - KEPT
    query = {"api-version": HEALTH, "queryStartTime": f"{since.month}/{since.day}/{since.year}"}
    place = f"{_subscription(cloud)}/providers/Microsoft.ResourceHealth/events"
    return _pages(cloud, f"{cloud.endpoints.resource_manager}{place}?{urlencode(query)}", None)


def _subscription(cloud: Cloud) -> str:
    return f"/subscriptions/{cloud.target.subscription}"


def _pages(cloud: Cloud, path: str, version: str | None, **query: str) -> list[dict[str, Any]]:
    return [item for page in _answers(cloud, path, version, **query) for item in page.get("value") or ()]


def _answers(cloud: Cloud, path: str, version: str | None, **query: str) -> Iterator[dict[str, Any]]:
    answer = cloud.arm("GET", path, None, version, **query)
    for _ in range(PAGES - 1):
        yield answer.body
        if not answer.body.get("nextLink"):
            return
        answer = cloud.arm("GET", answer.body["nextLink"])
    yield answer.body
