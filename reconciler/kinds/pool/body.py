"""The body of a pool in three forms: from a spec, from Azure (normalised), and as ARM takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kind import node_secrets
from reconciler.kinds.pool import certificates, image, kept, mounts, nodes, reading, scale, user_accounts
from reconciler.kinds.pool import properties as pool_properties
from reconciler.kinds.pool.state import State
from reconciler.model import Address, Desired, Mark, Observed
from reconciler.spec import vault_secrets
from reconciler.spec.identities import identity_id
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec

NAME = "pool"
MAPS = (
    "tags",
    "properties.metadata",
    "properties.startTask.environmentSettings",
    "properties.deploymentConfiguration.virtualMachineConfiguration.containerConfiguration.containerRegistries",
)
"""Maps whose keys the spec chooses."""


def wanted(spec: Spec, pool: Pool, identities: list[str], account_id: str) -> dict[str, Any]:
    """The body of a pool of a spec; `identities` and `account_id` are ARM ids."""
    return {
        "tags": dict(pool["tags"]),
        "stage": None,
        "identity": sorted(identities),
        "properties": {
            "vmSize": pool["vmSize"][0].lower(),
            "displayName": pool.get("displayName"),
            "taskSlotsPerNode": pool["taskSlotsPerNode"],
            "deploymentConfiguration": {
                "virtualMachineConfiguration": {
                    **image.machine(spec, pool, identities),
                    **pool_properties.machine(pool),
                    "certificates": certificates.wanted(spec, pool),
                    **({"nodeAgentSkuId": pool["nodeAgentSkuId"]} if "nodeAgentSkuId" in pool else {}),
                }
            },
            "scaleSettings": scale.wanted(pool),
            **pool_properties.wanted(pool, account_id),
            "startTask": _start_task(spec, pool),
            "metadata": dict(pool["metadata"]),
        },
    }


def _start_task(spec: Spec, pool: Pool) -> dict[str, Any] | None:
    start = kept.start(pool)
    if start is None:
        return None
    who = vault_secrets.reader(spec, pool["identity"], start["environmentSettings"])
    return {
        "commandLine": start["commandLine"],
        "environmentSettings": node_secrets.named(start["environmentSettings"], identity_id(who, spec.azure)),
        "maxTaskRetryCount": start["maxTaskRetryCount"],
        "waitForSuccess": start["waitForSuccess"],
        "resourceFiles": pool_properties.normal(start["resourceFiles"]),
        "containerSettings": start.get("containerSettings"),
        "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": start["elevationLevel"]}},
        "keeps": kept.wanted(spec, pool),
    }


def observed(raw: Mapping[str, Any], counts: nodes.Counts | None) -> Observed:
    """A live pool, addressed by its own id; the `metadata` in its body is without our marks."""
    properties = dict(raw["properties"])
    metadata = pairs.mapped(properties.get("metadata"))
    properties["metadata"] = marks.without_mark(metadata)
    properties["vmSize"] = properties["vmSize"].lower()
    properties["displayName"] = properties.get("displayName") or None
    machine = certificates.observed(reading.machine(properties), raw.get("identity"))
    booted = pool_properties.observed(image.observed(machine), pool_properties.MACHINE_DEFAULTS)
    properties["deploymentConfiguration"] = {"virtualMachineConfiguration": booted}
    properties["scaleSettings"] = scale.observed(properties.get("scaleSettings") or {})
    parts = {name: properties.get(name) for name in pool_properties.DEFAULTS}
    properties |= pool_properties.observed(parts, pool_properties.DEFAULTS)
    start = properties.get("startTask")
    if start:
        files = pool_properties.normal(start.get("resourceFiles") or [])
        settings = pairs.mapped(start.get("environmentSettings"))
        task = {**start, "environmentSettings": settings, "resourceFiles": files}
        properties["startTask"] = node_secrets.seen(kept.observed(task))
    health, detail = nodes.health(properties, counts)
    return Observed(
        Address(NAME, raw["name"]),
        raw["id"],
        {
            "identity": arm.identity_ids(raw.get("identity")),
            "tags": raw.get("tags") or {},
            "stage": None,
            "properties": properties,
        },
        marks.mark_of(metadata),
        health,
        detail,
        nodes.occupants(properties, counts),
        raw.get("etag"),
        state=State(nodes.broken(counts), (counts or {}).get("running", 0), metadata),
        byproduct=marks.AUTO in metadata,  # Batch deletes it with its job
        uses=(*packages(properties), *mounts.live(raw["id"], properties)),
    )


def asked_for(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a new pool is asked for: `properties` as ARM takes them, without what a pool is by default."""
    machine = reading.machine(properties)
    booted = pool_properties.beyond(machine, pool_properties.MACHINE_DEFAULTS)
    asked = pool_properties.beyond(properties, {**pool_properties.DEFAULTS, "startTask": {}, "displayName": ""})
    return {**asked, "deploymentConfiguration": {"virtualMachineConfiguration": booted}}


def packages(properties: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the package versions that it names; one without a version is its application's default."""
    for reference in properties["applicationPackages"] or ():
        if version := reference.get("version"):
            yield f"{reference['id']}/versions/{version}"


def wire(cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> dict[str, Any]:
    """The properties of `desired` as ARM takes them; `kept` is metadata that is not from the spec and stays."""
    properties = desired.body["properties"]
    start = node_secrets.wired(properties["startTask"]) if properties["startTask"] else None
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    booted = image.wire(machine, image.node_agent(cloud, desired))
    extensions = [*machine["extensions"], *certificates.wire(machine["certificates"], _client_ids(cloud))]
    parts = {**machine, "extensions": extensions}
    parts = {name: parts[name] for name in pool_properties.MACHINE_DEFAULTS if parts[name] not in (None, [])}
    return {
        **{key: pool_properties.bare(value) for key, value in properties.items() if value is not None},
        "displayName": properties["displayName"] or "",  # only an empty text removes one
        "vmSize": desired.data["vmSize"],
        "deploymentConfiguration": {"virtualMachineConfiguration": {**pool_properties.bare(parts), **booted}},
        "scaleSettings": scale.wire(properties["scaleSettings"]),
        "userAccounts": user_accounts.with_secrets(
            properties["userAccounts"], reachable=properties["interNodeCommunication"] == "Enabled"
        ),
        # an empty object is how ARM is told to remove a start task
        "startTask": pool_properties.bare(_started(cloud, start)) if start else {},
        "metadata": pairs.listed(marks.with_mark({**kept, **properties["metadata"]}, mark)),
    }


def _client_ids(cloud: Cloud) -> Callable[[str], str]:
    """The client id of the ARM id of an identity, which is there before a pool that has it."""

    def client_id(identity: str) -> str:
        raw = arm.get(cloud, identity)
        if raw is None:
            raise ReconcileError(f"there is no identity {identity}, as which nodes fetch their certificates")
        return str(raw["properties"]["clientId"])

    return client_id


def _started(cloud: Cloud, start: Mapping[str, Any]) -> dict[str, Any]:
    """A start task as ARM takes it."""
    told = kept.wire(start, cloud.container_url)
    return {**told, "environmentSettings": pairs.listed(start["environmentSettings"])}
