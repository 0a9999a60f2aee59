"""An application of a Batch account: a name for packages, and which of them is meant where no version is named.

Its first package makes it; the rest of it is written after all packages, because its default version must exist then.
Everything in it changes in place. It is deleted with its packages, if all of them are ours and no pool uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind, accounts
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kinds.application import packages as batch_applications
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "application"
ARM = ArmType("Microsoft.Batch/batchAccounts/applications", "2025-06-01")
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
        packages = (Address("application_package", f"{name}/{version}") for version in section.get("packages", ()))
        body, refs, existing = {"properties": properties}, (account, *packages), section["existing"]
        yield Desired(Address(NAME, name), body, refs, section["protect"], existing=existing)


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    if cloud.account_id is None:
        return
    known = batch_applications.spelled(wanted)
    for raw in arm.listing(cloud, batch_applications.collection(cloud), ARM.api_version):
        address = known.get(raw["name"].lower())
        yield address.name if address else raw["name"], raw


def _normalised(body: Raw) -> Body:
    properties = {**body["properties"], "displayName": body["properties"].get("displayName") or None}
    return {"properties": properties, "tags": body["tags"]}


def _seen(cloud: Cloud, application: Observed) -> Observed:
    """It needs its default version."""
    default = application.body["properties"].get("defaultVersion")
    return replace(application, uses=(f"{application.id}/versions/{default}",) if default else ())


def goes(cloud: Cloud, application: Observed, anew: Desired | None) -> str:
    packages = list(arm.listing(cloud, f"{application.id}/versions"))
    return count(len(packages), "package") if packages else ""


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    """Remove its default and its lock, then its packages, then the application, then the container of the packages."""
    packages = list(arm.listing(cloud, f"{observed.id}/versions"))
    foreign = [f"version {raw['name']}" for raw in packages if not marks.is_ours(cloud.owner, raw.get("tags"))]
    if foreign:
        raise arm.occupied(observed.address, foreign)
    batch_applications.check_unused(cloud, observed.address, observed.id, None)
    if observed.mark is not None:
        body = {"properties": {"allowUpdates": True}, "tags": marks.with_mark(observed.body["tags"], observed.mark)}
        arm.put(cloud, observed.id, body)
    container = batch_applications.container_of(cloud, packages[0]) if packages else None
    for raw in packages:
        arm.delete(cloud, raw["id"])
    operation = arm.delete(cloud, observed.id)
    if container is not None:
        batch_applications.drop_if_empty(cloud, container)
    return operation


VERBS: Verbs = {
    **Plain(
        name=NAME,
        arm=ARM,
        place=lambda cloud, resource: batch_applications.id_of(cloud, resource.address.name),
        rows=_rows,
        unset={"allowUpdates": True},
        normalise=_normalised,
        replaces=True,
        seen=_seen,
    ).verbs(),
    "delete": delete,
}
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 1),
    goes=accounts.reader(goes, 1),
    reads=("batch_account",),
    section="applications",
    inverse="what its packages are made of is not to be seen; pools bring them by version",
)
