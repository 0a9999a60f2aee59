"""The spec entry of a live pool: the inverse of its `expand`, part by part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.azure import images, sizes
from reconciler.azure.durations import without_days
from reconciler.kind import node_secrets
from reconciler.kind.inverse import Inverse, Known, Section, protect
from reconciler.kind.words import Unsayable, definition, pairs, refuse_secrets, said, without
from reconciler.kinds.pool import certificates, reading
from reconciler.kinds.pool import properties as pool_properties
from reconciler.model import Observed
from reconciler.spec import networks
from reconciler.spec.schema import defaults

RESIZE_TIMEOUT = "PT15M"
"""How long Batch tries to reach a size if nothing else is set."""
UNTIL = "it stays until the start task changes: pass it to the nodes in another way before that"
MACHINE = {
    "imageReference",
    "nodeAgentSkuId",
    "containerConfiguration",
    "certificates",
    *pool_properties.MACHINE_DEFAULTS,
}
"""The properties of virtualMachineConfiguration that a spec can hold."""
VERSION = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/providers/microsoft\.compute"
    r"/galleries/(?P<gallery>[^/]+)/images/(?P<definition>[^/]+)(/versions/(?P<version>[^/]+))?"
)


def section(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live pool. Raises Unsayable if its image, mounts, identities or references cannot be in a spec."""
    if observed.byproduct:
        raise Unsayable("a job has made it, and it goes with that")
    if not known.names("batch_account"):
        raise Unsayable("its Batch account is left out")
    properties = observed.body["properties"]
    machine = reading.machine(properties)
    shapes = definition("pool")["properties"]
    booted = image(machine["imageReference"], known)
    held, puller = containers(machine.get("containerConfiguration"))
    entry: Section = {
        "vmSize": sizes.spelled(properties["vmSize"]),
        "image": booted,
        "nodes": nodes(properties["scaleSettings"]),
        "identity": _identity(observed.body["identity"], puller, known),
        "startTask": start_task(properties.get("startTask"), notes),
        **_kept(properties.get("startTask") or {}),
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
    certificates.told(machine.get("certificates") or (), notes)
    for name in sorted(name for name in machine if name not in MACHINE and machine[name] is not None):
        notes.append(f"{name} is nothing that a spec can say; it stays until another property of the machine changes")
    if entry.get("applicationPackages"):
        entry["applicationPackages"] = [_package(package, known) for package in entry["applicationPackages"]]
    network = entry.get("networkConfiguration") or {}
    if subnet := known.name("subnet", network.get("subnetId") or ""):
        entry["networkConfiguration"] = {**network, "subnetId": f"{networks.SECTION}/{subnet}"}
    entry = {name: value for name, value in entry.items() if value is not None}
    refuse_secrets(entry)
    return entry


def image(reference: Mapping[str, str], known: Known) -> Any:
    """A short name, publisher:offer:sku[:version], or the version of a gallery image."""
    if "id" not in reference:
        if not all(reference.get(key) for key in images.KEYS):
            raise Unsayable("it boots an image that is neither of the marketplace nor of a gallery by its id")
        urn = ":".join(reference[key] for key in images.KEYS[:3])
        names = {full: short for short, full in images.SHORT.items()}
        latest = reference["version"] == "latest"
        return names.get(urn, urn) if latest else f"{urn}:{reference['version']}"
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
    entry = {"gallery": gallery, "definition": match["definition"], "version": version}
    return {**entry, "resourceGroup": match["group"]}


def nodes(scale: Mapping[str, Any]) -> Any:
    """A number of dedicated nodes, `{dedicated, spot, resizeTimeout}`, or `{autoscale: {formula, every}}`."""
    automatic = scale["autoScale"]
    if automatic:
        settings = {"formula": automatic["formula"], "every": without_days(automatic["evaluationInterval"])}
        return {"autoscale": without(settings, defaults("pool", "nodes", "autoscale"))}
    fixed = scale["fixedScale"]
    counts = {"dedicated": fixed.get("targetDedicatedNodes", 0), "spot": fixed.get("targetLowPriorityNodes", 0)}
    usual = {"spot": 0, "resizeTimeout": RESIZE_TIMEOUT}
    settings = without({**counts, "resizeTimeout": fixed.get("resizeTimeout")}, usual)
    if set(settings) == {"dedicated"}:
        return settings["dedicated"]
    if settings["dedicated"]:
        return settings
    return {name: value for name, value in settings.items() if name != "dedicated"}


def _identity(ids: list[str], puller: str | None, known: Known) -> Any:
    """One reference or a list of them; the identity that pulls from registries is first, as a spec wants it."""
    ordered = sorted(ids, key=lambda identity: (identity != puller, identity))
    references = [f"identities/{known.used('identity', identity)}" for identity in ordered]
    return references[0] if len(references) == 1 else references or None


def containers(configuration: Mapping[str, Any] | None) -> tuple[Section | None, str | None]:
    """`{images, registries}`, and the id of the identity that pulls."""
    if not configuration:
        return None, None
    if configuration["type"] != "DockerCompatible":
        raise Unsayable(f"its containers are of the type {configuration['type']}")
    pullers = set(configuration["containerRegistries"].values())
    if "" in pullers:
        raise Unsayable("it logs in to a container registry with a password, which is a secret")
    if len(pullers) > 1:
        raise Unsayable("it pulls with more than one identity; in a spec all registries have one")
    entry = {
        "images": list(configuration["containerImageNames"]),
        "registries": sorted(configuration["containerRegistries"]),
    }
    return {name: value for name, value in entry.items() if value}, next(iter(pullers), None)


def start_task(task: Mapping[str, Any] | None, notes: list[str]) -> Section | None:
    if not task or not task.get("commandLine"):
        return None
    shape = definition("pool")["properties"]["startTask"]
    task = node_secrets.told({"environmentSettings": {}, **task}, "startTask.environmentSettings", notes)
    user = (task.get("userIdentity") or {}).get("autoUser") or {}
    apart = ("userIdentity", "environmentSettings", "keeps")
    plain = {name: value for name, value in task.items() if name not in apart}
    environment = shape["properties"]["environmentSettings"]
    settings = {
        **said(plain, shape, "startTask", notes),
        "environmentSettings": pairs(
            task.get("environmentSettings") or {}, environment, "startTask.environmentSettings", notes, UNTIL
        ),
        "elevationLevel": user.get("elevationLevel"),
    }
    return without(settings, defaults("pool", "startTask"))


def _kept(task: Mapping[str, Any]) -> Section:
    """What its start task keeps; how long is not in Azure."""
    keeps = task.get("keeps") or {}
    if not keeps.get("telemetry"):
        return {"logs": keeps.get("logs")}
    telemetry = {"to": keeps["telemetry"], "every": f"PT{keeps['every']}S"}
    return {"logs": keeps["logs"], "telemetry": without(telemetry, defaults("pool", "telemetry"))}


def _parts(properties: Mapping[str, Any], defaults: Mapping[str, Any], notes: list[str]) -> Section:
    """The properties that differ from Batch's defaults, each without its parts that do not."""
    shapes = definition("pool")["properties"]
    parts = {}
    for name, default in defaults.items():
        value = properties.get(name)
        if value is None or value == default:
            continue
        if name == "mountConfiguration":
            _mountable(value, notes)
        cut = said(value, shapes[name], name, notes)
        part = without(cut, default) if isinstance(cut, dict) and isinstance(default, Mapping) else cut
        if part or not isinstance(part, dict):
            parts[name] = part
    return {name: {**_required(shapes[name], properties[name]), **part} if isinstance(part, dict) else part
            for name, part in parts.items()}  # fmt: skip


def _required(shape: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The parts of `value` that the schema requires even if they have their defaults."""
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


def _package(package: Mapping[str, Any], known: Known) -> dict[str, Any]:
    account, _, name = package["id"].partition("/applications/")
    if known.name("batch_account", account) is None:
        raise Unsayable(f"its application package {package['id']} is not one of the account")
    return {**package, "id": name}


INVERSE = Inverse(say=section, chosen=True, unseen="rollout and verify")
