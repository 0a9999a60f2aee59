"""Kinds whose bodies are looked at, both sides of every comparison: each is JSON and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from reconciler.cloud.cloud import Cloud
from reconciler.kind import Kind, Kinds
from reconciler.kinds import KINDS
from reconciler.model import Desired, Observed


def check(resource: Desired | Observed) -> None:
    """AssertionError, with what is wrong, unless the body is read from its own JSON just as it is."""
    try:
        text = json.dumps(resource.body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"the body of {resource.address} is no JSON: {error}") from None
    assert json.loads(text) == resource.body, f"the body of {resource.address} is no JSON: {resource.body}"


def checked(kind: Kind) -> Kind:
    """`kind`, with the body of everything that it is asked for and observes checked."""

    def listing(cloud: Cloud, wanted: Iterable[Desired]) -> list[Observed]:
        desired = list(wanted)
        observed = list(kind.list(cloud, desired))
        for asked in desired:
            check(asked)
        for seen in observed:
            check(seen)
        return observed

    def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
        observed = kind.observe(cloud, wanted)
        if observed:
            check(observed)
        return observed

    return replace(kind, list=listing, observe=observe)


CHECKED: Kinds = {name: checked(kind) for name, kind in KINDS.items()}
