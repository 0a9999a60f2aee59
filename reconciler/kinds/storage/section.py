"""The section `storage` of a spec: containers are a list of names or a map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.spec.family import Section


def spell(account: dict[str, Any], folder: Path) -> dict[str, Any]:
    containers = account.get("containers")
    if isinstance(containers, list):
        account["containers"] = dict.fromkeys(containers)
    return account


SECTION = Section(key="storage", spell=spell)
