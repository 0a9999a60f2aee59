"""ARM resources by id: read, listed and written as wire JSON.

`api_version` is that of the resource's kind; without it, the one that `azure.api_versions` has for the type is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.azure.api_versions import api_version_of
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated
from reconciler.cloud.operations import Operation, operation
from reconciler.errors import Refused
from reconciler.model import Address, Body, Health, Rule
from reconciler.spec.spec import Spec
from reconciler.words import some

TAGGED: Mapping[str, Rule] = {"location": Rule.REFUSE, "tags": Rule.LIVE}
"""Rules of what every tracked ARM resource has."""


def get(cloud: Cloud, resource_id: str, api_version: str | None = None, **query: str) -> dict[str, Any] | None:
    """The resource, or None if it or its parent does not exist."""
    answer = missing_is_none(lambda: cloud.arm("GET", resource_id, None, api_version, **query))
    return answer.body if answer else None


def listing(cloud: Cloud, collection: str, api_version: str | None = None, **query: str) -> Iterator[dict[str, Any]]:
    """The resources of a collection; none if its parent does not exist."""
    with tolerated(404):
        asked = (collection.lower(), api_version or api_version_of(collection), *query.items())
        yield from cloud.shared.listed(asked, lambda: cloud.list_arm(collection, api_version, **query))


def put(cloud: Cloud, resource_id: str, body: Body, api_version: str | None = None) -> Operation | None:
    """Create or replace."""
    return _write(cloud, "PUT", resource_id, body, api_version)


def patch(cloud: Cloud, resource_id: str, body: Body, api_version: str | None = None) -> Operation | None:
    return _write(cloud, "PATCH", resource_id, body, api_version)


def delete(cloud: Cloud, resource_id: str, api_version: str | None = None) -> Operation | None:
    """Start deleting; what is gone already is no error."""
    answer = missing_is_none(lambda: cloud.arm("DELETE", resource_id, None, api_version))
    return operation(answer.headers) if answer and answer.status == 202 else None


def _write(cloud: Cloud, method: str, resource_id: str, body: Body, api_version: str | None) -> Operation | None:
    answer = cloud.arm(method, resource_id, body, api_version)
    return operation(answer.headers) if answer.status in (201, 202) else None


def tagged(spec: Spec, extra: Mapping[str, Any]) -> dict[str, Any]:
    """`location` and `tags` of a resource of `spec`."""
    return {"location": spec.azure.location, "tags": {**spec.azure.tags, **extra.get("tags", {})}}


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


def declared(wanted: Mapping[str, Any], live: Mapping[str, Any] | None) -> dict[str, Any]:
    """`wanted` laid over `live`: what a PUT must carry so that nothing else is reset."""
    merged = dict(live or {})
    for key, value in wanted.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = declared(value, merged[key]) if both else value
    return merged


def occupied(address: Address, left: list[str]) -> Refused:
    """The refusal to delete a resource that holds what is not ours."""
    held = some(left)
    return Refused(f"cannot delete {address}: it holds what this spec does not own: {held}; move or delete that first")


def identity_ids(identity: Mapping[str, Any] | None) -> list[str]:
    """The ids of the user-assigned identities in an ARM identity block: lower case, sorted."""
    return sorted(name.lower() for name in (identity or {}).get("userAssignedIdentities") or {})


def user_assigned(ids: list[str], live: Iterable[str] = ()) -> dict[str, Any]:
    """The ARM identity block for these user-assigned identities, in place of those that are `live`.

    A PATCH adds identities to those that are there, and null takes one away, as Microsoft documents it for virtual
    machines; type None takes all away. That null does so for Batch too is inferred.
    """
    if not ids:
        return {"type": "None"}
    left: dict[str, Any] = {name: None for name in live if name not in ids}
    return {"type": "UserAssigned", "userAssignedIdentities": {**left, **{name: {} for name in ids}}}
