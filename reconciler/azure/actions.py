"""What Azure's names of actions tell: which are data actions, and which are of the subscription as a whole.

Source: learn.microsoft.com, Azure permissions: Microsoft.Batch (jobs and job schedules are data actions, pools and
applications are not), Microsoft.Storage, Microsoft.KeyVault, Microsoft.Resources.
"""

from __future__ import annotations

import re

_DATA = re.compile(
    r"Microsoft\.Batch/batchAccounts/(jobs|jobSchedules)/.*"
    r"|Microsoft\.Storage/storageAccounts/blobServices/containers/blobs/.*"
    r"|Microsoft\.KeyVault/vaults/secrets/(?!(read|write)$).*",
    re.IGNORECASE,
)
_WIDE = re.compile(
    r"Microsoft\.\w+/(register/action|locations/.*|checkNameAvailability/.*)"
    r"|Microsoft\.Compute/skus/read"
    r"|Microsoft\.Resources/subscriptions/(read|providers/read|resources/read|resourceGroups/write)"
    r"|Microsoft\.(ResourceHealth/events|Insights/eventtypes/values)/read",
    re.IGNORECASE,
)


def is_data(action: str) -> bool:
    """Whether it is a data action: one on what is in a resource, which `Actions` of a role do not give."""
    return bool(_DATA.fullmatch(action))


def is_wide(action: str) -> bool:
    """Whether it is about the subscription: what it is registered for and may use, making groups in it, and what
    happened in it."""
    return bool(_WIDE.fullmatch(action))
