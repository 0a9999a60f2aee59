"""A workbook: a page of the portal with metrics and logs of the Batch account.

Its name is a UUID that follows from the account's id, so there is one for each account. Title and content change in
place, the location does not. That Azure gives the content back as it was written, letter for letter, is inferred; what
is compared is what it means, not its spelling.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.azure.monitor import BATCH
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs, in_group
from reconciler.kind.inverse import Inverse, Known
from reconciler.kind.permissions import GROUPED, Permissions
from reconciler.kind.words import Unsayable
from reconciler.kinds.monitoring import page, saying, wanted
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "workbook"
ARM = ArmType("Microsoft.Insights/workbooks", "2023-06-01", rare=True)
CHANGEABLE = (
    "category", "description", "displayName", "serializedData", "sourceId", "storageUri", "tags", "version",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(("etag", "identity", "kind"), Rule.IGNORE),
    **dict.fromkeys((f"properties.{name}" for name in CHANGEABLE), Rule.LIVE),
}
NAMESPACE = uuid.UUID("0b0a0d5e-6c1f-5d3e-8a57-1f2f6b1c9d10")
"""Makes our UUIDs differ from everybody else's."""


def expand(spec: Spec) -> Iterable[Desired]:
    section = wanted.section(spec)
    if section is None or not section["workbook"]:
        return
    account, account_id = wanted.account(spec)
    refs, logs = [account], ""
    if wanted.workspace(spec):
        workspace, logs = wanted.store(spec)
        refs.append(workspace)
    properties = {
        "displayName": f"Batch: {account.name}",
        "category": "workbook",
        "version": "Notebook/1.0",
        "sourceId": account_id,
        "serializedData": page.content(account_id, logs),
    }
    body = {**arm.tagged(spec, {}), "kind": "shared", "properties": properties}
    yield Desired(Address(NAME, _name(account_id)), body, tuple(refs))


def _name(account_id: str) -> str:
    return str(uuid.uuid5(NAMESPACE, account_id.lower()))


def _place(cloud: Cloud, resource: Desired | Observed) -> str:
    return f"{cloud.group_id}/providers/{ARM.name}/{resource.address.name}"


def _read(cloud: Cloud, place: str) -> Raw | None:
    """A workbook with its content, which is shown only to who asks for it."""
    return arm.get(cloud, f"{place}?canFetchContent=true", ARM.api_version)


def _observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = _read(cloud, _place(cloud, resource))
    return PLAIN.shown(resource.address.name, raw) if raw else None


def _rows(cloud: Cloud, wanted_: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """One by one, as the list of all has no contents: those that the spec has, and those of the group."""
    names = {one.address.name for one in wanted_} | {raw["name"] for raw in in_group(cloud, ARM.name)}
    for name in sorted(names):
        if raw := _read(cloud, f"{cloud.group_id}/providers/{ARM.name}/{name}"):
            yield name, raw


def _normalised(body: Raw) -> Body:
    """The content as what it means."""
    properties = dict(body["properties"])
    properties["serializedData"] = page.meant(properties.get("serializedData") or "")
    properties["sourceId"] = str(properties.get("sourceId") or "").lower()
    return {**body, "properties": properties}


def _written(body: Raw) -> Raw:
    properties = body["properties"]
    text = json.dumps(properties["serializedData"], ensure_ascii=False)
    return {**body, "properties": {**properties, "serializedData": text}}


def entry(observed: Observed, known: Known, notes: list[str]) -> Any:
    """`true`, for the one of the spec's account."""
    ids = (f"{known.group_id}/providers/{BATCH}/{name}" for name in known.names("batch_account"))
    if observed.address.name not in map(_name, ids):
        raise Unsayable("import has no words for workbooks but the one that monitoring makes")
    return True


PLAIN = Plain(name=NAME, arm=ARM, place=_place, rows=_rows, normalise=_normalised, written=_written, replaces=True)
VERBS: Verbs = {**PLAIN.verbs(), "observe": _observe}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    usual={"kind": "shared", "properties": {"category": "workbook", "version": "Notebook/1.0"}},
    permissions=Permissions(sees=(GROUPED,)),
    inverse=Inverse(
        say=entry,
        place=lambda observed, known: (wanted.SECTION, "workbook"),
        tagged=True,
        beside=saying.only,
    ),
)
