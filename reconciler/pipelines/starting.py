"""The spec that a team begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from reconciler.errors import WrongUsage
from reconciler.pipelines.template import filled, read

WHAT: Mapping[str, str] = {
    "pool": "a pool and a job with tasks",
    "conversion": "a job that converts images from one container to another",
    "image": "a VM image, for pools that other specs have",
}
"""What a spec may begin with."""
_EXISTING = "\n  existing: true                        # identity.yaml makes it"
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?")
GROUP = re.compile(r"[\w.()-]{0,89}[\w()-]", re.ASCII)
LOCATION = re.compile(r"[a-z][a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Start:
    """The answers: what of, the spec's name (its owner mark), the resource group, and an Azure region.

    `existing`: the group is of another spec, that of the pipelines' identities.
    """

    name: str
    what: str = "pool"
    resource_group: str = ""
    location: str = "swedencentral"
    existing: bool = False

    def __post_init__(self) -> None:
        for option, pattern, value, remedy in (
            ("--name", NAME, self.name, "take a letter and at most 29 more letters, digits and hyphens, in lower case"),
            ("--resource-group", GROUP, self.group, "take at most 90 letters, digits, hyphens and underscores"),
            ("--location", LOCATION, self.location, "take the short name of a region, such as westeurope"),
        ):
            if not pattern.fullmatch(value):
                raise WrongUsage(f"{option} {value!r} will not do: {remedy}")

    @property
    def group(self) -> str:
        return self.resource_group or f"rg-{self.name}"


def name_of(folder: str) -> str:
    """A spec's name from that of a folder."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return (slug if slug[:1].isalpha() else f"batch-{slug}".rstrip("-"))[:30].rstrip("-")


def spec(start: Start) -> str:
    """The text of the spec. Names that must be unique in all of Azure end in a digest of the answers."""
    unique = sha256(f"{start.name}/{start.group}/{start.location}".encode()).hexdigest()[:5]
    short = start.name.replace("-", "")[:15]
    return filled(
        read(f"specs/{start.what}.yaml"),
        {
            "account": f"ba{short}{unique}",
            "gallery": "gallery_" + start.name.replace("-", "_"),
            "group": start.group + (_EXISTING if start.existing else ""),
            "location": start.location,
            "name": start.name,
            "storage": f"sa{short}{unique}",
        },
    )
