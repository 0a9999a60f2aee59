"""What Batch offers in the region: images with their node agents."""

from __future__ import annotations

from typing import Any

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
CAPABILITIES = {
    ("microsoft-dsvm", "ubuntu-hpc", "2204"): (
        "DockerCompatible",
        "SupportsRDMAOnly",
        "Generation2VMImage",
        "IntelMPIRuntimeInstalled",
    ),
    **{row[:3]: ("Generation2VMImage",) for row in IMAGES if row[2].endswith("gen2") or row[2] == "server"},
}
"""What an image can do; most say nothing. Recorded for ubuntu-hpc 2004, inferred for 2204."""


def generation(image: dict[str, Any]) -> int | None:
    """The Hyper-V generation of a marketplace image, or None for any other image."""
    sku = str(image.get("sku", "")).lower()
    if not sku or "id" in image:
        return None
    return 1 if sku.endswith("gen1") or sku in ("22_04-lts", "20_04-lts", "11", "12", "2022-datacenter") else 2


def agent(image: dict[str, Any]) -> str | None:
    """The node agent of an image reference, or None if Batch does not support the image."""
    names = tuple(str(image.get(key, "")).lower() for key in ("publisher", "offer", "sku"))
    return next((row[3] for row in IMAGES if row[:3] == names), None)


def supported() -> list[dict[str, Any]]:
    """The images that Batch supports, as the data plane lists them."""
    images = []
    for publisher, offer, sku, node_agent, system, end in IMAGES:
        image = {
            "nodeAgentSKUId": node_agent,
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
            "osType": system,
            "verificationType": "verified",
        }
        if capabilities := CAPABILITIES.get((publisher, offer, sku)):
            image["capabilities"] = list(capabilities)
        images.append({**image, "batchSupportEndOfLife": end} if end else image)
    return images
