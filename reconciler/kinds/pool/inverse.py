"""A pool in a spec's words: the inverse of its `expand` and of the parts that it is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.azure import images, sizes
from reconciler.azure.durations import without_days
from reconciler.kind.inverse import Inverse, Known, Section, protect
from reconciler.kind.words import Unsayable, definition, pairs, refuse_secrets, said, without
from reconciler.kinds.pool import properties as pool_properties
from reconciler.kinds.pool import reading
from reconciler.model import Observed
from reconciler.spec.schema import defaults

RESIZE_TIMEOUT = "PT15M"
"""How long Batch tries to reach a size if it is not told."""
UNTIL = "it stays until the start task changes: pass it to the nodes in another way before that"
MACHINE = {"imageReference", "nodeAgentSkuId", "containerConfiguration", *pool_properties.MACHINE_DEFAULTS}
"""What of virtualMachineConfiguration a spec can say."""
VERSION = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/providers/microsoft\.compute"
    r"/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)(/versions/(?P<version>[^/]+))?"
)


def section(observed: Observed, known: Known, notes: list[str]) -> Section:
    """Unsayable for a pool that boots, mounts, runs as or refers to what a spec has no words for."""
    if not known.names("batch_account"):
        raise Unsayable("its Batch account is left out")
    properties = observed.body["properties"]
    machine = reading.machine(properties)
    shapes = definition("pool")["properties"]
    booted = image(machine["imageReference"], known)
    held, puller = containers(machine.get("containerConfiguration"))
    own: Section = {
        "vmSize": sizes.spelled(properties["vmSize"]),
        "image": booted,
        "nodes": nodes(properties["scaleSettings"]),
        "identity": _identity(observed.body["identity"], puller, known),
        "startTask": start_task(properties.get("startTask"), notes),
        **without({"taskSlotsPerNode": properties["taskSlotsPerNode"]}, defaults("pool")),
        "displayName": properties["displayName"],
        "metadata": pairs(properties["metadata"], shapes["metadata"], "metadata", notes) or None,
        "nodeAgentSkuId": machine.get("nodeAgentSkuId") if isinstance(booted, dict) else None,
        "containers": held,
        "tags": pairs(observed.body["tags"], definition("tags"), "tags", notes) or None,
        **protect(observed),
        **_parts(properties, pool_properties.DEFAULTS, notes),
        **_parts(machine, pool_properties.MACHINE_DEFAULTS, notes),
    }
    for name in sorted(name for name in machine if name not in MACHINE and machine[name] is not None):
        notes.append(f"{name} is nothing that a spec can say; it stays until another property of the machine changes")
    if own.get("applicationPackages"):
        own["applicationPackages"] = [_package(one, known) for one in own["applicationPackages"]]
    own = {name: value for name, value in own.items() if value is not None}
    refuse_secrets(own)
    return own


def image(reference: Mapping[str, str], known: Known) -> Any:
    """A short name, publisher:offer:sku[:version], or the version of a gallery image."""
    if "id" not in reference:
        if not all(reference.get(key) for key in images.KEYS):
            raise Unsayable("it boots an image that is neither of the marketplace nor of a gallery by its id")
        urn = ":".join(reference[key] for key in images.KEYS[:3])
        short = {name: one for one, name in images.SHORT.items()}
        latest = reference["version"] == "latest"
        return short.get(urn, urn) if latest else f"{urn}:{reference['version']}"
    match = VERSION.fullmatch(reference["id"])
    if match is None:
        raise Unsayable(f"it boots {reference['id']}, which is no version of a gallery image")
    if match["version"] is None:
        raise Unsayable(f"it boots whatever is newest of {reference['id']}; a spec means a version of it")
    return _version(match, known)


def _version(match: re.Match[str], known: Known) -> dict[str, str]:
    gallery, version = match["gallery"], match["version"]
    if match["subscription"] != known.subscription.lower():
        where = f"/subscriptions/{match['subscription']}/resourceGroups/{match['group']}"
        path = f"Microsoft.Compute/galleries/{gallery}/images/{match['definition']}/versions/{version}"
        return {"id": f"{where}/providers/{path}"}
    if match["group"] == known.group.lower():
        named = next((name for name in known.live.get("gallery", ()) if name.lower() == gallery), gallery)
        return {"gallery": named, "definition": match["definition"], "version": version}
    found = {"gallery": gallery, "definition": match["definition"], "version": version}
    return {**found, "resourceGroup": match["group"]}


def nodes(scale: Mapping[str, Any]) -> Any:
    """A number of dedicated nodes, `{dedicated, spot, resizeTimeout}`, or `{autoscale: {formula, every}}`."""
    automatic = scale["autoScale"]
    if automatic:
        own = {"formula": automatic["formula"], "every": without_days(automatic["evaluationInterval"])}
        return {"autoscale": without(own, defaults("pool", "nodes", "autoscale"))}
    fixed = scale["fixedScale"]
    counts = {"dedicated": fixed.get("targetDedicatedNodes", 0), "spot": fixed.get("targetLowPriorityNodes", 0)}
    own = without({**counts, "resizeTimeout": fixed.get("resizeTimeout")}, {"spot": 0, "resizeTimeout": RESIZE_TIMEOUT})
    if set(own) == {"dedicated"}:
        return own["dedicated"]
    return own if own["dedicated"] else {name: value for name, value in own.items() if name != "dedicated"}


def _identity(ids: list[str], puller: str | None, known: Known) -> Any:
    """One reference or a list of them; the one that pulls from registries stands first, as a spec has it."""
    ordered = sorted(ids, key=lambda one: (one != puller, one))
    references = [f"identities/{known.used('identity', one)}" for one in ordered]
    return references[0] if len(references) == 1 else references or None


def containers(given: Mapping[str, Any] | None) -> tuple[Section | None, str | None]:
    """`{images, registries}`, and the id of the identity that pulls."""
    if not given:
        return None, None
    if given["type"] != "DockerCompatible":
        raise Unsayable(f"its containers are of the type {given['type']}")
    pullers = set(given["containerRegistries"].values())
    if "" in pullers:
        raise Unsayable("it logs in to a container registry with a password, which is a secret")
    if len(pullers) > 1:
        raise Unsayable("it pulls with more than one identity; in a spec all registries have one")
    own = {"images": list(given["containerImageNames"]), "registries": sorted(given["containerRegistries"])}
    return {name: value for name, value in own.items() if value}, next(iter(pullers), None)


def start_task(given: Mapping[str, Any] | None, notes: list[str]) -> Section | None:
    if not given:
        return None
    shape = definition("pool")["properties"]["startTask"]
    user = (given.get("userIdentity") or {}).get("autoUser") or {}
    named = {name: value for name, value in given.items() if name not in ("userIdentity", "environmentSettings")}
    environment = shape["properties"]["environmentSettings"]
    own = {
        **said(named, shape, "startTask", notes),
        "environmentSettings": pairs(
            given.get("environmentSettings") or {}, environment, "startTask.environmentSettings", notes, UNTIL
        ),
        "elevationLevel": user.get("elevationLevel"),
    }
    return without(own, defaults("pool", "startTask"))


def _parts(given: Mapping[str, Any], defaults: Mapping[str, Any], notes: list[str]) -> Section:
    """The properties of which something is not as Batch has it by itself."""
    shapes = definition("pool")["properties"]
    found = {}
    for name, default in defaults.items():
        value = given.get(name)
        if value is None or value == default:
            continue
        if name == "mountConfiguration":
            _mountable(value, notes)
        cut = said(value, shapes[name], name, notes)
        own = without(cut, default) if isinstance(cut, dict) and isinstance(default, Mapping) else cut
        if own or not isinstance(own, dict):
            found[name] = own
    return {name: {**_required(shapes[name], given[name]), **own} if isinstance(own, dict) else own
            for name, own in found.items()}  # fmt: skip


def _required(shape: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """What the schema wants said even where it is default."""
    return {name: value[name] for name in shape.get("required", ()) if name in value}


def _mountable(mounts: list[Mapping[str, Any]], notes: list[str]) -> None:
    known = definition("pool")["properties"]["mountConfiguration"]["items"]["properties"]
    for mount in mounts:
        for name, value in mount.items():
            if value is not None and name not in known:
                raise Unsayable(f"its {name} needs a key, which is a secret; a spec mounts blobs by identity, or NFS")
            if value and name == "azureBlobFileSystemConfiguration" and not value.get("identityReference"):
                path = value.get("relativeMountPath")
                notes.append(f"the key with which {path} is mounted is a secret: Azure does not show it, and it stays")


def _package(given: Mapping[str, Any], known: Known) -> dict[str, Any]:
    account, _, name = given["id"].partition("/applications/")
    if known.name("batch_account", account) is None:
        raise Unsayable(f"its application package {given['id']} is not one of the account")
    return {**given, "id": name}


INVERSE = Inverse(say=section, chosen=True, unseen="rollout and verify")
