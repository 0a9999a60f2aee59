"""The quotas of cores of a Batch account, and what nodes take of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.cloud.capacity import Size
from reconciler.kind.needs import Nodes
from reconciler.model import Body


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit of cores: of dedicated or spot nodes, of one family of sizes or of all."""

    name: str
    limit: int
    dedicated: bool
    family: str = ""

    def counts(self, size: Size | None) -> bool:
        return size is not None and (not self.family or size.family.lower() == self.family.lower())


def quotas(account: Body) -> Iterator[Quota]:
    """The quotas of cores that an account's properties tell; one in UserSubscription mode has none of its own."""
    if account.get("dedicatedCoreQuota") is not None:
        yield Quota("dedicatedCoreQuota", account["dedicatedCoreQuota"], dedicated=True)
    if account.get("lowPriorityCoreQuota") is not None:
        yield Quota("lowPriorityCoreQuota", account["lowPriorityCoreQuota"], dedicated=False)
    if account.get("dedicatedCoreQuotaPerVMFamilyEnforced"):
        for family in account.get("dedicatedCoreQuotaPerVMFamily") or ():
            yield Quota(
                f"the core quota of {family['name']}", family["coreQuota"], dedicated=True, family=family["name"]
            )


def held(quota: Quota, pool: Nodes | None, sizes: Mapping[str, Size]) -> int:
    """The cores of a quota that nodes take; `sizes` are by lower-case name."""
    size = sizes.get(pool.size.lower()) if pool else None
    if pool is None or size is None or not quota.counts(size):
        return 0
    return size.cores * (pool.dedicated if quota.dedicated else pool.spot)
