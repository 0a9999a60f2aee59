"""Every exchange of a wire log against Microsoft's published schemas: the operation, the status, and both bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.documents import loaded
from tests.validity import bicep, swagger

SHARED = Path(__file__).parents[3] / "shared" / "azure" / "openapi"
"""Microsoft's documents as published, where they are beside the checkout; only what deepens the checks reads them."""
TYPES = Path(__file__).parent / "types"
"""What of them the checks need; `vendor.py` makes it."""
BICEP = "bicep-types"
GAPS = loaded((Path(__file__).parent / "gaps.yaml").read_text())
RECORDED = loaded((Path(__file__).parent / "recorded.yaml").read_text())
DOCUMENTS = {
    "arm": (
        "storage/resource-manager/Microsoft.Storage/stable/2025-01-01/storage.json",
        "storage/resource-manager/Microsoft.Storage/stable/2025-01-01/blob.json",
        "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-RoleAssignmentsCalls.json",
        "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-RoleDefinitionsCalls.json",
        "batch/resource-manager/Microsoft.Batch/stable/2024-07-01/BatchManagement.json",
        "containerregistry/resource-manager/Microsoft.ContainerRegistry/Registry/stable/2025-04-01/containerregistry.json",
        "compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2025-04-01/ComputeRP.json",
        "compute/resource-manager/Microsoft.Compute/DiskRP/stable/2025-01-02/DiskRP.json",
        "compute/resource-manager/Microsoft.Compute/GalleryRP/stable/2024-03-03/GalleryRP.json",
        "compute/resource-manager/Microsoft.Compute/Skus/stable/2021-07-01/skus.json",
        "network/resource-manager/Microsoft.Network/stable/2024-07-01/virtualNetwork.json",
        "network/resource-manager/Microsoft.Network/stable/2024-07-01/networkSecurityGroup.json",
        "network/resource-manager/Microsoft.Network/stable/2024-07-01/publicIpAddress.json",
        "network/resource-manager/Microsoft.Network/stable/2024-07-01/networkInterface.json",
        "msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2024-11-30/ManagedIdentity.json",
        "resources/resource-manager/Microsoft.Resources/stable/2025-04-01/resources.json",  # last: it fits any resource
    ),
    "batch": ("batch/data-plane/Azure.Batch/preview/2024-07-01.20.0/BatchService.json",),
}
EXACT = {
    "microsoft.batch/batchaccounts": "microsoft.batch/2025-06-01",
    "microsoft.batch/batchaccounts/pools": "microsoft.batch/2025-06-01",
    "microsoft.containerregistry/registries": "microsoft.containerregistry/2025-11-01",
    "microsoft.keyvault/vaults": "microsoft.keyvault/2026-02-01",
    "microsoft.managedidentity/userassignedidentities": "microsoft.managedidentity/2024-11-30",
    "microsoft.authorization/roleassignments": "microsoft.authorization/2022-04-01",
    "microsoft.keyvault/vaults/privateendpointconnections": "microsoft.keyvault/2026-02-01",
    "microsoft.network/natgateways": "microsoft.network/2025-09-01",
    "microsoft.network/networksecuritygroups/securityrules": "microsoft.network/2025-09-01",
    "microsoft.network/privateendpoints": "microsoft.network/2025-09-01",
    "microsoft.network/privateendpoints/privatednszonegroups": "microsoft.network/2025-09-01",
    "microsoft.network/publicipprefixes": "microsoft.network/2025-09-01",
    "microsoft.network/virtualnetworks/subnets": "microsoft.network/2025-09-01",
    "microsoft.network/privatednszones": "microsoft.network.privatedns/2024-06-01",
    "microsoft.network/privatednszones/a": "microsoft.network.privatedns/2024-06-01",
    "microsoft.network/privatednszones/virtualnetworklinks": "microsoft.network.privatedns/2024-06-01",
}
"""ARM types whose bodies are checked against this version, because the swagger at hand is older.

Others are checked against the very api-version of the exchange, where its types are at hand.
"""
NEWER = frozenset({"ipFamilies", "ipTags", "proxyAgentSettings", "diskEncryptionSet", "managedDisk", "jobDefaultOrder"})
"""Properties that Batch 2025-06-01 has and its swagger of 2024-07-01 has not."""


Exact = tuple[list[dict[str, Any]], dict[str, Any]]
"""All types of a provider's version, and the one that a body has."""


@dataclass
class Report:
    requests: int = 0
    answers: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        head = f"validity: {self.requests:,} requests and {self.answers:,} answers checked against Microsoft's schemas"
        return f"{head}, {len(self.faults)} faults, {len(GAPS)} gaps"


class Validator:
    def __init__(self) -> None:
        self.tables = {
            plane: swagger.operations(tuple((TYPES / name).resolve() for name in names))
            for plane, names in DOCUMENTS.items()
        }

    def check(self, log: Path) -> Report:
        """Every line of the log; equal exchanges are checked once and counted each time."""
        report = Report()
        seen: dict[str, list[str]] = {}
        for line in log.read_text().splitlines():
            exchange = json.loads(line)
            key = json.dumps(
                [exchange.get(name) for name in ("method", "path", "query", "request", "status", "response")]
            )
            if key not in seen:
                seen[key] = list(self.faults(exchange))
            report.requests += 1
            report.answers += 1
            for fault in seen[key]:
                report.faults[fault] = report.faults.get(fault, 0) + 1
        return report

    def faults(self, exchange: dict[str, Any]) -> Iterator[str]:
        """What is wrong with one exchange, less the gaps."""
        path = exchange["path"]
        if exchange["plane"] == "batch":
            path = "/" + path.split("/", 3)[-1]
        if gap(exchange["method"], path):
            return
        exact = _exact(path, exchange) if exchange["plane"] == "arm" else None
        found = self._operation(exchange["plane"], exchange["method"], path)
        if found is None and exact is not None:
            for fault in _typed(exchange, exact, path):
                yield f"{exchange['method']} {_shape(path)} {exchange['status']}: {fault}"
            return
        if found is None:
            if exchange["status"] != 404:
                yield f"{exchange['method']} {_shape(path)}: no such operation in Microsoft's documents"
            return
        where = f"{found.name} {exchange['status']}"
        if str(exchange["status"]) not in found.answers and exchange["status"] < 400:
            yield f"{where}: Microsoft lists {', '.join(found.answers)}"
        faults = _typed(exchange, exact, path) if exact and exchange["status"] < 400 else _bodies(exchange, found)
        for fault in faults:
            if not any(re.fullmatch(one["fault"], fault) for one in RECORDED):
                yield f"{where}: {fault}"

    def _operation(self, plane: str, method: str, path: str) -> swagger.Operation | None:
        for verb, pattern, operation in self.tables[plane]:
            if verb == method and pattern.fullmatch(path.rstrip("/")):
                return operation
        return None


def _typed(exchange: dict[str, Any], exact: Exact, path: str) -> Iterator[str]:
    """What does not fit the type of the resource or collection; of a refusal, nothing."""
    request, answer = _json(exchange["request"]), _json(exchange["response"])
    if exchange["status"] >= 400:
        return
    if request is not None and exchange["method"] in ("PUT", "PATCH") and _is_resource(path):
        yield from bicep.faults(*exact, request, "request", request=True)
    if isinstance(answer, dict):
        for item in answer["value"] if not _is_resource(path) and "value" in answer else [answer]:
            yield from bicep.faults(*exact, item, "answer", request=False)


def _bodies(exchange: dict[str, Any], found: swagger.Operation) -> Iterator[str]:
    """What does not fit the operation's schemas."""
    request, answer = _json(exchange["request"]), _json(exchange["response"])
    if request is not None and found.body is not None and exchange["status"] < 400:
        schema = swagger.Schema(found.body["file"], found.body["schema"])
        yield from swagger.faults(schema, request, "request", request=True, known=NEWER)
    if not isinstance(answer, dict | list):
        return
    listed = found.answers.get(str(exchange["status"]), found.answers.get("default", {}))
    if "schema" in listed and exchange["headers"].get("content-type", "").startswith("application/json"):
        schema = swagger.Schema(found.file, listed["schema"])
        yield from swagger.faults(schema, answer, "answer", request=False, known=NEWER)


def gap(method: str, path: str) -> bool:
    return any(re.fullmatch(one["method"], method) and re.search(one["path"], path, re.IGNORECASE) for one in GAPS)


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _type(path: str) -> str:
    """`/.../providers/Microsoft.Batch/batchAccounts/a/pools/p` → `microsoft.batch/batchaccounts/pools`."""
    parts = path.lower().split("/providers/")[-1].strip("/").split("/")
    return "/".join([parts[0], *parts[1::2]])


def _is_resource(path: str) -> bool:
    """Whether the path names one resource, not a collection."""
    return len(path.split("/providers/")[-1].strip("/").split("/")) % 2 == 1


def _exact(path: str, exchange: dict[str, Any]) -> Exact | None:
    """The type that the path is about, of the version in EXACT or of the exchange, or None if it is not at hand."""
    if "/providers/" not in path:
        return None
    kind, version = _type(path), exchange.get("query", {}).get("api-version", "")
    folder = EXACT.get(kind, f"{kind.partition('/')[0]}/{version}")
    return bicep.resource(TYPES / BICEP / folder, kind)


def _shape(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", path)
