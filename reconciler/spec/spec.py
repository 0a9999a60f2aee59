"""A checked spec: every section present, defaults filled in, values as the YAML has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model import Address

Section = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a spec's resources live. `cloud` is `public` or `local`."""

    cloud: str
    subscription: str
    location: str
    resource_group: str
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """One desired-state file. `name` is the owner mark of all it makes."""

    name: str
    file: str
    azure: Target
    storage: Section = field(default_factory=dict)
    identities: Section = field(default_factory=dict)
    registries: Section = field(default_factory=dict)
    images: Section = field(default_factory=dict)
    batch_account: Mapping[str, Any] | None = None
    applications: Section = field(default_factory=dict)
    pools: Section = field(default_factory=dict)
    jobs: Section = field(default_factory=dict)
    adopt: frozenset[Address] = frozenset()
    outputs: Mapping[str, str] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where relative paths of the spec start."""
        return Path(self.file).parent

    @property
    def group_id(self) -> str:
        """ARM id of the spec's resource group."""
        return f"/subscriptions/{self.azure.subscription}/resourceGroups/{self.azure.resource_group}"
