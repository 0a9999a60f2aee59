"""A version of an application: a zip in the Batch account's auto-storage, which pools unpack on their nodes.

Its content is a digest of the folder or zip file, kept in a tag beside the owner mark. Other content under the same
version reaches nodes when they boot, and is uploaded only if the application allows updates. A package that is not
active was not uploaded completely, and is uploaded again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.errors import Refused
from reconciler.kind import ArmType, Kind, accounts
from reconciler.kind.arm import Verbs
from reconciler.kind.permissions import Permissions
from reconciler.kinds.application import packages, packing
from reconciler.model import Address, Decision, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import role_targets
from reconciler.spec.spec import Spec

NAME = "application_package"
FIELDS = {"content": Rule.NEW_NODES, "state": Rule.LIVE, "tags": Rule.LIVE}
ACTIVE = "Active"


def expand(spec: Spec) -> Iterable[Desired]:
    account = spec.batch_account
    if account is None:
        return
    for name, section in spec.applications.items():
        for version, source in section.get("packages", {}).items():
            data = {
                "application": name,
                "version": version,
                "path": str(spec.folder / source),
                "storage": account["autoStorage"].split("/")[1],
                "allowUpdates": section["allowUpdates"],
            }
            refs = (Address("batch_account", account["name"]), *_roles(spec))
            yield Desired(Address(NAME, f"{name}/{version}"), {"state": ACTIVE}, refs, section["protect"], data)


def _roles(spec: Spec) -> Iterable[Address]:
    """The role assignments that let Batch reach the auto-storage as its identity."""
    assert spec.batch_account is not None
    identity = spec.batch_account.get("autoStorageIdentity", "/").split("/")[1]
    storage = Address("storage_account", spec.batch_account["autoStorage"].split("/")[1])
    return role_targets.reaching(spec, identity, [storage])


def resolve(cloud: Cloud, desired: Desired, before: object) -> Desired:
    """The content as it is in the folder now; a live version needs allowUpdates to get other content."""
    resolved = replace(desired, body={**desired.body, "content": packing.content(Path(desired.data["path"]))})
    if desired.data["allowUpdates"]:
        return resolved
    live = observe(cloud, resolved)
    if live is None or live.body["state"] != ACTIVE or live.body["content"] == resolved.body["content"]:
        return resolved
    text = f"{desired.data['path']} has other content than this version; give it a new version under packages"
    return replace(resolved, obstacle=f"{text}, or set allowUpdates: true")


def _observed(address: Address, raw: dict[str, Any]) -> Observed:
    tags, state = raw.get("tags") or {}, raw["properties"]["state"]
    body = {"content": tags.get(marks.CONTENT), "state": state}
    detail = "" if state == ACTIVE else "its upload did not come to an end"
    return Observed(address, raw["id"], body, marks.mark_of(tags), detail=detail)


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The packages of the spec's applications, and of those in its account that carry its mark."""
    if cloud.account_id is None:
        return
    known = packages.spelled(wanted)
    names = {name.split("/")[0] for name in known}
    for application in arm.listing(cloud, packages.collection(cloud)):
        if application["name"].lower() in names or marks.is_ours(cloud.owner, application.get("tags")):
            for raw in arm.listing(cloud, f"{application['id']}/versions"):
                name = f"{application['name']}/{raw['name']}"
                yield _observed(known.get(name.lower(), Address(NAME, name)), raw)


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    application, version = resource.address.name.split("/")
    return f"{packages.id_of(cloud, application)}/versions/{version}"


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(cloud, resource))
    return _observed(resource.address, raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Upload and activate it. A missing application is made first; its settings are written after its packages."""
    _check(desired)
    application = packages.id_of(cloud, desired.data["application"])
    if arm.get(cloud, application) is None:
        tags = marks.with_mark({}, Mark(mark.owner, "", mark.protect))
        arm.put(cloud, application, {"properties": {"allowUpdates": desired.data["allowUpdates"]}, "tags": tags})
    packages.publish(cloud, desired, marks.with_mark({}, mark), anew=False)
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    _check(desired)
    with packages.unlocked(cloud, packages.id_of(cloud, desired.data["application"])):
        packages.publish(cloud, desired, marks.with_mark({}, mark), anew=True)
    return None


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """What other content under the same version means."""
    if observed.body["state"] != ACTIVE or all(change.path != "content" for change in decision.diff.changes):
        return ""
    return "its zip is overwritten; another version under packages: leaves it to those that use it"


def _check(desired: Desired) -> None:
    if packing.content(Path(desired.data["path"])) != desired.body["content"]:
        raise Refused(f"{desired.data['path']} has changed since the plan was made; run plan again")


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    """Delete it with its zip. Refused while a pool uses it."""
    application, version = observed.address.name.split("/")
    parent = packages.id_of(cloud, application)
    packages.check_unused(cloud, observed.address, parent, version.lower())
    with packages.unlocked(cloud, parent):
        return arm.delete(cloud, observed.id)


VERBS: Verbs = {
    "list": list_,
    "observe": observe,
    "create": create,
    "update": update,
    "delete": delete,
    "place": lambda cloud, resource: (
        f"{cloud.account_id}/applications/{resource.address.name.replace('/', '/versions/')}"
    ),
}
KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Batch/batchAccounts/applications/versions", "2025-06-01"),
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 2),
    disturbs=disturbs,
    resolve=resolve,
    takes=lambda decision, desired: timedelta(seconds=30),
    counts="applications",
    permissions=Permissions(
        writes=(
            "Microsoft.Batch/batchAccounts/applications/write",
            "Microsoft.Batch/batchAccounts/applications/versions/activate/action",
        ),
    ),
    reads=("batch_account",),
    inverse="what it is made of is not to be seen; pools bring it by version",
)
