"""The requests that start each phase of an image build: they make its network and machine, and run its stages.

Nobody can log in to the machine from outside: its network lets nothing in, and nobody has its key unless the spec gives
a public one. It has a public address only to reach the package servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.azure import images
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.image import recipe
from reconciler.kinds.image.machine import Names, Seen, command_name
from reconciler.kinds.image.recipe import Stage

USER = "reconcile"
PREFIX = "10.224.0.0/24"
LONGEST = 5400
"""The most seconds that a stage may take before Azure stops it."""


def network(cloud: Cloud, named: Names, seen: Seen, base: Mapping[str, Any], subnet: str | None) -> None:
    """Make the next missing parts of the network; each part needs those before it."""
    standard = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    if subnet is None and "security" not in seen.parts:
        arm.put(cloud, named.security, {**base, "properties": {"securityRules": []}})
        arm.put(cloud, named.address, {**base, **standard})
    elif subnet is None and "address" not in seen.parts:
        arm.put(cloud, named.address, {**base, **standard})
    elif subnet is None and "network" not in seen.parts:
        inner = {"addressPrefix": PREFIX, "networkSecurityGroup": {"id": named.security}}
        outer = {"addressSpace": {"addressPrefixes": [PREFIX]}, "subnets": [{"name": "build", "properties": inner}]}
        arm.put(cloud, named.network, {**base, "properties": outer})
    else:
        where: dict[str, Any] = {"subnet": {"id": subnet or f"{named.network}/subnets/build"}}
        if subnet is None:
            where["publicIPAddress"] = {"id": named.address}
        properties = {"privateIPAllocationMethod": "Dynamic", **where}
        configurations = [{"name": "build", "properties": properties}]
        arm.put(cloud, named.interface, {**base, "properties": {"ipConfigurations": configurations}})


def machine(
    cloud: Cloud, named: Names, base: Mapping[str, Any], image: Mapping[str, Any], version: str, identity: str | None
) -> None:
    """Make the machine; its disk and its network interface go with it."""
    publisher, offer, sku = images.BASES[image["os"]].urn.split(":")
    disk = {
        "createOption": "FromImage",
        "managedDisk": {"storageAccountType": "StandardSSD_LRS"},
        "deleteOption": "Delete",
    }
    public_key = image["buildVm"].get("sshPublicKey") or _nobody()
    login = {"path": f"/home/{USER}/.ssh/authorized_keys", "keyData": public_key}
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [login]}, "provisionVMAgent": True}
    reference = {"publisher": publisher, "offer": offer, "sku": sku, "version": version}
    properties = {
        "hardwareProfile": {"vmSize": image["buildVm"]["size"]},
        "storageProfile": {"imageReference": reference, "osDisk": disk},
        "osProfile": {"computerName": named.name, "adminUsername": USER, "linuxConfiguration": linux},
        "networkProfile": {"networkInterfaces": [{"id": named.interface, "properties": {"deleteOption": "Delete"}}]},
    }
    body: dict[str, Any] = {**base, "properties": properties}
    if identity:
        body["identity"] = arm.user_assigned([identity])
    arm.put(cloud, named.machine, body)


def stage(cloud: Cloud, named: Names, location: str, number: int, step: Stage) -> None:
    """Start a stage on the machine; it then runs there by itself."""
    base = {"location": location}
    if step.script is None:
        arm.put(cloud, f"{named.machine}/extensions/gpu-driver", {**base, "properties": recipe.EXTENSION})
        return
    properties = {"source": {"script": step.script}, "asyncExecution": True, "timeoutInSeconds": LONGEST}
    arm.put(cloud, f"{named.machine}/runCommands/{command_name(number, step)}", {**base, "properties": properties})


def _nobody() -> str:
    """A public key whose private half nobody has: Azure wants one, and no password is safer than this."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
