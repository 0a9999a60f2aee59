"""A small copy of a spec's work, beside it and for a while: what families of kinds need to know to make their part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.digest import digest
from reconciler.spec.spec import Spec

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""What can stand at the end of the names of pools, jobs and containers; a container's takes no two hyphens in a row."""
GENERATION = re.compile(r".*-g\d+")
"""Names with an end like this are later generations of a pool or job."""
LONGEST, LONGEST_CONTAINER = 64, 63
"""Characters of the id of a pool or job, and of the name of a container (and of a spec).

Source: Batch service, Pool - Add and Job - Add; learn.microsoft.com, naming containers.
"""
KEPT = 24


@dataclass(frozen=True, slots=True)
class Preview:
    """`name` stands at the end of all names, `sample` is how many items of each work are done, `seconds` how long it
    lasts. `own` are the containers that it has instead of those that the spec's work writes, as
    `storage/ACCOUNT/CONTAINER`."""

    name: str
    sample: int
    seconds: int
    spec: Spec
    own: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str, most: int = LONGEST) -> str:
        """What a pool, a job or a container is called in the preview; one that would be too long loses its middle."""
        whole = f"{name}-{self.name}"
        if len(whole) <= most:
            return whole
        return f"{name[: most - len(self.name) - 8].rstrip('-')}-{digest(name)[:6]}-{self.name}"

    def place(self, place: str) -> str:
        """The container that is meant: its own, where the preview has one."""
        return self.own.get(place, place)

    def filling(self, place: str) -> str:
        """The container that the preview has instead of one that work writes."""
        section, account, name = place.split("/")
        return f"{section}/{account}/{self.named(name, LONGEST_CONTAINER)}"


def fault(name: str) -> str:
    """Why a preview cannot have this name; empty if it can."""
    if len(name) > KEPT:
        return f"has {len(name)} characters, and {KEPT} at most leave room for the names before it"
    if not NAME.fullmatch(name):
        return "must be lower-case letters, digits and single hyphens between them, and begin with a letter: pr-12"
    if GENERATION.fullmatch(name):
        return "ends like a later generation of a pool; take another end than -g and a number"
    return ""
