"""What a kind's verbs must be allowed to do, by the names that Azure's roles have for it.

That a kind reads, writes and deletes its own ARM type goes without saying, so it names only what comes in addition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model import Desired

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
JOBS = "Microsoft.Batch/batchAccounts/jobs"
SCHEDULES = "Microsoft.Batch/batchAccounts/jobSchedules"
POOLS = "Microsoft.Batch/batchAccounts/pools"
ACCOUNT = "Microsoft.Batch/batchAccounts/read"
STORAGE = "Microsoft.Storage/storageAccounts/read"
ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
PULL = "Microsoft.ContainerRegistry/registries/pull/read"
SIZES = "Microsoft.Compute/skus/read"
GROUPED = "Microsoft.Resources/subscriptions/resourceGroups/resources/read"
RESOURCES = "Microsoft.Resources/subscriptions/resources/read"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Actions and data actions, in addition to those on the kind's own ARM type.

    sees     for its list, in any plan
    checks   for what is asked before one is made or changed; without it a plan checks less
    reads    for a plan of a spec that has one
    writes   to make and change one
    deletes  to delete one
    around   what is read of the whole subscription before one is deleted, to see who uses it
    of       what one needs by what it is
    """

    sees: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    of: Callable[[Desired], Permissions] | None = None


NONE = Permissions()
