"""What Azure Batch has retired or will: fields, values, node agents, images and VM sizes, each with its date. Pure.

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
- Windows Server: github.com/Azure/Batch/issues/179 (2012), 197 (2016); 2008 R2 and the rendering images: recorded
  answers of Batch, which tell the end of its support (batchSupportEndOfLife).
- AlmaLinux's older offer: github.com/Azure/Batch/issues/181, for its SKUs of version 8; that of version 9 is inferred.
- VM sizes: github.com/Azure/EOL, service_list.json, and learn.microsoft.com, Virtual Machines, retired sizes list; A8
  to A11: github.com/Azure/Batch/issues/87. The end of the NC, NCv2 and ND series is inferred from that of NV,
  announced together with theirs. HBv2, HC and NP: github.com/Azure/Batch/issues/140 (2026-05-15), which gives no date.
- RetainedData: the pull request 44527 of github.com/Azure/azure-rest-api-specs, without a date: the next API has no
  such value.
- TLS of storage accounts, Azure Disk Encryption, Standard HDD as OS disk: github.com/Azure/EOL, service_list.json.
  That the disk encryption of a Batch pool with `targets` is Azure Disk Encryption is inferred.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Retired:
    """Something that Azure ends on a day, in words, and what to use instead; None if the day is not announced yet."""

    what: str
    on: date | None
    remedy: str

    def past(self, today: date) -> bool:
        return self.by(today)

    def by(self, day: date) -> bool:
        """Whether it is known to have ended by that day."""
        return self.on is not None and self.on <= day

    def sentence(self, today: date) -> str:
        if self.on is None:
            return f"{self.what} will end, as Microsoft has announced without a date"
        return f"{self.what} {'ended' if self.past(today) else 'ends'} on {self.on}"


SPOT = Retired("low-priority nodes", date(2025, 9, 30), "write nodes: {spot: N}, which is what Azure now makes of them")
CLASSIC = Retired("classic node communication", date(2026, 3, 31), "leave it out, simplified is all there is")
CERTIFICATES = Retired(
    "Batch certificates", date(2024, 2, 29), "use Key Vault, with the pool's identity or the Key Vault extension"
)
RETAINED_DATA = Retired("nodeDeallocationOption RetainedData", None, "use TaskCompletion")
DISK_ENCRYPTION = Retired(
    "Azure Disk Encryption", date(2028, 9, 15), "use securityProfile: {encryptionAtHost: true} instead"
)
HDD = Retired("Standard HDD as OS disk", date(2028, 9, 8), "use StandardSSD_LRS or Premium_LRS")
OLD_TLS = Retired("TLS 1.0 and 1.1 of storage accounts", date(2026, 2, 3), "use TLS1_2")
CLOUD_SERVICES = Retired("cloudServiceConfiguration", date(2024, 2, 29), "use a virtual machine's image")

FIELDS: Mapping[str, Retired] = {
    "targetLowPriorityNodes": SPOT,
    "lowPriority": SPOT,
    "lowPriorityNodes": SPOT,
    "targetNodeCommunicationMode": CLASSIC,
    "nodeCommunicationMode": CLASSIC,
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
    (r"microsoft-dsvm:ubuntu-(18|20)04:.*", r"batch.node.ubuntu \1.04"),
    (r"microsoft-dsvm:ubuntu-hpc:(18|20|22)04.*", r"batch.node.ubuntu \1.04"),
    (r"microsoft-azure-batch:ubuntu-server-container(-rdma)?:(16|18|20)-04-lts", r"batch.node.ubuntu \2.04"),
    (r"openlogic:centos(-hpc)?:([78])[._-].*", r"batch.node.centos \2"),
    (r"microsoft-azure-batch:centos-container(-rdma)?:([78])-.*", r"batch.node.centos \2"),
    (r"oracle:oracle-linux:7.*", "batch.node.centos 7"),
    (r"(debian|credativ):debian(-10)?:(8|9|10)\b.*", r"batch.node.debian \3"),
)
"""publisher:offer:sku → the node agent that it goes with."""

WINDOWS_2016 = Retired("support of Windows Server 2016", date(2027, 1, 12), "use a newer Windows Server")
ALMA = Retired("the marketplace offer almalinux:almalinux", date(2024, 12, 29), f"use {ENTERPRISE}")
WINDOWS_2012 = Retired("support of Windows Server 2012", date(2024, 12, 5), "use a newer Windows Server")
WINDOWS_2008 = Retired("support of Windows Server 2008 R2", date(2024, 1, 9), "use a newer Windows Server")
RENDERING = Retired("Batch's rendering images", date(2024, 2, 29), "build an image of your own, or use containers")
OFFERS: tuple[tuple[str, Retired], ...] = (
    (r"microsoftwindowsserver:windowsserver:2008-.*", WINDOWS_2008),
    (r"microsoftwindowsserver:windowsserver:2012-.*", WINDOWS_2012),
    (r"batch:rendering-.*", RENDERING),
    (r"microsoftwindowsserver:windowsserver:2016-.*", WINDOWS_2016),
    (r"almalinux:almalinux:.*", ALMA),
)
"""publisher:offer:sku → what ends, although its node agent does not."""

SIZES: tuple[tuple[str, str, date | None, str], ...] = (
    (r"a[0-7]|basic_a[0-4]", "A", date(2024, 8, 31), "Ddsv5"),
    (r"a(8|9|10|11)", "A8 to A11", date(2021, 3, 1), "Ddsv5"),
    (r"nc\d+r?(_promo)?|nc\d+r?s_v2|nd\d+r?s", "NC, NCv2 and ND", date(2023, 9, 6), "NCasT4_v3 or NC A100 v4"),
    (r"nv\d+(_promo)?", "NV", date(2023, 9, 6), "NVadsA10 v5"),
    (r"h\d+m?r?(_promo)?", "H", date(2022, 8, 31), "HBv4 or HX"),
    (r"hb60(-\d+)?rs", "HB", date(2024, 8, 31), "HBv4"),
    (r"hb120(-\d+)?rs_v2", "HBv2", None, "HBv4"),
    (r"hc44(-\d+)?rs", "HC", None, "HBv4 or HX"),
    (r"np\d+s", "NP", None, "another series; none has the same FPGA"),
    (r"dc\d+s_v2", "DCsv2", date(2026, 6, 30), "DCsv3"),
    (r"m192[a-z]*_v2", "M192 of version 2", date(2027, 3, 31), "Mdsv3"),
    (r"nc24rs_v3", "NC24rs_v3", date(2025, 3, 31), "NC A100 v4"),
    (r"nc(6|12|24)s_v3", "NCv3", date(2025, 9, 30), "NC A100 v4"),
    (r"nv\d+s_v3|nv\d+as_v4", "NVv3 and NVv4", date(2026, 9, 30), "NVadsA10 v5"),
    (r"d\d+|ds\d+(-\d+)?|d\d+_v2(_promo)?|ds\d+(-\d+)?_v2(_promo)?", "D, Ds, Dv2 and Dsv2", date(2028, 5, 1), "Ddsv5"),
    (r"l\d+s", "Ls", date(2028, 5, 1), "Lsv3"),
    (r"a\d+m?_v2", "Av2 and Amv2", date(2028, 11, 15), "Ddsv5"),
    (r"b\d+[a-z]*", "B", date(2028, 11, 15), "Bsv2"),
    (r"f\d+s?(_v2)?", "F, Fs and Fsv2", date(2028, 11, 15), "Fasv6"),
    (r"g\d+|gs\d+(-\d+)?", "G and Gs", date(2028, 11, 15), "Edsv5"),
    (r"l\d+s_v2", "Lsv2", date(2028, 11, 15), "Lsv3"),
)
"""Size without `Standard_` → its series, the day of its end if one is announced, and a series for the same work."""


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
