"""Each size that ends has a successor that does not, if Microsoft names a series for the same work."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.azure import retired, sizes, successors

TODAY = date(2026, 11, 27)
SIZES = {
    "Standard_A1": "Standard_D2ds_v5",
    "Standard_A7": "Standard_E8ds_v5",
    "Standard_A9": "Standard_D16ds_v5",
    "Standard_A4_v2": "Standard_D4ds_v5",
    "Standard_A4m_v2": "Standard_E4ds_v5",
    "Standard_D1_v2": "Standard_D2ds_v5",
    "STANDARD_DS3_V2": "Standard_D4ds_v5",
    "Standard_D5_v2": "Standard_D16ds_v5",
    "Standard_D13_v2": "Standard_E8ds_v5",
    "Standard_DS15_v2": "Standard_E20ds_v5",
    "Standard_F1": "Standard_F2as_v6",
    "Standard_F16s": "Standard_F16as_v6",
    "Standard_F72s_v2": "Standard_F64as_v6",
    "Standard_B1ms": "Standard_B2s_v2",
    "Standard_L4s": "Standard_L8s_v3",
    "Standard_L16s_v2": "Standard_L16s_v3",
    "Standard_G5": "Standard_E32ds_v5",
    "Standard_DC8_v2": "",
    "Standard_DC8s_v2": "Standard_DC8s_v3",
    "Standard_H16mr": "Standard_HB176-24rs_v4",
    "Standard_HB60rs": "Standard_HB176-96rs_v4",
    "Standard_HC44rs": "Standard_HB176-48rs_v4",
    "Standard_HB120rs_v2": "Standard_HB176-144rs_v4",
    "Standard_NC6": "Standard_NC4as_T4_v3",
    "Standard_NC12": "Standard_NC64as_T4_v3",
    "Standard_NC24r": "Standard_NC64as_T4_v3",
    "Standard_NC12s_v3": "Standard_NC48ads_A100_v4",
    "Standard_NC24rs_v2": "Standard_NC96ads_A100_v4",
    "Standard_NC24rs_v3": "Standard_NC96ads_A100_v4",
    "Standard_ND6s": "Standard_NC24ads_A100_v4",
    "Standard_NV6": "Standard_NV6ads_A10_v5",
    "Standard_NV24s_v3": "Standard_NV36ads_A10_v5",
    "Standard_NV8as_v4": "Standard_NV12ads_A10_v5",
    "Standard_NP10s": "",
    "Standard_D4s_v5": "",
    "nonsense": "",
}
WINDOWS = "microsoftwindowsserver:windowsserver"
IMAGES = {
    ("canonical:ubuntuserver:16.04-lts", True): successors.CONTAINERS,
    ("canonical:ubuntuserver:16.04-lts", False): "ubuntu-24.04",
    ("canonical:ubuntu-24_04-lts:server", True): successors.CONTAINERS,
    ("canonical:ubuntu-24_04-lts:server", False): "",
    ("OpenLogic:CentOS-HPC:7.6", False): "almalinux-9",
    ("credativ:debian:9", False): "debian-12",
    ("oracle:oracle-linux:7.4", False): "almalinux-9",
    ("microsoft-azure-batch:ubuntu-server-container:16-04-lts", True): successors.CONTAINERS,
    ("microsoft-dsvm:ubuntu-hpc:1804", True): successors.CONTAINERS,
    (successors.CONTAINERS, True): "",
    (
        "MicrosoftWindowsServer:WindowsServer:2016-Datacenter",
        False,
    ): "microsoftwindowsserver:windowsserver:2022-datacenter",
    (f"{WINDOWS}:2022-datacenter", False): "",
}


@pytest.mark.parametrize(("name", "successor"), SIZES.items())
def test_a_size(name: str, successor: str) -> None:
    assert successors.size(name) == successor


def test_no_successor_ends() -> None:
    sizes_ = {size for _, _, ladder in successors.SIZES for _, size in ladder}
    assert len(sizes_) > 30
    for size in sizes_:
        assert retired.size(size) is None, size
        assert sizes.spelled(size.lower()) == size


def test_each_series_that_ends_has_one() -> None:
    """A series that `retired` learns of is to be added here, or named as one without a successor."""
    known = {series for _, series, _, _ in retired.SIZES} - {"NP", "M192 of version 2"}
    whats = [notice.what for name in SIZES if successors.size(name) and (notice := retired.size(name))]
    assert {series for series in known if any(f"series {series}, " in what for what in whats)} == known


@pytest.mark.parametrize(("asked", "successor"), IMAGES.items())
def test_an_image(asked: tuple[str, bool], successor: str) -> None:
    urn, containers = asked
    assert successors.image(urn, containers=containers) == successor
