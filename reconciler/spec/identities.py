"""Identities as a spec names them, `identities/NAME`, and their ARM ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.spec.schema import Path_
from reconciler.spec.spec import Target

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"


def identified(value: Any, target: Target) -> Any:
    """`value` with each `identities/NAME` that a resourceId is given as replaced by the ARM id."""
    if isinstance(value, Mapping):
        return {
            key: identity_id(item, target) if key == "resourceId" else identified(item, target)
            for key, item in value.items()
        }
    return [identified(item, target) for item in value] if isinstance(value, list) else value


def identity_id(reference: str, target: Target) -> str:
    """The ARM id, in lower case, of `identities/NAME` or of an identity that is given by its id."""
    section, _, name = reference.partition("identities/")
    return (reference if section else target.id_of(IDENTITIES, name)).lower()


def referring(value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Each resourceId inside, with its path."""
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        if key == "resourceId":
            yield (*path, key), part
        else:
            yield from referring(part, (*path, key))
