"""Kinds whose resources are in a Batch account: those in an account that has left the spec are seen and deleted too.

A spec names one Batch account. When it names another, the one before still holds its pools and jobs; they are addressed
by `ACCOUNT/NAME`, and each verb for them works on that account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind.arm import Verbs
from reconciler.model import Address, Desired, Observed

Told = TypeVar("Told")


def everywhere(verbs: Verbs, parts: int) -> Verbs:
    """`verbs` for all accounts of ours; names of resources in the spec's own account have at most `parts` parts."""

    def listed(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
        yield from verbs["list"](cloud, wanted)
        for account in cloud.former:
            for resource in verbs["list"](cloud.at(account), ()):
                yield replace(_named(resource, f"{account}/{resource.address.name}"), surplus="")

    def observed(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
        if isinstance(resource, Desired):
            return verbs["observe"](cloud, resource)
        seen = verbs["observe"](*_placed(cloud, resource, parts))
        return _named(seen, resource.address.name) if seen else None

    def deleted(cloud: Cloud, resource: Observed) -> Operation | None:
        return verbs["delete"](*_placed(cloud, resource, parts))

    return {**verbs, "list": listed, "observe": observed, "delete": deleted}


def reader(read: Callable[..., Told], parts: int) -> Callable[..., Told]:
    """What reads more of an observed resource, for all accounts of ours."""
    return lambda cloud, resource, *more: read(*_placed(cloud, resource, parts), *more)


def _placed(cloud: Cloud, resource: Observed, parts: int) -> tuple[Cloud, Observed]:
    """The cloud at the account of a resource, and the resource by its name there."""
    name = resource.address.name
    if name.count("/") < parts:
        return cloud, resource
    account, _, rest = name.partition("/")
    return cloud.at(account), _named(resource, rest)


def _named(resource: Observed, name: str) -> Observed:
    return replace(resource, address=Address(resource.address.kind, name))
