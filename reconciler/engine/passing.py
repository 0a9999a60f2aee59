"""Which refusals pass by themselves: the same request may well succeed later."""

from __future__ import annotations

from reconciler.errors import AzureError, ReconcileError, Unreachable

PASSING_CODES = frozenset(
    {
        "AccountIsBeingCreated",
        "AnotherOperationInProgress",
        "CannotDeleteResource",  # a gallery believes for a while that what was in it is there; kinds look first
        "ConditionNotMet",
        "JobBeingDeleted",
        "JobExists",  # a schedule that becomes a job goes first, or the other way round
        "JobWithSameIdExists",
        "MissingSubscriptionRegistration",  # apply registers it
        "OperationPreempted",
        "ParentResourceNotFound",
        "PoolBeingDeleted",
        "PoolBeingResized",
        "PrincipalNotFound",
        "ResourceGroupBeingDeleted",
        "ResourceGroupNotFound",
        "RetryableError",
        "StorageAccountIsNotProvisioned",
        "StorageAccountOperationInProgress",
    }
)
"""Azure codes that say "not now" in answer to a correct request."""

PASSING_STATUSES = frozenset({408, 412, 429, 500, 502, 503, 504})


def passing(error: ReconcileError) -> bool:
    """Whether the same request may well succeed later."""
    if isinstance(error, AzureError):
        return error.status in PASSING_STATUSES or error.code in PASSING_CODES
    return isinstance(error, Unreachable)
