"""The name of a kind's list, for people: `the pools of myaccount`."""

from __future__ import annotations

from reconciler.cloud.cloud import Cloud
from reconciler.kind import Kind, Kinds

ACCOUNTS = "Microsoft.Batch/batchAccounts"


def place(kind: Kind, kinds: Kinds, cloud: Cloud) -> str:
    """What people call the list of all resources of `kind`."""
    return f"the {kind.many} of {_scope(kind, kinds, cloud)}"


def _scope(kind: Kind, kinds: Kinds, cloud: Cloud) -> str:
    """The Batch account for kinds that are in one: by their ARM type or, without one, by reading accounts first."""
    if kind.arm is None:
        inside = any(arm.name == ACCOUNTS for name in kind.reads if (arm := kinds[name].arm))
    else:
        inside = kind.arm.name.startswith(f"{ACCOUNTS}/")
    if inside and cloud.account:
        return cloud.account
    outside = kind.arm is not None and not kind.arm.in_group
    return f"the subscription {cloud.target.subscription}" if outside else cloud.target.resource_group
