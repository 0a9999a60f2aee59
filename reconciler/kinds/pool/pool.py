"""A pool: nodes of one VM size that boot one image and run tasks. Made on the ARM plane, the only one with identities.

Number of nodes, start task and metadata change in place (a new start task reaches nodes when they reboot); everything
else only while the pool is empty: steady, with no node. It is READY when it is steady at its target and every node is
usable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

from reconciler.azure import durations
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, Kind, accounts
from reconciler.kind.arm import Verbs
from reconciler.kind.traits import Traits
from reconciler.kinds.pool import body as pool_body
from reconciler.kinds.pool import (
    certificates,
    change,
    costs,
    disturbing,
    fallbacks,
    generations,
    idle,
    image,
    inverse,
    kept,
    live,
    mounts,
    needs,
    record,
    telling,
)
from reconciler.kinds.pool import properties as pool_properties
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec import identities, networks, vault_secrets
from reconciler.spec.pools import Pool, Rollout
from reconciler.spec.spec import Spec

NAME = pool_body.NAME

MACHINE = "properties.deploymentConfiguration.virtualMachineConfiguration"
SCALE = "properties.scaleSettings"
KEYS = {
    MACHINE: "",
    f"{MACHINE}.imageReference": "image",
    f"{MACHINE}.containerConfiguration.containerImageNames": "containers.images",
    f"{MACHINE}.containerConfiguration.containerRegistries": "containers.registries",
    f"{SCALE}.fixedScale": "nodes",
    f"{SCALE}.fixedScale.targetDedicatedNodes": "nodes.dedicated",
    f"{SCALE}.fixedScale.targetLowPriorityNodes": "nodes.spot",
    f"{SCALE}.autoScale": "nodes.autoscale",
    f"{SCALE}.autoScale.evaluationInterval": "nodes.autoscale.every",
    "properties.startTask.userIdentity.autoUser.elevationLevel": "startTask.elevationLevel",
    **kept.KEYS,
}
USUAL = {
    "properties": {
        **pool_properties.DEFAULTS,
        "taskSlotsPerNode": 1,
        "deploymentConfiguration": {
            "virtualMachineConfiguration": {**pool_properties.MACHINE_DEFAULTS, "certificates": []}
        },
        "scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 0}},
        "startTask": {
            "maxTaskRetryCount": 0,
            "waitForSuccess": True,
            "userIdentity": {"autoUser": {"scope": "Pool"}},
            "keeps": kept.NOTHING,
        },
    }
}
"""What a pool has where its spec says nothing."""
WHEN_EMPTY = (
    "identity",
    "tags",
    "properties.deploymentConfiguration",
    "properties.displayName",
    "properties.interNodeCommunication",
    "properties.mountConfiguration",
    "properties.networkConfiguration",
    "properties.taskSchedulingPolicy",
    "properties.taskSlotsPerNode",
    "properties.upgradePolicy",
    "properties.userAccounts",
    "properties.vmSize",
)
FIELDS = {
    **dict.fromkeys(WHEN_EMPTY, Rule.WHEN_EMPTY),
    "properties.scaleSettings": Rule.LIVE,
    "properties.scaleSettings.fixedScale.nodeDeallocationOption": Rule.IGNORE,  # never returned by Azure
    "properties.metadata": Rule.LIVE,
    "properties.startTask": Rule.NEW_NODES,
    "stage": Rule.NEW_NODES,  # a stage of a change on the nodes waits for a window, as its beginning does
    "properties.applicationPackages": Rule.NEW_NODES,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, pool in spec.pools.items():
        if "autoPool" in pool:  # jobs carry it
            continue
        assert spec.batch_account is not None
        pool = cast("Pool", identities.identified(pool, spec.azure))
        names = [ref.split("/")[1] for ref in pool["identity"]]
        ids = [identities.identity_id(ref, spec.azure) for ref in pool["identity"]]
        account = Address("batch_account", spec.batch_account["name"])
        account_id = spec.id_of("Microsoft.Batch/batchAccounts", account.name)
        refs = (account, *(Address("identity", identity) for identity in names), *image.refs(pool))
        refs += (*pool_properties.applications(spec, pool), *mounts.refs(spec, pool), *kept.refs(spec, pool))
        refs += (*_secrets(spec, pool), *certificates.refs(spec, pool))
        refs += (*networks.refs(spec, (pool.get("networkConfiguration") or {}).get("subnetId")),)
        data: dict[str, Any] = {"vmSize": pool["vmSize"][0], "image": pool["image"], "rollout": pool["rollout"]}
        data["nodeAgentSkuId"] = pool.get("nodeAgentSkuId")
        data |= {"verify": pool["verify"], "claims": image.claims_of(spec, pool)}
        data["idle"] = idle.wanted(pool)
        data |= fallbacks.data(spec, pool)
        data["preloaded"] = pool.get("containers", {}).get("preloaded", False)
        body = pool_body.wanted(spec, pool, ids, account_id)
        vacates, renews = _vacates(pool), _renews(pool["rollout"])
        uses = (*pool_body.packages(body["properties"]), *mounts.wanted(spec, pool))
        yield Desired(Address(NAME, name), body, refs, pool["protect"], data, vacates=vacates, renews=renews, uses=uses)


def _secrets(spec: Spec, pool: Pool) -> Iterable[Address]:
    """What the start task needs before it can fetch its secrets."""
    settings = pool["startTask"]["environmentSettings"] if "startTask" in pool else {}
    who = vault_secrets.reader(spec, pool["identity"], settings)
    return vault_secrets.refs(spec, who, settings)


def _vacates(pool: Pool) -> str:
    """How running work makes room for a change, in the words of the plan; empty if it does not."""
    rollout = pool["rollout"]
    within = f"{rollout['drainWithin']} (rollout.drainWithin)"
    end = f"running tasks may end within {within}, what runs longer is requeued"
    beside = "a new pool beside it takes over its jobs"
    if pool["verify"] is not False:
        fails = "stays for looking" if rollout["keepOnFailure"] else "goes"
        beside = f"a new pool beside it is verified first; if it fails, it {fails}, else it takes over the jobs"
    return {"drain": f"it is emptied first: {end}", "blueGreen": f"{beside}: {end}"}.get(rollout["whenEmpty"], "")


def _renews(rollout: Rollout) -> str:
    """What a new start task or package means for nodes that are there, in the words of the plan."""
    if rollout["newNodes"] == "rolling":
        rebooted = f"its nodes are rebooted, {rollout['maxUnavailable']} at a time, when their tasks have ended"
        return f"{rebooted}, unless rollout.newNodes is wait"
    return "nodes that are there keep what they have until they reboot; rollout.newNodes: rolling reboots them"


def public(desired: Desired) -> str:
    network = desired.body["properties"]["networkConfiguration"] or {}
    provision = (network.get("publicIPAddressConfiguration") or {}).get("provision")
    if provision == "NoPublicIPAddresses":
        return ""
    where = "networkConfiguration: {publicIPAddressConfiguration: {provision: NoPublicIPAddresses}}"
    return f"gives its nodes public addresses; write {where}"


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """With the image that its name stands for now, and the VM size that is taken of several."""
    return fallbacks.resolve(cloud, image.resolve(cloud, desired, before), before)


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return live.list_(cloud, wanted, KIND.rule)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    return live.observe(cloud, resource, KIND.rule)


def delete(cloud: Cloud, pool: Observed) -> Operation | None:
    with tolerated(409):  # it is being deleted already
        return arm.delete(cloud, pool.id)
    return None


def abandon(cloud: Cloud, desired: Desired) -> str | None:
    """Delete a new generation that failed and return its jobs; any other pool stays, so that people can look at it."""
    alive = live.every_generation(cloud, desired.address.name)
    if len(alive.pools) < 2:
        return None
    return generations.hand_back(cloud, desired, generations.choose(desired, alive, KIND.rule))


VERBS: Verbs = {
    "list": list_,
    "observe": observe,
    "create": change.create,
    "update": change.update,
    "delete": delete,
    "place": lambda cloud, pool: f"{cloud.account_id}/pools/{pool.address.name}",
}
KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Batch/batchAccounts/pools", "2025-06-01", asks=("Microsoft.Compute",)),
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 1),
    emptied_by="scale it to 0 first, or let rollout: {whenEmpty: drain} (or blueGreen) do it",
    record=record.RECORD,
    resolve=resolve,
    abandon=abandon,
    takes=lambda decision, desired: timedelta(minutes=5),
    attempts=3,
    ready_within=timedelta(minutes=45),
    lets_end=lambda desired: timedelta(seconds=durations.seconds(desired.data["rollout"]["drainWithin"]) or 0),
    tell=accounts.reader(telling.tell, 1),
    disturbs=disturbing.disturbs,
    idles=idle.settled,
    keys=KEYS,
    usual=USUAL,
    maps=pool_body.MAPS,
    reads=("batch_account",),
    section="pools",
    costs=costs.COSTS,
    means=costs.means,
    needs=needs.NEEDS,
    traits=Traits(public=public, idle=idle.costs),
    permissions=needs.PERMISSIONS,
    inverse=inverse.INVERSE,
)
