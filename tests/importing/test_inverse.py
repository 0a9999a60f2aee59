"""What `expand` says of a spec, import says back: expanded again, every body is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from reconciler.errors import SpecError
from reconciler.importing import Draft, Live, draft
from reconciler.importing.draft import UNSEEN
from reconciler.kinds import KINDS, SECTIONS, load
from reconciler.kinds.identity import role_assignment
from reconciler.model import Address, Desired, Mark, Observed
from reconciler.spec import Spec
from reconciler.spec.build import built
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from tests.documents import loaded

CHECKOUT = Path(__file__).parents[2]
CASES = loaded((CHECKOUT / "tests/cases/pool/properties.yaml").read_text())
TYPES = {
    "storage_account": "Microsoft.Storage/storageAccounts",
    "identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "registry": "Microsoft.ContainerRegistry/registries",
    "batch_account": "Microsoft.Batch/batchAccounts",
    "key_vault": "Microsoft.KeyVault/vaults",
    "log_analytics_workspace": "Microsoft.OperationalInsights/workspaces",
    "action_group": "Microsoft.Insights/actionGroups",
    **{
        kind.name: kind.arm.name
        for kind in KINDS.values()
        if kind.arm and kind.arm.provider == "Microsoft.Network" and kind.arm.name.count("/") == 1
    },
}
WORDLESS = {name for name, kind in KINDS.items() if isinstance(kind.inverse, str)}
UNLISTED = {"batch_quota", "container_image", "conversion", "verification", "tasks"}
"""Kinds whose lists tell nothing to somebody who asks for nothing."""


def bodies(spec: Spec) -> dict[Any, Any]:
    """Kind and address (of a role: what it says) → body."""
    made = [(kind.name, one) for kind in KINDS.values() for one in kind.expand(spec)]
    return {(name, str(one.address)): _plain(one.body) for name, one in made if name not in UNLISTED}


def _plain(body: Any) -> Any:
    """A body without the secrets of its environments, which notes tell of: their vault does not say which it needs."""
    if not isinstance(body, dict):
        return body
    return {name: _plain(part) for name, part in body.items() if not isinstance(part, dict) or "as" not in part}


def live(spec: Spec, mark: Mark | None) -> Live:
    """A resource group in which all is just as the spec wants it."""
    made = [one for kind in KINDS.values() if kind.name not in UNLISTED for one in kind.expand(spec)]
    found = [_found(spec, one, mark) for one in made]
    account = spec.batch_account["name"] if spec.batch_account else None
    return Live(found[0], account, tuple(found))


def _found(spec: Spec, one: Desired, mark: Mark | None) -> Observed:
    if one.address.kind == role_assignment.NAME:
        where = f"{one.data['scope']}/providers/Microsoft.Authorization/roleAssignments/{one.data['name']}"
        return Observed(Address("role_assignment", where), where, {**one.body, "scope": one.data["scope"]}, mark)
    where = f"{spec.group_id}/providers/{TYPES.get(one.address.kind, one.address.kind)}/{one.address.name}"
    owned = Mark(mark.owner, mark.digest, one.protect) if mark else None
    return Observed(one.address, where, one.body, owned)


def read_back(spec: Spec, mark: Mark | None) -> tuple[Draft, Spec]:
    made = draft(live(spec, mark), spec.azure, spec.name)
    made.value["azure"].setdefault("subscription", LOCAL_SUBSCRIPTION)
    return made, built(Document("imported", made.value), SECTIONS)


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_said_back(path: Path) -> None:
    spec = load(path, {"AZURE_SUBSCRIPTION_ID": LOCAL_SUBSCRIPTION}, "local")
    made, again = read_back(spec, Mark(spec.name, ""))
    wanted, found = bodies(spec), bodies(again)
    own = [address for address, why in made.left.items() if why == "it makes a pool of its own"]
    assert {address.kind for address in made.left if address not in own} <= {*WORDLESS, "pool"}
    assert found == {key: body for key, body in wanted.items() if key in found}
    assert wanted.keys() - found.keys() == {(address.kind, str(address)) for address in made.left}


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ["no", "${HOME}", "a\nb\n", "1e5", "- x", "ü"]
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not name.lower().endswith(("token", "secret", "pwd", "key")) and not name.startswith("reconcile")
)
maps = st.dictionaries(names, words, max_size=3)
tags = st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_.:-]{0,8}", fullmatch=True), words, max_size=3)
counts = st.integers(0, 50)
durations = st.sampled_from(["PT5M", "PT25H", "PT1H30M", "PT20M"])
FORMULA = "$TargetDedicatedNodes = min(5, $PendingTasks.GetSample(1));\n$NodeDeallocationOption = taskcompletion;"
nodes = st.one_of(
    counts,
    st.fixed_dictionaries({"dedicated": counts}, optional={"spot": counts, "resizeTimeout": durations}),
    st.builds(lambda every: {"autoscale": {"formula": FORMULA, "every": every}}, durations),
    st.just({"autoscale": {"scenario": "pending-tasks", "max": 9}}),
)
images = st.sampled_from(
    [
        "ubuntu-22.04",
        "debian-12",
        "canonical:ubuntu-24_04-lts:server:24.04.202501010",
        {"publisher": "Contoso", "offer": "o", "sku": "s"},
        {"gallery": "gal", "definition": "img", "version": "1.0.3"},
        {"gallery": "gal", "definition": "img", "version": "1.0.3", "resourceGroup": "rg-theirs"},
        {
            "id": "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.Compute"
            "/galleries/gal/images/img/versions/1.0.3"
        },
    ]
)
start_tasks = st.fixed_dictionaries(
    {"commandLine": st.sampled_from(["/bin/true", "/bin/sh -c 'echo ${HOME}\nexit 0'"])},
    optional={
        "environmentSettings": maps,
        "maxTaskRetryCount": st.integers(-1, 3),
        "waitForSuccess": st.booleans(),
        "elevationLevel": st.sampled_from(["Admin", "NonAdmin"]),
        "resourceFiles": st.just([{"httpUrl": "https://example.com/x", "filePath": "x", "fileMode": "0755"}]),
        "containerSettings": st.just({"imageName": "ubuntu", "containerRunOptions": "--rm"}),
    },
)
PROPERTIES = {
    case["key"]: st.sampled_from([case["set"], case["changed"]])
    for case in CASES
    if case["key"] not in ("startTask", "metadata", "displayName")
}
OTHERS = {
    "applicationPackages": st.just([{"id": "tool", "version": "1"}, {"id": "other"}]),
    "containers": st.sampled_from([{}, {"images": ["ubuntu"]}, {"images": ["b", "a"], "registries": ["x.azurecr.io"]}]),
    "displayName": words.filter(bool),
    "identity": st.sampled_from(["identities/id-one", ["identities/id-two", "identities/id-one"]]),
    "metadata": maps,
    "protect": st.booleans(),
    "startTask": start_tasks,
    "tags": tags,
}
pools = st.fixed_dictionaries(
    {"vmSize": st.sampled_from(["Standard_D2s_v3", "Standard_NC4as_T4_v3"]), "image": images, "nodes": nodes},
    optional={**PROPERTIES, **OTHERS},
)
ACCOUNT = {
    "sku": st.sampled_from(["Standard_LRS", "Standard_ZRS"]),
    "kind": st.sampled_from(["StorageV2", "BlockBlobStorage"]),
    "publicNetworkAccess": st.sampled_from(["Enabled", "Disabled"]),
    "minimumTlsVersion": st.sampled_from(["TLS1_0", "TLS1_2"]),
    "allowBlobPublicAccess": st.booleans(),
    "containers": st.sampled_from([["one", "two"], {"one": {"metadata": {"a": "b"}}, "two": {"protect": True}}]),
    "tags": tags,
    "protect": st.booleans(),
}
accounts = st.fixed_dictionaries({"allowSharedKeyAccess": st.just(True)}, optional=ACCOUNT)
ROLES = [
    {"role": "Reader", "scope": "resourceGroup"},
    {"role": "Storage Blob Data Owner", "scope": "storage/sa1"},
    {"role": "AcrPull", "scope": "registries/acr01"},
    {"role": "11111111-2222-3333-4444-555555555555", "scope": "batchAccount"},
]
roles = st.lists(st.sampled_from(ROLES), unique_by=lambda role: str(role["scope"]), max_size=4)
batch = st.fixed_dictionaries(
    {"name": st.just("ba1")},
    optional={
        "autoStorage": st.just("storage/sa1"),
        "publicNetworkAccess": st.sampled_from(["Enabled", "Disabled"]),
        "allowedAuthenticationModes": st.sampled_from([["SharedKey", "AAD"], ["TaskAuthenticationToken", "AAD"]]),
        "tags": tags,
    },
)
jobs = st.fixed_dictionaries(
    {"pool": st.just("pools/first")},
    optional={
        "priority": st.integers(-1000, 1000),
        "maxTaskRetryCount": st.integers(-1, 3),
        "maxWallClockTime": st.just("P1D"),
        "displayName": words.filter(bool),
        "metadata": maps,
        "protect": st.booleans(),
    },
)
documents = st.builds(
    lambda common, sa, one, ba, registry, first, second, job, protect: {
        "apiVersion": "reconciler/v1",
        "name": "made",
        "azure": {
            "cloud": "local",
            "subscription": LOCAL_SUBSCRIPTION,
            "location": "italynorth",
            "resourceGroup": "rg-Made",
            **({"tags": common} if common else {}),
            **({"protect": True} if protect else {}),
        },
        "storage": {"sa1": sa},
        "identities": {"id-one": {"roles": one}, "id-two": None},
        "registries": {"acr01": {"sku": registry}},
        "batchAccount": ba,
        "pools": {"first": first, "Second": second},
        "jobs": {"j": job},
    },
    tags, accounts, roles, batch, st.sampled_from(["Basic", "Premium"]), pools, pools, jobs, st.booleans(),
)  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(documents, st.booleans())
def test_any_spec_is_said_back(document: dict[str, Any], ours: bool) -> None:
    asked = Document("made", document)
    try:
        spec = checked(asked, SECTIONS)
    except SpecError:
        reject()
    made, again = read_back(spec, Mark("made", "") if ours else None)
    assert made.left == {}
    assert [text for _, text in made.notes] == [UNSEEN] * ours
    assert bodies(again) == bodies(spec)
    if ours:
        assert "adopt" not in made.value
        assert {name: one.get("protect", False) for name, one in again.pools.items()} == {
            name: one.get("protect", False) for name, one in spec.pools.items()
        }
    else:
        assert set(made.value["adopt"]) == {address for _, address in bodies(spec)}
