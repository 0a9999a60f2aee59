"""Commands that only look write nothing, not even the registration of a subscription: that is a step of apply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli import commands
from reconciler.model import Status
from tests.conftest import Azure, World, serving

ASKING = re.compile(r".*/checkNameAvailability|.*/runs/[^/]+/listLogSasUrl", re.IGNORECASE)
"""POSTs that only ask: whether a name is free, and where the log of a registry's run is."""
LOOKING = (
    "plan SPEC",
    "plan SPEC --format json",
    "status SPEC",
    "doctor SPEC",
    "cost SPEC",
    "outputs SPEC",
    "import --cloud local --resource-group GROUP",
)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Azure]:
    """A subscription that was never used for anything."""
    with serving(tmp_path) as azure:
        yield azure


@pytest.fixture
def unused(fresh: Azure, tmp_path: Path) -> World:
    text: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "name": "unused",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-unused"},
        "storage": {"saunused": {"containers": ["images", "converted", "scripts"]}},
        "identities": {"id-pool": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/saunused"}]}},
        "batchAccount": {"name": "baunused"},
        "images": {"img": {"gallery": "gal_unused", "os": "ubuntu-22.04", "preload": []}},
        "pools": {
            "p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0, "identity": "identities/id-pool"},
            "q": {"vmSize": "Standard_D2s_v3", "image": "images/img", "nodes": 0},
        },
        "jobs": {
            "j": {"pool": "pools/p", "convert": {"from": "storage/saunused/images", "to": "storage/saunused/converted"}}
        },
    }
    return World(fresh, tmp_path / "spec.yaml", text, "saunused")


def looked(world: World) -> list[str]:
    """What every looking command has sent beyond GETs and questions."""
    world.spec()
    begun = world.azure.exchanges()
    words = {"SPEC": str(world.file), "GROUP": world.text["azure"]["resourceGroup"]}
    for command in LOOKING:
        arguments = [words.get(word, word) for word in command.split()]
        done = CliRunner().invoke(commands, arguments, standalone_mode=False)
        assert done.exception is None or "there is no resource group" in str(done.exception), (command, done.exception)
    sent = [f"{one['method']} {one['path']}" for one in world.azure.wire(begun)]
    assert len(sent) > len(LOOKING)
    asked = (one for one in sent if not one.startswith("GET "))
    return [one for one in asked if not (one.startswith("POST ") and ASKING.fullmatch(one.partition(" ")[2]))]


def test_looking_at_a_subscription_that_was_never_used_writes_nothing_and_apply_registers_it(unused: World) -> None:
    assert looked(unused) == []
    plan = unused.plan()
    needed = ", ".join(f"Microsoft.{name}" for name in ("Batch", "Compute", "ManagedIdentity", "Network", "Storage"))
    told = f"the subscription is not registered yet for {needed}; apply begins with that"
    assert [note for note in plan.notes if "registered" in note] == [told]
    before = {step.id: step.after for step in plan.steps}
    assert before["registration/Microsoft.Batch"] == ()
    assert "registration/Microsoft.Batch" in before["batch_account/baunused"]
    assert "registration/Microsoft.Compute" in before["gallery/gal_unused"]
    assert "registration/Microsoft.Batch" not in before["storage_account/saunused"]
    actions = {str(one.address): str(one.action) for one in plan.decisions}
    assert set(actions.values()) == {"create"}
    assert actions.keys() >= {"image_version/img", "pool/q"}  # what they boot can be asked only after the registration
    assert not [name for name in actions if name.startswith("registration/")]

    outcomes = unused.apply(poll_seconds=0.05)
    assert {name: one.error for name, one in outcomes.items() if one.status is not Status.DONE} == {}
    assert outcomes["registration/Microsoft.Storage"].status is Status.DONE
    again = unused.plan()
    assert (again.steps, again.notes) == ((), ())
    assert looked(unused) == []
