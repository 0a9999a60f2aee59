"""What the kinds of monitoring say alike of a live one: where it stands in a spec, and what must stand beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.kind.inverse import Known
from reconciler.kind.traits import Traits
from reconciler.kinds.monitoring import wanted
from reconciler.model import Observed

NOWHERE = Traits(regions=lambda desired: ())
"""Of what is in all regions, whatever its location says."""
Path = tuple[str, ...]


def place(part: str) -> Callable[[Observed, Known], Path]:
    return lambda observed, known: (wanted.SECTION, part, observed.address.name)


def only(observed: Observed, known: Known) -> Mapping[Path, Any]:
    """What a spec must say beside one, so that it asks for nothing that is not there."""
    spaces = known.names("log_analytics_workspace")
    usual = {"presets": [], "logs": {}, "serviceHealth": False, "workbook": False}
    if len(spaces) != 1:
        usual["workspace"] = f"{wanted.WORKSPACES}/{spaces[0]}" if spaces else wanted.NONE
    return {(wanted.SECTION, key): value for key, value in usual.items()}


def variable(name: str) -> str:
    """The environment variable in which an imported spec has the address of the webhook of this name."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def notify(ids: Iterable[str], known: Known) -> list[str] | None:
    """Whom an alert tells; None for all groups of the spec. Unsayable for a group that is not in it."""
    named = sorted(known.used("action_group", group) for group in ids)
    return None if named == sorted(known.names("action_group")) else named
