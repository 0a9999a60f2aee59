"""How Azure spells the names of VM sizes, which it compares without case."""

from __future__ import annotations

import re


def spelled(size: str) -> str:
    """`standard_nc4as_t4_v3` → `Standard_NC4as_T4_v3`, as nearly all sizes are spelled; others stay as they are."""
    tier, *parts = size.split("_")
    if size != size.lower() or not parts:
        return size
    family = re.sub("^[a-z]+", lambda match: match[0].upper(), parts[0])
    rest = [part if re.fullmatch(r"v\d+", part) else part.capitalize() for part in parts[1:]]
    return "_".join((tier.capitalize(), family, *rest))
