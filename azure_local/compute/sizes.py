"""What follows from the name of a VM size: its vCPUs, its quota family, and its capabilities."""

from __future__ import annotations

import re

FAMILIES = {
    "standard_a": (1, 2, 4, 8),
    "standard_b": (1, 2, 4, 8, 12, 16, 20),
    "standard_d": (1, 2, 4, 8, 16, 32, 48, 64, 96),
    "standard_e": (2, 4, 8, 16, 20, 32, 48, 64, 96),
    "standard_f": (1, 2, 4, 8, 16, 32, 48, 64, 72),
    "standard_nc": (4, 6, 8, 12, 16, 24, 40, 48, 64, 80, 96),
    "standard_nd": (6, 12, 24, 40, 96),
    "standard_nv": (4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72),
    "standard_hb": (60, 120),
}
"""Size family → vCPUs that exist in it."""


def cores(size: str) -> int | None:
    """The vCPUs of a size name, or None if there is no such size."""
    match = re.fullmatch(r"(standard_[a-z]+)(\d+)(?:-\d+)?([a-z]*)(?:_[a-z0-9]+)*", size.lower())
    if not match:
        return None
    family = next((name for name in sorted(FAMILIES, key=len, reverse=True) if match[1].startswith(name)), None)
    number = int(match[2])
    return number if family and number in FAMILIES[family] else None


def gpu(size: str) -> bool:
    """Whether the size has a GPU."""
    return size.lower().startswith(("standard_nc", "standard_nd", "standard_nv"))


def premium(size: str) -> bool:
    """Whether the size has a cache and takes premium disks: an s among the letters after its number."""
    match = re.fullmatch(r"standard_[a-z]+\d+(?:-\d+)?([a-z]*)(?:_[a-z0-9]+)*", size.lower())
    return bool(match and "s" in match[1])


def accelerated(size: str) -> bool:
    """Whether the size supports accelerated networking: two cores at least, and not of the oldest families."""
    return (cores(size) or 0) >= 2 and not size.lower().startswith(("standard_a", "standard_b"))


def confidential(size: str) -> bool:
    return size.lower().startswith(("standard_dc", "standard_ec"))


def data_disks(size: str) -> int:
    """How many data disks the size supports: two per core, 64 at most."""
    return min(64, 2 * (cores(size) or 1))


def family(size: str) -> str:
    """The family whose quota the size uses: `standardDSv3Family` of `Standard_D2s_v3`."""
    match = re.fullmatch(r"standard_([a-z]+)\d+(?:-\d+)?([a-z]*)((?:_[a-z0-9]+)*)", size.lower())
    assert match is not None
    series, letters, rest = match.groups()
    if series == "nc" and "t4" in rest:
        return "Standard NCASv3_T4 Family"
    version = re.search(r"_(v\d+)", rest)
    return f"standard{series.upper()}{letters.upper()}{version[1] if version else ''}Family"
