"""What the nodes of a Batch Shipyard pool are: their image and size, and what takes the place of those that end."""

from __future__ import annotations

import re
from typing import Any

from reconciler.azure import images, retired, sizes, successors
from reconciler.importing.shipyard.part import Part

GPU = re.compile(r"standard_n[cdv]\d", re.IGNORECASE)
INFINIBAND = re.compile(r"standard_(hb|hc|hx)\d|standard_nd\d+(r|asr|amsr|isr)", re.IGNORECASE)
"""Sizes with a GPU, and with InfiniBand. Source: learn.microsoft.com, Virtual Machines, sizes."""
OLD_INFINIBAND = re.compile(r"standard_(a8|a9|h16m?r|nc24rs?(_v[23])?|nd24rs?)$", re.IGNORECASE)
_SHORT = {urn: name for name, urn in images.SHORT.items()}
_GALLERY = r"(?i)/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+/images/[^/]+.*"
INSTALLERS = {"apt-get ": "ubuntu", "apt ": "ubuntu", "yum ": "almalinux", "dnf ": "almalinux", "zypper ": "suse"}
"""A package manager in a command → what its image must be."""


def size(pool: Part) -> str:
    """vmSize, of a series that goes on; empty if there is none."""
    text = pool.text("vm_size")
    named = sizes.spelled(text.lower())
    notice, after = retired.size(named), successors.size(named)
    if notice is None or notice.on is None or not after:
        return named
    lost = " (without InfiniBand)" if OLD_INFINIBAND.match(named) and not INFINIBAND.match(after) else ""
    pool.change("vm_size", words=f"{named} (end of its series: {notice.on}) is written {after}{lost}")
    return after


def image(pool: Part, *, containers: bool) -> dict[str, Any]:
    """image, with nodeAgentSkuId and licenseType where these are needed."""
    machine = pool.part("vm_configuration")
    platform = machine.part("platform_image")
    if not platform.has("publisher") and pool.has("publisher"):
        platform = pool  # as it was before version 3
    custom = machine.part("custom_image")
    windows = "windows" in custom.text("node_agent").lower()
    whole = custom.text("arm_image_id")
    custom.flag("native")  # all tasks run in containers here
    license_type = custom.text("license_type") or platform.text("license_type")
    made: dict[str, Any] = {"licenseType": "Windows_Server"} if license_type == "windows_server" else {}
    if re.fullmatch(_GALLERY, whole):
        return {"image": {"id": whole}, "nodeAgentSkuId": custom.text("node_agent"), **made}
    if whole:
        words = "managed images ended on 2026-03-31; put it into a gallery, and name that"
        after = "microsoftwindowsserver:windowsserver:2022-datacenter" if windows else successors.CONTAINERS
        custom.change("arm_image_id", words=f"{words}. Written {after} for now")
        return {"image": after, **made}
    return {"image": _platform(platform, containers=containers), **made}


def _platform(platform: Part, *, containers: bool) -> str:
    names = [platform.text(key) for key in ("publisher", "offer", "sku")]
    platform.flag("native")
    version = platform.text("version")
    before = ":".join(names).lower()
    if not all(names):
        after = successors.CONTAINERS if containers else "ubuntu-24.04"
        platform.change(words=f"names no publisher, offer and sku; written {after}")
        return after
    if after := successors.image(before, containers=containers):
        notice = retired.image(before)
        why = f"end of its support: {notice.on}" if notice else "its nodes have no Docker, which Shipyard installed"
        platform.change(words=f"{before} ({why}) is written {after}")
        return after
    return _SHORT.get(before, before) + (
        f":{version}" if version not in ("", "latest") and before not in _SHORT else ""
    )


def misplaced(commands: list[str], named: Any) -> str:
    """The first command that calls a package manager which the image has not; empty if all are right."""
    if not isinstance(named, str):
        return ""
    for command in commands:
        for call, system in INSTALLERS.items():
            if re.search(rf"(^|[;&|]\s*|sudo ){re.escape(call)}", command) and system not in named:
                return command
    return ""
