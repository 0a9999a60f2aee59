"""ARM resources by id: read, listed and written as wire JSON, with our mark in their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cloud.cloud import Cloud, Operation, operation
from reconciler.errors import AzureError, Refused
from reconciler.model import Address, Body, Health, Mark, Rule
from reconciler.spec.spec import Spec

OWNER, DIGEST, PROTECT = "reconcile_owner", "reconcile_digest", "reconcile_protect"

OURS = (OWNER, DIGEST, PROTECT, "reconcile_rollout", "reconcile_pool")

TAGGED: Mapping[str, Rule] = {"location": Rule.REFUSE, "tags": Rule.LIVE}
"""Rules of what every tracked ARM resource has."""


def get(cloud: Cloud, resource_id: str, **query: str) -> dict[str, Any] | None:
    """The resource, or None if it or its parent does not exist."""
    from azure.core.exceptions import HttpResponseError

    try:
        body: dict[str, Any] = cloud.arm("GET", resource_id, **query).body
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    return body


def listing(cloud: Cloud, collection: str, **query: str) -> Iterator[dict[str, Any]]:
    """The resources of a collection; none if its parent does not exist."""
    from azure.core.exceptions import HttpResponseError

    try:
        yield from cloud.list_arm(collection, **query)
    except HttpResponseError as error:
        if error.status_code != 404:
            raise


def put(cloud: Cloud, resource_id: str, body: Body) -> Operation | None:
    """Create or replace. A subscription that lacks the resource provider is registered, and the call fails for now."""
    return _write(cloud, "PUT", resource_id, body)


def patch(cloud: Cloud, resource_id: str, body: Body) -> Operation | None:
    return _write(cloud, "PATCH", resource_id, body)


def delete(cloud: Cloud, resource_id: str) -> Operation | None:
    """Start deleting; what is gone already is no error."""
    from azure.core.exceptions import HttpResponseError

    try:
        answer = cloud.arm("DELETE", resource_id)
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    return operation(answer.headers) if answer.status == 202 else None


def _write(cloud: Cloud, method: str, resource_id: str, body: Body) -> Operation | None:
    from azure.core.exceptions import HttpResponseError

    try:
        answer = cloud.arm(method, resource_id, body)
    except HttpResponseError as error:
        if error.status_code == 409 and "MissingSubscriptionRegistration" in str(error):
            _register(cloud, resource_id.split("/providers/")[-1].split("/")[0])
        raise
    accepted = answer.status in (201, 202)
    return operation(answer.headers) if accepted else None


def _register(cloud: Cloud, namespace: str) -> None:
    cloud.register(namespace)
    text = f"the subscription is being registered for {namespace}"
    raise AzureError(409, "ProviderRegistrationInProgress", text)


def tagged(spec: Spec, own: Mapping[str, Any]) -> dict[str, Any]:
    """`location` and `tags` of a resource of `spec`."""
    return {"location": spec.azure.location, "tags": {**spec.azure.tags, **own.get("tags", {})}}


def with_mark(tags: Mapping[str, str], mark: Mark) -> dict[str, str]:
    """`tags` and the owner mark, as ARM tags or as metadata."""
    marked = {**tags, OWNER: mark.owner, DIGEST: mark.digest}
    return {**marked, PROTECT: "true"} if mark.protect else marked


def without_mark(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (tags or {}).items() if name not in OURS}


def mark_of(tags: Mapping[str, str] | None) -> Mark | None:
    """The owner mark in ARM tags or metadata, or None."""
    tags = tags or {}
    if OWNER not in tags:
        return None
    return Mark(tags[OWNER], tags.get(DIGEST, ""), tags.get(PROTECT) == "true")


def is_ours(cloud: Cloud, tags: Mapping[str, str] | None) -> bool:
    """Whether ARM tags or metadata carry the owner mark of the cloud's spec."""
    mark = mark_of(tags)
    return mark is not None and mark.owner == cloud.owner


def region(name: str) -> str:
    """`Italy North` and `italynorth` are one region."""
    return name.replace(" ", "").lower()


def health(state: str | None) -> Health:
    """The health that a provisioningState means."""
    if state in (None, "Succeeded"):
        return Health.READY
    return Health.FAILED if state in ("Failed", "Canceled") else Health.BUSY


def detail(state: str | None) -> str:
    return "" if state in (None, "Succeeded") else str(state).lower()


def replaced_tags(found: Body, wanted: Body, mark: Mark) -> dict[str, str]:
    """All tags after an update: ARM replaces them as a whole, and others' tags stay."""
    return with_mark({**found.get("tags", {}), **wanted.get("tags", {})}, mark)


def declared(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> dict[str, Any]:
    """`wanted` laid over `found`: what a PUT must carry so that nothing else is reset."""
    merged = dict(found or {})
    for key, value in wanted.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = declared(value, merged[key]) if both else value
    return merged


def occupied(address: Address, left: list[str]) -> Refused:
    """Why something that holds what is not ours is not deleted."""
    shown = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
    return Refused(f"cannot delete {address}: it holds what this spec does not own: {shown}; move or delete that first")


def identity_ids(identity: Mapping[str, Any] | None) -> list[str]:
    """The ids of the user-assigned identities in an ARM identity block: lower case, sorted."""
    return sorted(name.lower() for name in (identity or {}).get("userAssignedIdentities") or {})


def user_assigned(ids: list[str]) -> dict[str, Any]:
    """The ARM identity block for these user-assigned identities."""
    if not ids:
        return {"type": "None"}
    return {"type": "UserAssigned", "userAssignedIdentities": {name: {} for name in ids}}
