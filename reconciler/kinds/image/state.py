"""What is known of an image version beyond its body: all of its tags, and what there is of a build of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.image.machine import Seen
from reconciler.model import Observed


@dataclass(frozen=True, slots=True)
class State:
    """The state of an image version, or of the build that is to become it.

    tags  all tags of the version, our marks among them
    left  what builds of the image have left, of any content: resources in ARM's short form
    seen  what there is of the build of the wanted content; None where that was not looked at
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    left: tuple[Mapping[str, Any], ...] = ()
    seen: Seen | None = None


def state_of(version: Observed) -> State:
    """The state of an observed image version."""
    assert isinstance(version.state, State)
    return version.state
