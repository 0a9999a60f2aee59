"""The section `storage` of a spec: containers are a list of names or a map, and old versions of TLS have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.azure import retired
from reconciler.errors import Problem
from reconciler.spec import vault_keys
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def spell(account: dict[str, Any], folder: Path) -> dict[str, Any]:
    containers = account.get("containers")
    if isinstance(containers, list):
        account["containers"] = dict.fromkeys(containers)
    return account


def retiring(spec: Spec) -> Iterator[tuple[Path_, retired.Retired]]:
    for name, account in spec.storage.items():
        if account["minimumTlsVersion"] in ("TLS1_0", "TLS1_1"):
            yield ("storage", name, "minimumTlsVersion"), retired.OLD_TLS


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, account in spec.storage.items():
        if "encryption" in account:
            yield from vault_keys.problems(document, spec, ("storage", name, "encryption"), account["encryption"])


SECTION = Section(key="storage", spell=spell, check=check, retiring=retiring)
