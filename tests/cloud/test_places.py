"""What is told when a read fails: what was being read, in every command; and signed out, one clear message."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli import commands
from reconciler.cloud.errors import reading
from reconciler.errors import AzureError, ReconcileError, Refused, SignedOut
from reconciler.kind.places import place
from reconciler.kinds import KINDS
from reconciler.model import Status
from tests.cli.command import CHECKOUT, process, reconcile
from tests.conftest import Azure, World

DENIED = {"status": 403, "code": "AuthorizationFailed", "message": "The client may not do that."}


@pytest.fixture(scope="module")
def live(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An account with a pool and a job, and storage, that these tests only read."""
    text: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "name": "places",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-places"},
        "storage": {"saplaces": {"containers": ["images", "converted", "scripts"]}},
        "identities": {
            "id-places": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/saplaces"}]}
        },
        "batchAccount": {"name": "baplaces"},
        "pools": {
            "p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0, "identity": "identities/id-places"}
        },
        "jobs": {
            "j": {"pool": "pools/p", "convert": {"from": "storage/saplaces/images", "to": "storage/saplaces/converted"}}
        },
    }
    world = World(azure_server, tmp_path_factory.mktemp("places") / "spec.yaml", text, "saplaces")
    assert {one.status for one in world.apply().values()} <= {Status.DONE, Status.DEFERRED}
    yield world
    world.drop()


POOLS = ("arm", "GET", "/batchAccounts/baplaces/pools$")
READS = {
    "plan SPEC": [
        (POOLS, "the pools of baplaces"),
        (("arm", "GET", "/registries$"), "the registries of rg-places"),
        (("arm", "GET", "/userAssignedIdentities$"), "the identities of rg-places"),
        (("arm", "GET", "/resourceGroups$"), "the resource groups of the subscription"),
        (("batch", "GET", "/jobs$"), " of baplaces"),
        (("blob", "GET", "/images"), "the blobs of conversion/j"),
    ],
    "status SPEC": [(POOLS, "the pools of baplaces")],
    "outputs SPEC": [(POOLS, "the pools of baplaces")],
    "cost SPEC": [(POOLS, "the pools of baplaces")],
    "doctor SPEC": [(POOLS, "the pools of baplaces")],
    "destroy SPEC": [(POOLS, "the pools of baplaces")],
    "outputs SPEC --format batch-metadata": [(("arm", "GET", "/pools/p$"), "the pool p")],
    "logs j --spec SPEC": [(("batch", "GET", "/jobs/j/tasks"), "the tasks of j")],
    "logs j t --spec SPEC": [(("batch", "GET", "/tasks/t"), "what the task t of j wrote to stdout")],
    "upload FOLDER --spec SPEC": [
        (("blob", "GET", "/images"), "the blobs of saplaces/images"),
        (("arm", "GET", "/storageAccounts/saplaces$"), "where the blobs of saplaces are"),
    ],
    "download storage/saplaces/images -o FOLDER --spec SPEC": [
        (("blob", "GET", "/images"), "the blobs of saplaces/images"),
        (("arm", "GET", "/storageAccounts/saplaces$"), "where the blobs of saplaces are"),
    ],
    "cleanup SPEC": [(("arm", "GET", "/resources$"), "what runs have left in the subscription")],
    "import --cloud local --resource-group rg-places": [
        (POOLS, "the pools of baplaces"),
        (("arm", "GET", "/resourceGroups$"), "the resource groups of the subscription"),
        (("arm", "GET", "/batchAccounts$"), "the Batch accounts of rg-places"),
    ],
}


STOPS = {
    "outputs SPEC --format batch-metadata": ("the pool p",),
    "logs j --spec SPEC": ("the tasks of j",),
    "logs j t --spec SPEC": ("what the task t of j wrote to stdout",),
    "upload FOLDER --spec SPEC": ("the blobs of saplaces/images", "where the blobs of saplaces are"),
    "download storage/saplaces/images -o FOLDER --spec SPEC": (
        "the blobs of saplaces/images",
        "where the blobs of saplaces are",
    ),
    "cleanup SPEC": ("what runs have left in the subscription",),
    "import --cloud local --resource-group rg-places": ("the resource groups of the subscription",),
}
"""What a command cannot do anything without. All others show what can be read, and say of the rest why it cannot."""


@pytest.mark.parametrize(
    ("command", "denied", "what"), [(command, *one) for command, reads in READS.items() for one in reads]
)
def test_a_read_that_fails_says_what_was_being_read(
    live: World, azure: Azure, tmp_path: Path, command: str, denied: tuple[str, str, str], what: str
) -> None:
    live.spec()
    plane, method, path = denied
    azure.fault(match={"plane": plane, "method": method, "path": path}, action=DENIED, times=50)
    words = [{"SPEC": str(live.file), "FOLDER": str(tmp_path)}.get(word, word) for word in command.split()]
    done = CliRunner().invoke(commands, words, standalone_mode=False)
    stopped = isinstance(done.exception, AzureError)
    told = str(done.exception) if stopped else done.output
    assert stopped is (what in STOPS.get(command, ())), (done.exception, done.output)
    assert re.search(
        rf"cannot read [^:]*{re.escape(what)}[^:]*: AuthorizationFailed: The client may not do that\.", told
    )
    places = re.findall(r"cannot read ([^:]*)", told)
    assert len(places) == len(set(places)), "each is told once"


def test_a_change_that_fails_is_told_as_before(world: World) -> None:
    world.text["pools"], world.text["jobs"] = {}, {}
    world.azure.fault(match={"method": "PUT", "path": "/batchAccounts/"}, action=DENIED, times=50)
    account = f"batch_account/{world.text['batchAccount']['name']}"
    error = world.apply()[account].error
    assert error is not None
    assert error.startswith(f"cannot create {account}: AuthorizationFailed: The client may not do that.")


def test_the_innermost_place_counts_and_refusals_have_none() -> None:
    with pytest.raises(AzureError) as caught, reading("all"), reading("a part"):
        raise AzureError(500, "Broken", "no")
    assert str(caught.value) == "cannot read a part: Broken: no"
    for error in (Refused("not that"), SignedOut("run az login")):
        with pytest.raises(ReconcileError) as raised, reading("all"):
            raise error
        assert str(raised.value) == str(error.args[0])


def test_every_kind_has_a_name_for_what_it_lists(live: World) -> None:
    places = {name: place(kind, KINDS, live.cloud()) for name, kind in KINDS.items()}
    assert places["registry"] == "the registries of rg-places"
    assert places["gallery"] == "the galleries of rg-places"
    assert places["job"] == "the jobs of baplaces"
    assert places["application"] == "the applications of baplaces"
    assert len(set(places.values())) == len(places)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is signed in but by what a command is given."""
    for name in [name for name in os.environ if name.startswith("AZURE_CLIENT")]:
        monkeypatch.delenv(name)


NOBODY = {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
SIGNED_OUT = "Error: not signed in to Azure; run az login. For a workload identity set AZURE_CLIENT_ID, "


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("command", ["plan", "status", "cost", "outputs", "apply", "cleanup"])
def test_signed_out_is_one_message_that_says_what_to_do(live: World, command: str) -> None:
    live.spec()
    done = reconcile(command, str(live.file), cwd=CHECKOUT, **NOBODY)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(SIGNED_OUT)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("nobody")
def test_debugging_shows_what_was_tried_to_sign_in(live: World) -> None:
    live.spec()
    done = process("plan", str(live.file), RECONCILE_DEBUG="1", cwd=CHECKOUT, **NOBODY)
    assert SIGNED_OUT in done.stderr
    assert "EnvironmentCredential" in done.stderr


@pytest.mark.usefixtures("nobody")
def test_what_entra_id_says_against_a_credential_is_told(live: World, tmp_path: Path) -> None:
    live.spec()
    assertion = tmp_path / "assertion"
    assertion.write_text("nobody signed this")
    wrong = {
        "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",
        "AZURE_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "AZURE_FEDERATED_TOKEN_FILE": str(assertion),
    }
    done = reconcile("plan", str(live.file), cwd=CHECKOUT, **wrong)
    assert done.stderr.startswith("Error: not signed in to Azure: ")
    assert "AADSTS" in done.stderr
    assert "; run az login" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("nobody")
def test_doctor_signed_out_is_one_row(live: World) -> None:
    live.spec()
    done = reconcile("doctor", str(live.file), "--format", "json", cwd=CHECKOUT, **NOBODY)
    (row,) = json.loads(done.stdout)
    assert (row["check"], row["state"]) == ("credential", "refused")
    assert "run az login" in row["text"]
    assert done.stderr == ""
