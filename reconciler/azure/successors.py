"""What to use in place of a VM size or an image that Azure retires: of the series that `retired` names. Pure.

A successor has as many cores, or GPUs where its series has any, as the size before it, or the next more that there are.
Cores and GPUs are those of learn.microsoft.com, Virtual Machines, sizes. That microsoft-dsvm:ubuntu-hpc:2204 runs
containers (DockerCompatible) is recorded of its 2004 and inferred of 2204.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.azure import retired

CONTAINERS = "microsoft-dsvm:ubuntu-hpc:2204"
"""The marketplace image of Linux whose nodes run containers, reach GPUs and InfiniBand."""
Ladder = tuple[tuple[int, str], ...]
"""(cores or GPUs, size), fewest first."""


def _ladder(pattern: str, *steps: int) -> Ladder:
    return tuple((step, pattern.format(step)) for step in steps)


GENERAL = _ladder("Standard_D{}ds_v5", 2, 4, 8, 16, 32, 48, 64, 96)
MEMORY = _ladder("Standard_E{}ds_v5", 2, 4, 8, 16, 20, 32, 48, 64, 96)
COMPUTE = _ladder("Standard_F{}as_v6", 2, 4, 8, 16, 32, 48, 64)
BURSTABLE = _ladder("Standard_B{}s_v2", 2, 4, 8, 16, 32)
STORAGE = _ladder("Standard_L{}s_v3", 8, 16, 32, 48, 64, 80)
ENCLAVES = _ladder("Standard_DC{}s_v3", 1, 2, 4, 8, 16, 24, 32, 48)
INFINIBAND = (*_ladder("Standard_HB176-{}rs_v4", 24, 48, 96, 144), (176, "Standard_HB176rs_v4"))
T4 = ((1, "Standard_NC4as_T4_v3"), (4, "Standard_NC64as_T4_v3"))
A100 = ((1, "Standard_NC24ads_A100_v4"), (2, "Standard_NC48ads_A100_v4"), (4, "Standard_NC96ads_A100_v4"))
A10 = (
    (6, "Standard_NV6ads_A10_v5"),
    (12, "Standard_NV12ads_A10_v5"),
    (24, "Standard_NV36ads_A10_v5"),
    (48, "Standard_NV72ads_A10_v5"),
)

_A = {"0": 1, "1": 1, "2": 2, "3": 4, "4": 8, "8": 8, "9": 16, "10": 8, "11": 16}
_D = {"1": 1, "2": 2, "3": 4, "4": 8, "5": 16}
_MEMORY = {"11": 2, "12": 4, "13": 8, "14": 16, "15": 20}
_GPUS = {"6": 1, "12": 2, "24": 4}
SIZES: tuple[tuple[str, Mapping[str, int], Ladder], ...] = (
    (r"basic_a(\d+)|a([0-4]|8|9|10|11)", _A, GENERAL),
    (r"a([5-7])", {"5": 2, "6": 4, "7": 8}, MEMORY),
    (r"a(\d+)_v2", {}, GENERAL),
    (r"a(\d+)m_v2", {}, MEMORY),
    (r"ds?([1-5])(?:_v2)?(?:_promo)?", _D, GENERAL),
    (r"ds?(1[1-5])(?:-\d+)?(?:_v2)?(?:_promo)?", _MEMORY, MEMORY),
    (r"f(\d+)s?(?:_v2)?", {}, COMPUTE),
    (r"gs?([1-5])(?:-\d+)?", {"1": 2, "2": 4, "3": 8, "4": 16, "5": 32}, MEMORY),
    (r"b(\d+)[a-z]*", {}, BURSTABLE),
    (r"l(\d+)s(?:_v2)?", {}, STORAGE),
    (r"dc(\d+)s_v2", {}, ENCLAVES),
    (r"h(\d+)m?r?(?:_promo)?|hb(\d+)(?:-\d+)?rs|hb(\d+)(?:-\d+)?rs_v2|hc(\d+)(?:-\d+)?rs", {}, INFINIBAND),
    (r"nc(\d+)r?(?:_promo)?", _GPUS, T4),
    (r"nc(\d+)r?s_v[23]|nd(\d+)r?s", _GPUS, A100),
    (r"nv(\d+)(?:_promo)?|nv(\d+)s_v3|nv(\d+)as_v4", {}, A10),
)
"""Size without `standard_`, whose group is its number → the cores or GPUs that it means, if not itself → to."""
_IMAGES = {"ubuntu": "ubuntu-24.04", "centos": "almalinux-9", "debian": "debian-12"}
_WINDOWS = r"microsoftwindowsserver:windowsserver:(?:2008|2012|2016)-.*"


def size(name: str) -> str:
    """The successor of a size of a series that ends; empty if it does not end, or none is known."""
    if retired.size(name) is None:
        return ""
    short = name.lower().removeprefix("standard_")
    for pattern, meant, ladder in SIZES:
        if match := re.fullmatch(pattern, short):
            number = next(group for group in match.groups() if group)
            wanted = meant.get(number, int(number))
            return next((size for amount, size in ladder if amount >= wanted), ladder[-1][1])
    return ""


def image(urn: str, *, containers: bool) -> str:
    """The successor of publisher:offer:sku, if Azure ends it or (`containers`) if it runs none; else empty."""
    name = urn.lower()
    if re.fullmatch(_WINDOWS, name):
        sku = "2019-datacenter-with-containers" if containers else "2022-datacenter"
        return f"microsoftwindowsserver:windowsserver:{sku}"
    ends = retired.image(name) is not None
    if containers:
        runs = "container" in name or name.startswith("microsoft-dsvm:ubuntu-hpc")
        return "" if name.startswith("microsoftwindows") or name == CONTAINERS or (runs and not ends) else CONTAINERS
    if not ends:
        return ""
    return next((to for word, to in _IMAGES.items() if word in name), "almalinux-9")
