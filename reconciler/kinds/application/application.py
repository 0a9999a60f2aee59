"""An application of a Batch account: a name for packages, and which of them is meant where no version is named.

It is settled after its packages, because its default version must be there; so the first of them makes it. Everything
in it changes in place. It is deleted with its packages, all of which must be ours, while no pool uses them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.kinds.application import packages as batch_applications
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "application"
FIELDS = {
    "tags": Rule.LIVE,
    "properties.displayName": Rule.LIVE,
    "properties.allowUpdates": Rule.LIVE,
    "properties.defaultVersion": Rule.LIVE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    if spec.batch_account is None:
        return
    account = Address("batch_account", spec.batch_account["name"])
    for name, section in spec.applications.items():
        properties = {key: section.get(key) for key in ("displayName", "allowUpdates", "defaultVersion")}
        packages = (Address("application_package", f"{name}/{version}") for version in section["packages"])
        yield Desired(Address(NAME, name), {"properties": properties}, (account, *packages), section["protect"])


def _observed(address: Address, raw: dict[str, Any]) -> Observed:
    properties = {"allowUpdates": True, **raw["properties"]}
    properties["displayName"] = properties.get("displayName") or None
    body = {"properties": properties, "tags": marks.without_mark(raw.get("tags"))}
    return Observed(address, raw["id"], body, marks.mark_of(raw.get("tags")))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    if cloud.account_id is None:
        return
    known = batch_applications.spelled(wanted)
    for raw in arm.listing(cloud, batch_applications.collection(cloud)):
        yield _observed(known.get(raw["name"].lower(), Address(NAME, raw["name"])), raw)


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, batch_applications.id_of(cloud, wanted.address.name))
    return _observed(wanted.address, raw) if raw else None


def _put(cloud: Cloud, desired: Desired, mark: Mark, others: dict[str, str]) -> Operation | None:
    """The whole application: what a PUT leaves out is reset, which nothing else does."""
    properties = {key: value for key, value in desired.body["properties"].items() if value is not None}
    body = {"properties": properties, "tags": marks.with_mark(others, mark)}
    return arm.put(cloud, batch_applications.id_of(cloud, desired.address.name), body)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return _put(cloud, desired, mark, {})


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return _put(cloud, desired, mark, found.body["tags"])


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Its default and its lock go first, then its packages and itself, then the container that they were in."""
    packages = list(arm.listing(cloud, f"{found.id}/versions"))
    foreign = [f"version {raw['name']}" for raw in packages if not marks.is_ours(cloud.owner, raw.get("tags"))]
    if foreign:
        raise arm.occupied(found.address, foreign)
    batch_applications.check_unused(cloud, found.address, found.id, None)
    if found.mark is not None:
        body = {"properties": {"allowUpdates": True}, "tags": marks.with_mark(found.body["tags"], found.mark)}
        arm.put(cloud, found.id, body)
    container = batch_applications.container_of(cloud, packages[0]) if packages else None
    for raw in packages:
        arm.delete(cloud, raw["id"])
    operation = arm.delete(cloud, found.id)
    if container is not None:
        batch_applications.drop_if_empty(cloud, container)
    return operation


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Batch/batchAccounts/applications", "2025-06-01"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
