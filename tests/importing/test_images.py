"""Pools that boot a gallery image are said with the version that they boot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.model import Address
from tests.conftest import Azure
from tests.importing.conftest import Imports, changes
from tests.importing.plain import Plain
from tests.local.machines import Place, temporary
from tests.local.test_gallery import version


@pytest.fixture
def place(azure_server: Azure, plain: Plain) -> Iterator[Place]:
    yield from temporary(azure_server, plain.location)


def test_a_pool_of_anothers_gallery_boots_the_very_version_and_no_moving_one(
    imports: Imports, plain: Plain, place: Place
) -> None:
    place.definition("galleries/gal/images/img")
    source = place.generalized("source")
    place.put("galleries/gal/images/img/versions/1.0.0", version(source, plain.location))
    image = place.id("galleries/gal/images/img")
    plain.make_account()
    agent = "batch.node.ubuntu 22.04"
    for name, one in (("pinned", f"{image}/versions/1.0.0"), ("moving", image)):
        plain.make_pool(name, machine={"imageReference": {"id": one}, "nodeAgentSkuId": agent})
    made = imports.draft()
    group = place.id("").split("/")[4].lower()
    assert made.value["pools"]["pinned"] == {
        "vmSize": "Standard_D2s_v3",
        "image": {"gallery": "gal", "definition": "img", "version": "1.0.0", "resourceGroup": group},
        "nodes": 0,
        "nodeAgentSkuId": agent,
    }
    told = f"it boots whatever is newest of {image.lower()}; a spec means a version of it"
    assert made.left == {Address("pool", "moving"): told}
    assert changes(imports.plan(made)) == {address: ["owner"] for address in made.value["adopt"]}
