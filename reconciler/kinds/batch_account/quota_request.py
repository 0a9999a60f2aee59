"""The support request that raises quotas of a Batch account, as Azure's support API takes it. Pure.

Source: learn.microsoft.com/rest/api/support/quota-payload (Azure Batch, at the account level), and the examples of
Microsoft.Support 2024-04-01. Azure takes dedicated cores by VM family only; that it raises the total of the account
with them is inferred, so the description asks for that. Whom Azure is to write to, and the id of Batch among the
problems of its quota service, it must be told by whoever sends it: they stand in capital letters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {"lowPriorityCoreQuota": "LowPriority", "poolQuota": "Pools", "activeJobAndJobScheduleQuota": "Jobs"}
"""Property of the account → what the support API calls it."""
FAMILIES = "dedicatedCoreQuotaPerVMFamily"
SERVICE = "/providers/Microsoft.Support/services/06bfd9d3-516b-d5c6-5802-169c800dec89"
"""The support service for quotas and limits of subscriptions."""
API_VERSION = "2024-04-01"
CONTACT = {
    "firstName": "FIRST-NAME",
    "lastName": "LAST-NAME",
    "preferredContactMethod": "email",
    "primaryEmailAddress": "NAME@EXAMPLE.COM",
    "preferredTimeZone": "UTC",
    "preferredSupportLanguage": "en-us",
    "country": "ISO-3166-ALPHA-3",
}


def request(subscription: str, account: str, region: str, short: Mapping[str, Any]) -> dict[str, Any]:
    """A request for the limits `short`: property of the account → its new limit; of FAMILIES by their names."""
    words = ", ".join(f"{name} {limit}" for name, limit in _limits(short))
    changes = [{"region": region, "payload": json.dumps(change)} for change in _changes(account, short)]
    body = {
        "serviceId": SERVICE,
        "problemClassificationId": f"{SERVICE}/problemClassifications/BATCH",
        "title": f"Quotas of the Batch account {account}",
        "description": f"Please raise the quotas of the Batch account {account} in {region} to: {words}.",
        "severity": "minimal",
        "advancedDiagnosticConsent": "No",
        "contactDetails": CONTACT,
        "quotaTicketDetails": {
            "quotaChangeRequestVersion": "1.0",
            "quotaChangeRequestSubType": "Account",
            "quotaChangeRequests": changes,
        },
    }
    place = f"/subscriptions/{subscription}/providers/Microsoft.Support/supportTickets/batch-quota-{account}"
    return {"method": "PUT", "url": f"{place}?api-version={API_VERSION}", "body": {"properties": body}}


def _limits(short: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, limit in short.items():
        if name == FAMILIES:
            yield from limit.items()
        else:
            yield name, limit


def _changes(account: str, short: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for family, limit in short.get(FAMILIES, {}).items():
        yield {"AccountName": account, "VMFamily": family, "NewLimit": limit, "Type": "Dedicated"}
    for name, called in TYPES.items():
        if name in short:
            yield {"AccountName": account, "NewLimit": short[name], "Type": called}
