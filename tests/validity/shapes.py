"""The shapes of request bodies that the local Azure keeps (`azure_local/shapes/`), taken from Microsoft's documents.

    .venv/bin/python -m tests.validity.shapes    # writes them anew

Their language is told there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.validity import shapes_of_bicep, shapes_of_sdk
from tests.validity.exchanges import SHARED
from tests.validity.swagger import OUT_OF_DATE, Schema, document

FOLDER = Path(__file__).parents[2] / "azure_local/shapes"
COMPUTE = "compute/resource-manager/Microsoft.Compute"
NETWORK = "network/resource-manager/Microsoft.Network/stable/2024-07-01"
BATCH = "batch/resource-manager/Microsoft.Batch/stable/2024-07-01/BatchManagement.json"
STORAGE = "storage/resource-manager/Microsoft.Storage/stable/2025-01-01"
REGISTRY = "containerregistry/resource-manager/Microsoft.ContainerRegistry/Registry/stable/2025-04-01"
ROLES = "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01"
IDENTITY = "msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2024-11-30"
ROOTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "authorization": (
        (f"{ROLES}/authorization-RoleAssignmentsCalls.json", ("RoleAssignmentCreateParameters",)),
        (f"{ROLES}/authorization-RoleDefinitionsCalls.json", ("RoleDefinition",)),
    ),
    "batch": ((BATCH, ("ActivateApplicationPackageParameters", "CheckNameAvailabilityParameters")),),
    "compute": (
        (
            f"{COMPUTE}/ComputeRP/stable/2025-04-01/ComputeRP.json",
            ("VirtualMachine", "VirtualMachineUpdate", "VirtualMachineRunCommand", "VirtualMachineExtension"),
        ),
        (f"{COMPUTE}/DiskRP/stable/2025-01-02/DiskRP.json", ("Disk", "DiskUpdate")),
        (
            f"{COMPUTE}/GalleryRP/stable/2024-03-03/GalleryRP.json",
            (
                "Gallery",
                "GalleryUpdate",
                "GalleryImage",
                "GalleryImageUpdate",
                "GalleryImageVersion",
                "GalleryImageVersionUpdate",
            ),
        ),
    ),
    "containerregistry": ((f"{REGISTRY}/containerregistry.json", ("RegistryNameCheckRequest",)),),
    "managedidentity": (
        (f"{IDENTITY}/ManagedIdentity.json", ("Identity", "IdentityUpdate", "FederatedIdentityCredential")),
    ),
    "network": ((f"{NETWORK}/network.json", ("TagsObject",)),),
    "resources": (
        (
            "resources/resource-manager/Microsoft.Resources/stable/2025-04-01/resources.json",
            ("ResourceGroup", "ResourceGroupPatchable"),
        ),
    ),
    "storage": (
        (
            f"{STORAGE}/storage.json",
            (
                "StorageAccountCreateParameters",
                "StorageAccountUpdateParameters",
                "StorageAccountCheckNameAvailabilityParameters",
            ),
        ),
        (f"{STORAGE}/blob.json", ("BlobContainer",)),
    ),
}
"""File of shapes → swagger documents, and the definitions in them that bodies have."""
MODELS = {
    "batch-data": (
        "BatchPoolCreateOptions", "BatchPoolUpdateOptions", "BatchPoolReplaceOptions", "BatchPoolResizeOptions",
        "BatchPoolEnableAutoScaleOptions", "BatchPoolEvaluateAutoScaleOptions", "BatchNodeRemoveOptions",
        "BatchNodeRebootOptions", "BatchNodeReimageOptions", "BatchNodeDeallocateOptions",
        "BatchNodeDisableSchedulingOptions", "BatchNodeUserCreateOptions", "BatchNodeUserReplaceOptions",
        "BatchJobCreateOptions", "BatchJobUpdateOptions", "BatchJob", "BatchJobDisableOptions",
        "BatchJobTerminateOptions", "BatchJobScheduleCreateOptions", "BatchJobScheduleUpdateOptions",
        "BatchJobSchedule", "BatchTaskCreateOptions", "BatchTask",
    )
}  # fmt: skip
"""File of shapes → models of Microsoft's SDK that bodies have."""
OLDER = {"batch": BATCH, "batch-data": "batch/data-plane/Azure.Batch/preview/2024-07-01.20.0/BatchService.json"}
"""File of shapes → the swagger of an older version, which alone says what is a secret and what a duration."""
FILES = sorted({*ROOTS, *MODELS, *(path.stem for path in FOLDER.glob("*.json"))})
TYPES = "$types"
"""What a file of shapes says of ARM types whose version no swagger has: where they are, and their shapes' names."""
WORDS = ("string", "integer", "number", "boolean")
LIMITS = {
    "minimum": "min",
    "maximum": "max",
    "minLength": "min",
    "maxLength": "max",
    "pattern": "pattern",
}
REFERENCES = {
    "network": frozenset(
        {
            "Subnet", "NetworkSecurityGroup", "PublicIPAddress", "RouteTable", "ServiceEndpointPolicy",
            "ApplicationGatewayIPConfiguration", "ApplicationGatewayBackendAddressPool", "BackendAddressPool",
            "InboundNatRule", "VirtualNetworkTap", "ApplicationSecurityGroup", "NatGateway", "PublicIPPrefix",
            "PrivateLinkService", "PrivateEndpoint", "VirtualNetworkPeering", "IpAllocation", "VirtualNetwork",
        }
    )
}  # fmt: skip
"""Whole resources that stand inside of another one of the same service: shown as any object, but for those below."""
INSIDE = frozenset({("VirtualNetworkPropertiesFormat", "subnets")})
"""Members that do hold such a resource rather than a reference to it."""


class Shapes:
    """Collects the shapes that a schema leads to."""

    def __init__(self, references: frozenset[str]) -> None:
        self.references = references
        self.found: dict[str, dict[str, Any]] = {}

    def member(self, schema: Schema, owner: str = "", name: str = "") -> Any:
        reference = str(schema.value.get("$ref", "")).rsplit("/", 1)[-1]
        if schema.value.get("readOnly"):
            return None
        whole = schema.resolved()
        if whole.value.get("readOnly"):
            return None
        if reference in self.references and (owner, name) not in INSIDE:
            return "any"
        if "enum" in whole.value:
            return "string" if reference in OUT_OF_DATE else {"enum": whole.value["enum"]}
        kind = whole.value.get("type", "object")
        if kind == "array":
            return [self.member(Schema(whole.file, whole.value["items"]), owner, name)]
        if kind != "object":
            return _scalar(str(kind), {**whole.value, **schema.value})
        return self._object(whole, reference or owner + name[:1].upper() + name[1:])

    def _object(self, schema: Schema, name: str) -> Any:
        if schema.properties():
            self.add(name, schema)
            return f"#{name}"
        inner = schema.value.get("additionalProperties")
        return {"*": self.member(Schema(schema.file, inner))} if isinstance(inner, dict) and inner else "any"

    def add(self, name: str, schema: Schema) -> None:
        if name in self.found:
            return
        shape = self.found[name] = {}
        for member, one in sorted(schema.properties().items()):
            shape[member] = self.member(one, name, member)
        if needed := [one for one in sorted(schema.required() - {"location"}) if shape.get(one) is not None]:
            shape["!"] = needed  # a region that is missing is told of by ARM itself


def _scalar(kind: str, schema: Mapping[str, Any]) -> Any:
    """A type with its limits; a duration is a type of its own."""
    if schema.get("format") == "duration":
        return "duration"
    limits = {short: schema[name] for name, short in LIMITS.items() if name in schema}
    secret = {"secret": True} if schema.get("x-ms-secret") else {}
    return {"type": kind, **limits, **secret} if limits or secret else kind


def _complete(shapes: dict[str, dict[str, Any]], definitions: Mapping[str, Any]) -> None:
    """Say of the shapes' members what the definitions of an older version say of those of the same names."""
    older = {name.lower(): definition.get("properties", {}) for name, definition in definitions.items()}
    for name, shape in shapes.items():
        for member, kind in shape.items():
            said = older.get(name.lower(), {}).get(member, {})
            if said.get("format") == "duration" and kind == "string":
                shape[member] = "duration"
            elif said.get("x-ms-secret") and isinstance(kind, str):
                shape[member] = {"type": kind if kind in WORDS else "any", "secret": True}


def made(name: str) -> dict[str, Any]:
    """The shapes of a file."""
    shapes = Shapes(REFERENCES.get(name, frozenset()))
    for file, roots in ROOTS.get(name, ()):
        path = (SHARED / file).resolve()
        for root in roots:
            shapes.add(root, Schema(path, {"$ref": f"#/definitions/{root}"}).resolved())
    found = dict(shapes.found)
    if said := _said(name):
        folder, references = SHARED / "bicep-types" / said["from"], REFERENCES.get(name, frozenset())
        found |= {TYPES: said, **shapes_of_bicep.made(folder, said["shapes"], references, INSIDE)}
    found |= shapes_of_sdk.made(MODELS.get(name, ()))
    if name in OLDER:
        _complete(found, document((SHARED / OLDER[name]).resolve())["definitions"])
    return dict(sorted(found.items()))


def _said(name: str) -> dict[str, Any]:
    """What the file says of types; nothing where it is not there, or says nothing."""
    path = FOLDER / f"{name}.json"
    said: dict[str, Any] = json.loads(path.read_text()).get(TYPES, {}) if path.is_file() else {}
    return said


def written(name: str) -> str:
    """One shape a line."""
    lines = [f" {json.dumps(shape)}: {json.dumps(members)}" for shape, members in made(name).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for service in FILES:
        (FOLDER / f"{service}.json").write_text(written(service))
