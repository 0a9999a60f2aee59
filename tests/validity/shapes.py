"""The shapes of request bodies that the local Azure keeps (`azure_local/shapes/`), taken from Microsoft's swagger.

    .venv/bin/python -m tests.validity.shapes    # writes them anew

Their language is told there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.validity.exchanges import SHARED
from tests.validity.swagger import OUT_OF_DATE, Schema

FOLDER = Path(__file__).parents[2] / "azure_local/shapes"
COMPUTE = "compute/resource-manager/Microsoft.Compute"
NETWORK = "network/resource-manager/Microsoft.Network/stable/2024-07-01"
ROOTS = {
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
    "network": (
        (f"{NETWORK}/virtualNetwork.json", ("VirtualNetwork",)),
        (f"{NETWORK}/networkSecurityGroup.json", ("NetworkSecurityGroup",)),
        (f"{NETWORK}/publicIpAddress.json", ("PublicIPAddress",)),
        (f"{NETWORK}/networkInterface.json", ("NetworkInterface",)),
        (f"{NETWORK}/network.json", ("TagsObject",)),
    ),
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
            return kind
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


def made(name: str) -> dict[str, Any]:
    """The shapes of a service."""
    shapes = Shapes(REFERENCES.get(name, frozenset()))
    for file, roots in ROOTS[name]:
        for root in roots:
            path = (SHARED / file).resolve()
            shapes.add(root, Schema(path, {"$ref": f"#/definitions/{root}"}).resolved())
    return dict(sorted(shapes.found.items()))


def written(name: str) -> str:
    """One shape a line."""
    lines = [f" {json.dumps(shape)}: {json.dumps(members)}" for shape, members in made(name).items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for service in ROOTS:
        (FOLDER / f"{service}.json").write_text(written(service))
