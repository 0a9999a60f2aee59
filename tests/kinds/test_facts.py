"""What a kind says of itself, beside its fields and verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.azure.durations import canonical, without_days
from reconciler.importing import Live
from reconciler.importing.composing import others
from reconciler.kind import ArmType, Kind
from reconciler.kind.inverse import Inverse
from reconciler.kinds import KINDS, load
from reconciler.model import Address, Observed
from reconciler.spec.schema import kind_of, schema
from tests.documents import dumped
from tests.kinds.cases import MINIMAL


@pytest.mark.parametrize(
    ("kind", "one", "many"),
    [
        ("storage_account", "storage account", "storage accounts"),
        ("identity", "identity", "identities"),
        ("batch_account", "Batch account", "Batch accounts"),
        ("image_definition", "image", "images"),
    ],
)
def test_people_have_words_for_one_and_for_several(kind: str, one: str, many: str) -> None:
    assert (KINDS[kind].one, KINDS[kind].many) == (one, many)


@pytest.mark.parametrize(
    ("kind", "providers"),
    [
        ("pool", {"Microsoft.Batch", "Microsoft.Compute"}),
        ("container", {"Microsoft.Storage"}),
        ("image_version", {"Microsoft.Compute", "Microsoft.Network"}),
        ("role_assignment", set()),
        ("resource_group", set()),
    ],
)
def test_a_subscription_is_registered_for_what_serves_a_kind(kind: str, providers: set[str]) -> None:
    arm = KINDS[kind].arm
    assert arm is not None
    assert arm.registrations == providers


def test_all_types_that_are_written_need_permission() -> None:
    made = ArmType("Microsoft.A/b/c", "2025-01-01", writes=("Microsoft.D/e",))
    assert made.written == ("Microsoft.A/b/c", "Microsoft.D/e")


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.section], ids=lambda kind: kind.name)
def test_a_section_is_one_of_a_spec(kind: Kind) -> None:
    assert kind.section in schema()["properties"]


def test_what_is_said_in_a_spec_has_a_place_there() -> None:
    sayable = {name: kind.inverse for name, kind in KINDS.items() if isinstance(kind.inverse, Inverse)}
    assert sayable
    assert all(inverse.place or KINDS[name].section for name, inverse in sayable.items())


def test_a_kind_that_says_nothing_of_its_inverse_is_left_out_and_not_dropped() -> None:
    seen = Observed(Address("container_image", "acr/tool:1"), "", {})
    live = Live(Observed(Address("resource_group", "rg"), "", {}), None, (seen,))
    assert dict(others(live, "mine", ())) == {seen.address: "import has no words for it"}


@pytest.mark.parametrize(
    ("given", "azures", "specs"),
    [("PT06M00S", "PT6M", "PT06M00S"), ("P1DT1H", "P1DT1H", "PT25H"), ("PT24H", "P1D", "PT24H"), ("often",) * 3],
)
def test_a_duration_has_one_spelling_of_azure_and_one_of_specs(given: str, azures: str, specs: str) -> None:
    assert (canonical(given), without_days(given)) == (azures, specs)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.keys], ids=lambda kind: kind.name)
def test_what_a_plan_calls_a_field_is_a_key_of_the_spec(kind: Kind) -> None:
    definition = kind_of(kind.section)[1] if kind.section else schema()["$defs"][kind.name]
    for path, key in kind.keys.items():
        assert kind.rule(path)
        here = definition
        for part in filter(None, key.split(".")):
            here = here if "properties" in here else kind_of(here["x-refers"][0])[1]
            assert part in here["properties"], (kind.name, key)
            here = here["properties"][part]


@pytest.mark.parametrize(
    ("tasks", "uses"),
    [
        ({"a": {}}, False),
        ({"a": {}, "b": {"dependsOn": ["a"]}}, True),
        ({"a": {"exitConditions": {"default": {"dependencyAction": "Satisfy"}}}}, True),
        ({"a": {"exitConditions": {"default": {"jobAction": "Terminate"}}}}, False),
    ],
)
def test_a_job_uses_dependencies_where_a_task_says_something_of_them(
    tmp_path: Path, tasks: dict[str, Any], uses: bool
) -> None:
    pools = {"p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}}
    jobs = {"j": {"pool": "pools/p", "tasks": {name: {"command": "true", **task} for name, task in tasks.items()}}}
    path = tmp_path / "spec.yaml"
    path.write_text(dumped({**MINIMAL, "batchAccount": {"name": "abc"}, "pools": pools, "jobs": jobs}))
    (job,) = KINDS["job"].expand(load(path, {}, "local"))
    assert ("usesTaskDependencies" in job.body) is uses
