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


def arm64(size: str) -> bool:
    """Whether its processors are Arm64: a `p` among the letters after its number.

    Source: learn.microsoft.com, Azure VM sizes naming conventions. The Azure resource SKUs of a region say the same as
    CpuArchitectureType.
    """
    match = re.fullmatch(r"[a-z]+_[a-z]+\d+(?:-\d+)?([a-z]*)(?:_[a-z0-9]+)*", size.lower())
    return bool(match and "p" in match[1])


def gpu(size: str) -> bool:
    """Whether it is of a series with GPUs: those whose name begins with an N. Source: the same page."""
    return size.lower().partition("_")[2].startswith("n")


def cores(size: str) -> int:
    """Its vCPUs as far as its name tells them, else 1: sizes of version 3 and later are named by their number.

    Source: the same page; of earlier ones the number is none of vCPUs (Standard_D11_v2 has 2). A constrained size has
    the second of its numbers (Standard_E96-24s_v5).
    """
    match = re.fullmatch(r"[a-z]+_[a-z]+(\d+)(?:-(\d+))?[a-z]*(?:_[a-z0-9]+)*_v(\d+)", size.lower())
    return int(match[2] or match[1]) if match and int(match[3]) >= 3 else 1
