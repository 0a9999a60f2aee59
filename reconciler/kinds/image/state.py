"""What is known of an image version beyond its body: all of its tags, and the resources of its build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.image.machine import Seen
from reconciler.model import Observed


@dataclass(frozen=True, slots=True)
class State:
    """The state of an image version, or of the build that is to become it.

    tags       all tags of the version, our marks among them
    resources  what builds of the image, of any content, have left: resources in ARM's short form
    seen       what exists of the build of the desired content; None if that was not read
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[Mapping[str, Any], ...] = ()
    seen: Seen | None = None


def state_of(version: Observed) -> State:
    """The state of an observed image version."""
    assert isinstance(version.state, State)
    return version.state
