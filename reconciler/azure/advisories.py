"""What Azure itself says of what a spec uses: resources that are not well, and troubles of its services. Pure.

Source: Microsoft.ResourceHealth 2025-05-01, AvailabilityStatus and Event. Inferred: what services are called there
(`impactedService`), that Virtual Machines are those of a pool, too, and the pages of the portal that links lead to.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.azure.retired import Retired

SERVICES: Mapping[str, tuple[str, ...]] = {
    "microsoft.authorization": ("azure resource manager", "microsoft entra id"),
    "microsoft.batch": ("batch", "virtual machines", "virtual machine scale sets"),
    "microsoft.compute": ("virtual machines", "azure compute gallery"),
    "microsoft.containerregistry": ("container registry",),
    "microsoft.insights": ("azure monitor", "alerts", "alerts & metrics"),
    "microsoft.keyvault": ("key vault",),
    "microsoft.managedidentity": ("managed identities", "microsoft entra id"),
    "microsoft.network": ("virtual network", "private link", "azure dns", "nat gateway", "network infrastructure"),
    "microsoft.operationalinsights": ("log analytics",),
    "microsoft.resources": ("azure resource manager",),
    "microsoft.storage": ("storage",),
}
"""Resource provider → the services whose troubles touch what it serves, in lower case."""
SORTS = {
    "ServiceIssue": "incident",
    "PlannedMaintenance": "maintenance",
    "HealthAdvisory": "advisory",
    "SecurityAdvisory": "security",
}
"""Types of events that are told → what they are called. Others are of what is over, or of bills."""
EVERYWHERE = "global"
PORTAL = "https://portal.azure.com/#resource{id}/resourceHealth"
EVENT = "https://app.azure.com/h/{name}"
LENGTH = 240
"""The most characters of what Azure says."""


@dataclass(frozen=True, slots=True)
class Used:
    """Something of a spec: its address, ARM id (empty if unknown), resource provider and region."""

    address: str
    id: str
    provider: str
    region: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """One thing that Azure says: `sort` is health, retirement or one of SORTS; `about` are the addresses that it
    touches."""

    sort: str
    what: str
    remedy: str
    about: tuple[str, ...]
    link: str = ""

    @property
    def ill(self) -> bool:
        """Whether something does not work now."""
        return self.sort in ("health", "incident")


def of_health(statuses: Iterable[Mapping[str, Any]], used: Iterable[Used]) -> Iterator[Advisory]:
    """Of the resources in use that are not available."""
    known = {one.id.lower(): one.address for one in used if one.id}
    for status in statuses:
        resource = re.split(r"/providers/microsoft\.resourcehealth/", str(status.get("id", "")), flags=re.IGNORECASE)[0]
        told = status.get("properties") or {}
        state = str(told.get("availabilityState", ""))
        address = known.get(resource.lower())
        if address and state.lower() in ("degraded", "unavailable"):
            reason = f", {str(told['reasonType']).lower()}" if told.get("reasonType") else ""
            why = _plain(told.get("summary") or told.get("title"))
            what = f"{address} is {state.lower()} since {_minute(told.get('occuredTime'))}{reason}: {why}"
            yield Advisory("health", what, _advice(told), (address,), PORTAL.format(id=resource))


def of_events(events: Iterable[Mapping[str, Any]], used: Sequence[Used]) -> Iterator[Advisory]:
    """Of the events that are not over and touch a service and region in use; a trouble that is now comes first."""
    found = [one for event in events if (one := _event(event, used))]
    yield from sorted(found, key=lambda one: not one.ill)


def of_retired(about: tuple[str, ...], key: str, notice: Retired, today: date) -> Advisory:
    """Of something retired that a spec has at `key`."""
    return Advisory("retirement", f"{key}: {notice.sentence(today)}", notice.remedy, about)


def _event(event: Mapping[str, Any], used: Sequence[Used]) -> Advisory | None:
    told = event.get("properties") or {}
    sort = SORTS.get(str(told.get("eventType")), "")
    touched = {one.address: service for service, regions in _impact(told) for one in _touched(service, regions, used)}
    if not sort or not touched or str(told.get("status", "")).lower() != "active":
        return None
    if str(told.get("eventSubType", "")).lower() == "retirement":
        sort = "retirement"
    name = str(event.get("name", ""))
    where = ", ".join(dict.fromkeys(touched.values()))
    what = f"{where} since {_minute(told.get('impactStartTime'))}: {_text(told)} [{name}]"
    link = EVENT.format(name=name) if re.fullmatch(r"[\w-]+", name, re.ASCII) else ""
    return Advisory(sort, what, _recommended(told), tuple(touched), link)


def _impact(told: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each service that an event impacts, with the regions in which it still does."""
    for impact in told.get("impact") or ():
        regions = impact.get("impactedRegions") or ()
        active = [one for one in regions if str(one.get("status") or "Active").lower() == "active"]
        places = [str(one.get("impactedRegion") or EVERYWHERE) for one in active]
        yield str(impact.get("impactedService", "")), places if regions else [EVERYWHERE]


def _touched(service: str, regions: Iterable[str], used: Sequence[Used]) -> Iterator[Used]:
    name, places = service.lower(), {region.replace(" ", "").lower() for region in regions}
    for one in used:
        if name in SERVICES.get(one.provider.lower(), ()) and places & {one.region, EVERYWHERE}:
            yield one


def _recommended(told: Mapping[str, Any]) -> str:
    actions = (told.get("recommendedActions") or {}).get("actions") or ()
    return "; ".join(_plain(one.get("actionText")) for one in actions)


def _advice(told: Mapping[str, Any]) -> str:
    return "; ".join(_plain(one.get("action")) for one in told.get("recommendedActions") or ())


def _text(told: Mapping[str, Any]) -> str:
    """The title of an event, and its summary where that says more."""
    title, summary = _plain(told.get("title")), _plain(told.get("summary"))
    return ": ".join(dict.fromkeys(filter(None, (title, summary))))


def _plain(text: Any) -> str:
    """Text out of what may be HTML, in one line and not too long."""
    told = " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", str(text or ""))).split())
    return told if len(told) <= LENGTH else f"{told[:LENGTH].rstrip()}..."


def _minute(moment: Any) -> str:
    """`2026-06-01 14:05 UTC` of a time as Azure writes it."""
    match = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", str(moment))
    return f"{match[1]} {match[2]} UTC" if match else "an unknown time"
