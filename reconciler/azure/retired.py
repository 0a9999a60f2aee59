"""What Azure Batch has retired or will: fields, node agents, images and VM sizes, each with its date. Pure.

Each entry is from Microsoft, and says no more than Microsoft does:

- low-priority nodes: learn.microsoft.com, Batch, low-priority VMs migration guide (2025-09-30), and github.com/Azure/
  Batch/issues/196 (2026-02-25): from March 2026 on, low-priority nodes of accounts with Batch's own pool allocation are
  Spot nodes, and the low-priority properties of the API mean Spot. targetLowPriorityNodes goes on working.
- classic node communication: learn.microsoft.com, Batch, simplified node communication (2026-03-31). The property is
  not in API 2025-06-01 any more.
- cloudServiceConfiguration and certificates: learn.microsoft.com, Batch, migrate to virtual machine configuration.
- VHD and managed images: learn.microsoft.com, Batch, custom image pools to Azure Compute Gallery (2026-03-31).
- node agents: github.com/Azure/Batch/issues/61, 106, 119, 152, 169, 174, 180, 197, 200. Which images go with an agent
  is from the same notices. The dates of Debian 8 to 10 are that of issue 180: no new pool from then on.
- AlmaLinux's older offer: github.com/Azure/Batch/issues/181, for its SKUs of version 8; that of version 9 is inferred.
- VM sizes: learn.microsoft.com, Virtual Machines, retired sizes list; A8 to A11: github.com/Azure/Batch/issues/87. The
  end of the NC, NCv2 and ND series is inferred from that of NV, announced together with theirs; that of A0 to A7 is
  from the announcements as others collected them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Retired:
    """Something that Azure ends on a day, in words, and what to use instead."""

    what: str
    on: date
    remedy: str

    def past(self, today: date) -> bool:
        return self.on <= today

    def sentence(self, today: date) -> str:
        return f"{self.what} {'ended' if self.past(today) else 'ends'} on {self.on}"


SPOT = Retired("low-priority nodes", date(2025, 9, 30), "write nodes: {spot: N}, which is what Azure now makes of them")
CLASSIC = Retired("classic node communication", date(2026, 3, 31), "leave it out, simplified is all there is")
CERTIFICATES = Retired(
    "Batch certificates", date(2024, 2, 29), "use Key Vault, with the pool's identity or the Key Vault extension"
)
CLOUD_SERVICES = Retired("cloudServiceConfiguration", date(2024, 2, 29), "use a virtual machine's image")

FIELDS: Mapping[str, Retired] = {
    "targetLowPriorityNodes": SPOT,
    "lowPriority": SPOT,
    "lowPriorityNodes": SPOT,
    "targetNodeCommunicationMode": CLASSIC,
    "nodeCommunicationMode": CLASSIC,
    "certificates": CERTIFICATES,
    "certificateReferences": CERTIFICATES,
    "cloudServiceConfiguration": CLOUD_SERVICES,
}
"""Keys that a spec of an older tool may have, but no spec of ours."""

UBUNTU, ENTERPRISE, DEBIAN = "ubuntu-24.04", "almalinux-8 or almalinux-9", "debian-12"
AGENTS: Mapping[str, tuple[date, str]] = {
    "batch.node.ubuntu 14.04": (date(2019, 8, 1), UBUNTU),
    "batch.node.ubuntu 16.04": (date(2021, 5, 21), UBUNTU),
    "batch.node.ubuntu 18.04": (date(2023, 5, 30), UBUNTU),
    "batch.node.ubuntu 20.04": (date(2025, 4, 23), UBUNTU),
    "batch.node.ubuntu 22.04": (date(2027, 6, 30), UBUNTU),
    "batch.node.centos 7": (date(2024, 7, 1), ENTERPRISE),
    "batch.node.centos 8": (date(2021, 12, 31), ENTERPRISE),
    "batch.node.debian 8": (date(2024, 12, 31), DEBIAN),
    "batch.node.debian 9": (date(2024, 12, 31), DEBIAN),
    "batch.node.debian 10": (date(2024, 12, 31), DEBIAN),
}
"""Node agent → when Batch ends its support, and what to boot instead."""

IMAGES: tuple[tuple[str, str], ...] = (
    (r"canonical:ubuntuserver:(14|16|18)[._]04.*", r"batch.node.ubuntu \1.04"),
    (r"canonical:0001-com-ubuntu-server-focal:.*", "batch.node.ubuntu 20.04"),
    (r"canonical:0001-com-ubuntu-server-jammy:.*", "batch.node.ubuntu 22.04"),
    (r"microsoft-dsvm:ubuntu-2004:.*|microsoft-dsvm:ubuntu-hpc:2004.*", "batch.node.ubuntu 20.04"),
    (r"microsoft-azure-batch:ubuntu-server-container(-rdma)?:20-04-lts", "batch.node.ubuntu 20.04"),
    (r"microsoft-dsvm:ubuntu-hpc:2204.*", "batch.node.ubuntu 22.04"),
    (r"openlogic:centos(-hpc)?:([78])[._-].*", r"batch.node.centos \2"),
    (r"microsoft-azure-batch:centos-container(-rdma)?:([78])-.*", r"batch.node.centos \2"),
    (r"(debian|credativ):debian(-10)?:(8|9|10)\b.*", r"batch.node.debian \3"),
)
"""publisher:offer:sku → the node agent that it goes with."""

WINDOWS_2016 = Retired("support of Windows Server 2016", date(2027, 1, 12), "use a newer Windows Server")
ALMA = Retired("the marketplace offer almalinux:almalinux", date(2024, 12, 29), f"use {ENTERPRISE}")
OFFERS: tuple[tuple[str, Retired], ...] = (
    (r"microsoftwindowsserver:windowsserver:2016-.*", WINDOWS_2016),
    (r"almalinux:almalinux:.*", ALMA),
)
"""publisher:offer:sku → what ends, although its node agent does not."""

SIZES: tuple[tuple[str, str, date, str], ...] = (
    (r"a[0-7]|basic_a[0-4]", "A", date(2024, 8, 31), "Ddsv5"),
    (r"a(8|9|10|11)", "A8 to A11", date(2021, 3, 1), "Ddsv5"),
    (r"nc\d+r?(_promo)?|nc\d+r?s_v2|nd\d+r?s", "NC, NCv2 and ND", date(2023, 9, 6), "NCasT4_v3 or NC A100 v4"),
    (r"nv\d+(_promo)?", "NV", date(2023, 9, 6), "NVadsA10 v5"),
    (r"nc(6|12|24)r?s_v3", "NCv3", date(2025, 9, 30), "NC A100 v4"),
    (r"nv\d+s_v3|nv\d+as_v4", "NVv3 and NVv4", date(2026, 9, 30), "NVadsA10 v5"),
    (r"d\d+|ds\d+(-\d+)?|d\d+_v2(_promo)?|ds\d+(-\d+)?_v2(_promo)?", "D, Ds, Dv2 and Dsv2", date(2028, 5, 1), "Ddsv5"),
    (r"l\d+s", "Ls", date(2028, 5, 1), "Lsv3"),
    (r"a\d+m?_v2", "Av2 and Amv2", date(2028, 11, 15), "Ddsv5"),
    (r"b\d+[a-z]*", "B", date(2028, 11, 15), "Bsv2"),
    (r"f\d+s?(_v2)?", "F, Fs and Fsv2", date(2028, 11, 15), "Fasv6"),
    (r"g\d+|gs\d+(-\d+)?", "G and Gs", date(2028, 11, 15), "Edsv5"),
    (r"l\d+s_v2", "Lsv2", date(2028, 11, 15), "Lsv3"),
)
"""Size without `Standard_` → its series, the day of its end, and a series for the same work."""


def field(name: str) -> Retired | None:
    """The retired thing that an unknown key of a spec stands for, or None."""
    return FIELDS.get(name)


def agent(name: str) -> Retired | None:
    if name.lower() not in AGENTS:
        return None
    on, instead = AGENTS[name.lower()]
    return Retired(f"Batch's support of {name}", on, f"use {instead}")


def image(urn: str) -> Retired | None:
    """`publisher:offer:sku` in lower case, with or without a version."""
    name = ":".join(urn.lower().split(":")[:3])
    for pattern, agent_name in IMAGES:
        if match := re.fullmatch(pattern, name):
            return agent(match.expand(agent_name))
    return next((notice for pattern, notice in OFFERS if re.fullmatch(pattern, name)), None)


def size(name: str) -> Retired | None:
    short = name.lower().removeprefix("standard_")
    for pattern, series, on, instead in SIZES:
        if re.fullmatch(pattern, short):
            return Retired(f"the series {series}, of which {name} is,", on, f"use a size of {instead}")
    return None
