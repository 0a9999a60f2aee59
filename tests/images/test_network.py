"""The network of a build machine: of its own, part after part, or a subnet that the spec names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load
from reconciler.kinds.image import machine, steps
from reconciler.kinds.image.machine import Seen
from tests.documents import dumped
from tests.kinds.cases import MINIMAL, Recording

NAMES = machine.names("/group", "i", "0123456789abcdef")


def made(folder: Path, subnet: str | None, *parts: str) -> dict[str, Any]:
    """What is made next, by the last part of its id."""
    path = folder / "spec.yaml"
    path.write_text(dumped(MINIMAL))
    cloud = Recording(load(path, {}, "local"), {})
    steps.network(cloud, NAMES, Seen(parts=dict.fromkeys(parts, "Succeeded")), {"location": "here"}, subnet)
    return {place: body for _, place, body in cloud.requests}


@pytest.mark.parametrize(
    ("parts", "following"),
    [
        ((), [NAMES.security, NAMES.address]),
        (("security",), [NAMES.address]),
        (("security", "address"), [NAMES.network]),
        (("security", "address", "network"), [NAMES.interface]),
    ],
)
def test_each_part_is_made_after_those_that_it_needs(
    tmp_path: Path, parts: tuple[str, ...], following: list[str]
) -> None:
    assert list(made(tmp_path, None, *parts)) == following


def test_a_machine_in_a_subnet_of_the_spec_has_no_public_address(tmp_path: Path) -> None:
    (own,) = made(tmp_path, None, "security", "address", "network").values()
    (named,) = made(tmp_path, "/subnets/build").values()
    where = [body["properties"]["ipConfigurations"][0]["properties"] for body in (own, named)]
    assert (where[0]["subnet"]["id"], where[0]["publicIPAddress"]["id"]) == (
        f"{NAMES.network}/subnets/build",
        NAMES.address,
    )
    assert where[1] == {"privateIPAllocationMethod": "Dynamic", "subnet": {"id": "/subnets/build"}}
