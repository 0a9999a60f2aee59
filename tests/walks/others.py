"""What somebody else has in the resource group of a walk, and what of it is not as they left it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.cloud import arm, batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds import KINDS
from tests.conftest import World

KEY, VALUE = "theirs", "untouched"
VERSIONS = {kind.arm.name.lower(): kind.arm.api_version for kind in KINDS.values() if kind.arm}
BLOBS = "blobServices/default/containers"


@dataclass
class Others:
    """A tag on every resource, a pair of metadata on every container, pool and job, a container and an identity.

    `left` holds the ids of what carries their pair; an id ends with what tells a resource from a later one there.
    """

    world: World
    left: set[str] = field(default_factory=set)

    def plant(self) -> None:
        """Add what is missing to what has come meanwhile."""
        cloud = self.world.cloud()
        place = f"{cloud.group_id}/providers"
        identity = f"{place}/Microsoft.ManagedIdentity/userAssignedIdentities/id-{KEY}"
        if arm.get(cloud, identity) is None:
            arm.put(cloud, identity, {"location": cloud.target.location, "tags": {KEY: VALUE}})
        for thing in _things(cloud):
            if thing.pairs.get(KEY) != VALUE and not thing.going:
                thing.write(cloud, {**thing.pairs, KEY: VALUE})
        for raw in arm.listing(cloud, f"{place}/Microsoft.Storage/storageAccounts"):
            if arm.get(cloud, f"{raw['id']}/{BLOBS}/{KEY}") is None:
                arm.put(cloud, f"{raw['id']}/{BLOBS}/{KEY}", {"properties": {"metadata": {KEY: VALUE}}})
        unseen = closed(cloud)
        hidden = {thing for thing in self.left if _inside(thing, unseen)}
        self.left = {thing.id for thing in _things(cloud) if thing.pairs.get(KEY) == VALUE} | hidden

    def missing(self, may_go: Collection[str]) -> list[str]:
        """What is not as they left it, but for resources whose names are in `may_go`."""
        cloud = self.world.cloud()
        unseen = closed(cloud)
        now = {thing.id: thing.pairs.get(KEY) for thing in _things(cloud)}
        lost = [thing for thing in self.left if now.get(thing) != VALUE and not _inside(thing, unseen)]
        return [thing for thing in sorted(lost) if thing in now or _name(thing) not in may_go]


@dataclass(frozen=True)
class Thing:
    """A live resource with pairs that anybody may add to. `way` tells how they are written."""

    id: str
    place: str
    pairs: dict[str, str]
    way: str
    going: bool = False
    version: str | None = None

    def write(self, cloud: Cloud, wanted: dict[str, str]) -> None:
        if self.way == "tags":
            arm.patch(cloud, self.place, {"tags": wanted}, self.version)
        elif self.way == "metadata":
            arm.patch(cloud, self.place, {"properties": {"metadata": wanted}})
        elif self.way == "pool":
            arm.patch(cloud, self.place, {"properties": {"metadata": pairs.listed(wanted)}})
        else:
            account, _, job = self.place.rpartition("/jobs/")
            body = {"metadata": pairs.listed(wanted)}
            batch_jobs.post(cloud.at(account), f"/jobs/{job}", body, None, "PATCH")


def _things(cloud: Cloud) -> Iterator[Thing]:
    for raw in arm.listing(cloud, f"{cloud.group_id}/resources", "2025-04-01"):
        tags = raw.get("tags") or {}
        if raw["type"].lower() in VERSIONS:
            yield Thing(raw["id"], raw["id"], tags, "tags", version=VERSIONS[raw["type"].lower()])
        if raw["type"].lower() == "microsoft.storage/storageaccounts":
            for inner in arm.listing(cloud, f"{raw['id']}/{BLOBS}"):
                metadata = inner["properties"].get("metadata") or {}
                if inner["name"].startswith("app-"):
                    continue  # Batch makes it for packages, and takes it away with them
                yield Thing(inner["id"], inner["id"], metadata, "metadata")
        if raw["type"].lower() == "microsoft.batch/batchaccounts":
            yield from _in_account(cloud.at(raw["name"]), raw)
    group = arm.get(cloud, cloud.group_id)
    if group:
        yield Thing(cloud.group_id, cloud.group_id, group.get("tags") or {}, "tags")


def _in_account(cloud: Cloud, account: dict[str, Any]) -> Iterator[Thing]:
    for pool in arm.listing(cloud, f"{account['id']}/pools"):
        state = pool["properties"]
        metadata = pairs.mapped(state.get("metadata"))
        made = f"{pool['id']}@{state['creationTime']}"
        yield Thing(made, pool["id"], metadata, "pool", state["provisioningState"] == "Deleting")
    if account["id"] not in closed(cloud):
        for job in batch_jobs.listing(cloud):
            made = f"{account['id']}/jobs/{job['id']}@{job['creationTime']}"
            yield Thing(
                made,
                f"{account['name']}/jobs/{job['id']}",
                pairs.mapped(job.get("metadata")),
                "job",
                job["state"] == "deleting",
            )


def closed(cloud: Cloud) -> list[str]:
    """The ids of the Batch accounts whose jobs cannot be seen from here."""
    accounts = arm.listing(cloud, f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts")
    return [raw["id"] for raw in accounts if "AAD" not in raw["properties"]["allowedAuthenticationModes"]]


def _name(thing: str) -> str:
    """Its name; that of a pool without the number of its generation."""
    return re.sub("-g[0-9]+$", "", thing.rsplit("/", 1)[1].split("@")[0])


def _inside(thing: str, accounts: Collection[str]) -> bool:
    return any(thing.startswith(f"{account}/jobs/") for account in accounts)
