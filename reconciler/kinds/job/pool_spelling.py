"""Parts of a pool in the spelling of the data plane: some other names, and most words in lower case. Pure.

Source: the models of azure-batch 15.1 beside Microsoft.Batch 2025-06-01, in whose spelling specs have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.azure.durations import canonical
from reconciler.spec import schema

NAMES = {"dynamicVnetAssignmentScope": "dynamicVNetAssignmentScope", "inboundNatPools": "inboundNATPools"}
"""Keys of a spec → those of the data plane."""
WORDS = frozenset({
    "access", "caching", "dynamicVNetAssignmentScope", "elevationLevel", "jobDefaultOrder", "loginMode", "nodeFillType",
    "placement", "policy", "protocol", "provision", "scope", "storageAccountType", "targets",
})  # fmt: skip
"""Keys whose values are words in lower case on the data plane."""
OTHERS = {
    "confidentialVM": "confidentialvm",
    "TaskWorkingDirectory": "taskWorkingDirectory",
    "ContainerImageDefault": "containerImageDefault",
}
"""Words that change otherwise."""
LENGTHS = frozenset({"pauseTimeBetweenBatches", "resizeTimeout", "autoScaleEvaluationInterval"})
FREE = frozenset({"settings", "metadata", "environmentSettings"})
"""Keys under which people write what they like."""
USUAL: Mapping[str, Any] = {
    "networkConfiguration": {
        "dynamicVNetAssignmentScope": "none",
        "enableAcceleratedNetworking": False,
        "publicIPAddressConfiguration": {"provision": "batchmanaged"},
    },
    "taskSchedulingPolicy": {"jobDefaultOrder": "none", "nodeFillType": "spread"},
    "upgradePolicy": {"mode": "manual"},
    "nodePlacementConfiguration": {"policy": "regional"},
    "osDisk": {"caching": "none"},
}
"""Parts of a pool as they are if nobody asks for them."""


def part(name: str, value: Any) -> Any:
    """A part of a pool, of a spec or live, with every key that a spec can say: what it lacks is usual, or None."""
    shape = schema.kind_of("pools")[1]["properties"][name]
    return _whole(spelled(value, name), shape, USUAL.get(name))


def spelled(value: Any, name: str = "") -> Any:
    """`value`, which stands under the key `name`, with its names, words and lengths of time as the data plane has them.

    What is spelled so stays as it is.
    """
    if name in FREE:
        return value
    if isinstance(value, Mapping):
        return {_named(key): spelled(item, _named(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [spelled(item, name) for item in value]
    if not isinstance(value, str):
        return value
    if name in LENGTHS:
        return canonical(value)
    return value.lower() if name in WORDS else OTHERS.get(value, value)


def _named(key: str) -> str:
    return NAMES.get(key, key)


def _whole(value: Any, shape: schema.Shape, usual: Any) -> Any:
    if not value and value is not False and value != 0:
        value = None
    if isinstance(value, list):
        return [_whole(item, shape.get("items", {}), None) for item in value]
    if "properties" not in shape or (value is None and usual is None):
        return usual if value is None else value
    there, laid = value or {}, usual or {}
    keys = {_named(key): inner for key, inner in shape["properties"].items()}
    return {**there, **{key: _whole(there.get(key), inner, laid.get(key)) for key, inner in keys.items()}}


def bare(value: Any) -> Any:
    """`value` without what is None: Batch takes absence, not null."""
    if isinstance(value, Mapping):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value
