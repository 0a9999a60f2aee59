"""What Batch offers in the region: VM sizes with their cores, and images with their node agents."""

from __future__ import annotations

import re
from typing import Any

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

IMAGES: tuple[tuple[str, str, str, str, str, str | None], ...] = (
    ("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04", "linux", None),
    ("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "batch.node.ubuntu 22.04", "linux", None),
    ("canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04", "linux", None),
    ("canonical", "ubuntu-24_04-lts", "server-gen1", "batch.node.ubuntu 24.04", "linux", None),
    ("almalinux", "almalinux-x86_64", "8-gen1", "batch.node.el 8", "linux", None),
    ("almalinux", "almalinux-x86_64", "8-gen2", "batch.node.el 8", "linux", None),
    ("almalinux", "almalinux-x86_64", "9-gen1", "batch.node.el 9", "linux", None),
    ("almalinux", "almalinux-x86_64", "9-gen2", "batch.node.el 9", "linux", None),
    ("debian", "debian-11", "11", "batch.node.debian 11", "linux", "2026-08-31T00:00:00Z"),
    ("debian", "debian-12", "12", "batch.node.debian 12", "linux", None),
    ("microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04", "linux", None),
    ("microsoftwindowsserver", "windowsserver", "2022-datacenter", "batch.node.windows amd64", "windows", None),
    (
        "canonical",
        "0001-com-ubuntu-server-focal",
        "20_04-lts",
        "batch.node.ubuntu 20.04",
        "linux",
        "2025-05-31T00:00:00Z",
    ),
)
"""publisher, offer, sku, node agent, OS, end of Batch's support."""


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
    """How many data disks the size takes: two a core, 64 at most."""
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


def generation(image: dict[str, Any]) -> int | None:
    """The Hyper-V generation of a marketplace image, or None of others."""
    sku = str(image.get("sku", "")).lower()
    if not sku or "id" in image:
        return None
    return 1 if sku.endswith("gen1") or sku in ("22_04-lts", "20_04-lts", "11", "12", "2022-datacenter") else 2


def agent(image: dict[str, Any]) -> str | None:
    """The node agent of an image reference, or None if Batch does not support the image."""
    wanted = tuple(str(image.get(key, "")).lower() for key in ("publisher", "offer", "sku"))
    return next((one[3] for one in IMAGES if one[:3] == wanted), None)


def supported() -> list[dict[str, Any]]:
    """The answer of the data plane's supported images."""
    found = []
    for publisher, offer, sku, node_agent, system, end in IMAGES:
        image = {
            "nodeAgentSKUId": node_agent,
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
            "osType": system,
            "capabilities": ["NodeAccess"],
            "verificationType": "verified",
        }
        found.append({**image, "batchSupportEndOfLife": end} if end else image)
    return found
