"""How many core hours the pools of an account had, also those that are gone, and how many cores a size has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.cloud import capacity
from reconciler.cloud.cloud import Cloud
from reconciler.cost.ran import Used

LATE = timedelta(hours=2)
"""How long after its end Batch tells about a span of time. Source: Batch service, Pool - List Usage Metrics."""
INTERVAL = timedelta(minutes=30)
"""What Batch tells about at a time, from the full hour on. Inferred from the hours that it may be asked for."""


def span(now: datetime, seconds: float) -> tuple[datetime, datetime]:
    """The last so many seconds, as far as Batch tells about them: whole intervals."""
    return _begun(now - timedelta(seconds=seconds)), _begun(now - LATE)


def _begun(moment: datetime) -> datetime:
    return moment - (moment - moment.replace(minute=0, second=0, microsecond=0)) % INTERVAL


def listing(cloud: Cloud, since: datetime, until: datetime) -> Iterator[Used]:
    for metrics in cloud.batch().list_pool_usage_metrics(start_time=since, end_time=until):
        yield Used(metrics.pool_id, metrics.vm_size, metrics.total_core_hours)


def cores(cloud: Cloud, location: str) -> dict[str, int]:
    """Size in lower case → its cores, of all sizes of a region."""
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute/skus"
    skus = cloud.list_arm(place, filter=f"location eq '{location}'")
    sizes = (capacity.size(sku, location) for sku in skus if sku.get("resourceType") == "virtualMachines")
    return {size.name.lower(): size.cores for size in sizes}
