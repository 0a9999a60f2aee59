"""What goes into an image, what it is called, and what it says of itself."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import capacity
from reconciler.cloud.capacity import Size
from reconciler.digest import digest
from reconciler.errors import ReconcileError
from reconciler.kinds.image import image_version, recipe, stagescript, version_tags
from reconciler.kinds.pool import checks, claims
from reconciler.kinds.registry import build_context
from reconciler.model import Action, Address, Change, Decision, Desired, Diff, Rule, Why
from reconciler.spec.pools import Verification

OWN: Any = {"os": "ubuntu-22.04", "gpu": False, "packages": [], "scripts": [], "verify": [], "preload": []}


def own(**more: Any) -> Any:
    return {**OWN, **more}


def test_every_input_moves_the_content_and_the_order_of_packages_does_not() -> None:
    first = recipe.inputs(own(), "1", {})
    others = [
        recipe.inputs(own(), "2", {}),
        recipe.inputs(own(gpu=True), "1", {}),
        recipe.inputs(own(os="ubuntu-24.04"), "1", {}),
        recipe.inputs(own(packages=["a"]), "1", {}),
        recipe.inputs(own(scripts=[{"name": "s", "run": "x"}]), "1", {}),
        recipe.inputs(own(verify=[{"name": "s", "run": "x"}]), "1", {}),
        recipe.inputs(own(preload=["p"]), "1", {"p": "sha256:" + "a" * 64}),
    ]
    contents = [digest(one) for one in [first, *others]]
    assert len(set(contents)) == len(contents)
    assert recipe.inputs(own(packages=["b", "a"]), "1", {}) == recipe.inputs(own(packages=["a", "b"]), "1", {})
    assert ("gpu", "no") in first.items()
    assert "packages" not in first
    shown = recipe.inputs(own(gpu=True, packages=["b", "a"]), "1", {})
    assert (shown["gpu"], shown["packages"]) == ("yes", "a b")
    assert len(recipe.inputs(own(packages=["x" * 61]), "1", {})["packages"]) < 60, "by its digest, if it is long"


def test_stages_go_from_waiting_to_deprovisioning_with_the_users_own_before_the_end() -> None:
    steps = [{"name": "one", "run": "true"}, {"name": "two", "run": "true"}]
    wanted = own(gpu=True, packages=["htop"], preload=["x"], scripts=steps, verify=[{"name": "ok", "run": "true"}])
    names = [stage.name for stage in recipe.stages(wanted, (recipe.Pull("x@sha256:1", "x"),), "")]
    assert names == [
        *("wait", "gpu-driver", "docker", "nvidia-container", "packages", "preload"),
        *("script-one", "script-two", "verify-ok", "deprovision"),
    ]
    assert recipe.stages(wanted, (), "")[1].script is None
    assert recipe.stages(wanted | {"os": "almalinux-9"}, (), "")[1].script is not None


def test_ten_scripts_and_eight_tests_fit_the_run_commands_of_a_machine() -> None:
    scripts = [{"name": f"s{number}", "run": "true"} for number in range(10)]
    tests = [{"name": f"v{number}", "run": "true"} for number in range(8)]
    most = own(os="almalinux-8", gpu=True, packages=["a"], preload=["x"], scripts=scripts, verify=tests)
    assert len(recipe.stages(most, (), "")) <= 25


IMAGE = Address("image_version", "i")


def test_a_build_is_expected_to_take_as_long_as_its_stages_and_any_other_change_a_minute() -> None:
    bare, more = own(), own(gpu=True, packages=["htop"], regions=[{"name": "here"}, {"name": "there"}])
    assert recipe.seconds(bare) > 600
    assert recipe.seconds(more) > recipe.seconds(bare) + 120, "more stages, and another region"

    def expected(action: Action, rule: Rule) -> float:
        decision = Decision(IMAGE, action, Why.DIFFERS, "", Diff((Change("x", 1, 2, rule),)))
        desired = None if action is Action.DELETE else Desired(IMAGE, {}, data={"image": bare})
        return image_version.takes(decision, desired).total_seconds()

    assert expected(Action.CREATE, Rule.LIVE) == expected(Action.UPDATE, Rule.NEW_VERSION) == recipe.seconds(bare)
    assert expected(Action.UPDATE, Rule.LIVE) == expected(Action.DELETE, Rule.NEW_VERSION) == 60


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=60), max_size=40))
def test_inputs_come_back_from_tags_of_at_most_256_characters(inputs: dict[str, str]) -> None:
    if version_tags.too_long(inputs):
        return
    tags = version_tags.new("digest", inputs, OWN)
    assert all(len(value) <= 256 for value in tags.values())
    assert len(tags) <= 25
    assert marks.inputs(tags) == inputs


@pytest.mark.parametrize(
    ("versions", "following"),
    [([], "1.0.0"), (["1.0.0"], "1.0.1"), (["1.0.9", "1.0.10"], "1.0.11"), (["2.0.0", "10.0.0"], "10.0.1")],
)
def test_versions_are_counted_not_spelled(versions: list[str], following: str) -> None:
    random.Random(1).shuffle(versions)
    assert images.following(versions) == following


SIZES = [
    Size("Standard_D2s_v3", "D", 2, 0, offered=True),
    Size("Standard_D4s_v3", "D", 4, 0, offered=True),
    Size("Standard_D8s_v3", "D", 8, 0, offered=True),
    Size("Standard_NC4as_T4_v3", "NC", 4, 1, offered=True),
    Size("Standard_NC8as_T4_v3", "NC", 8, 1, offered=False),
]


def quota(limit: int, used: int) -> dict[str, int]:
    return {"limit": limit, "currentValue": used}


@pytest.mark.parametrize(
    ("wanted", "quotas", "told"),
    [
        ("standard_d2s_v3", {}, ""),
        ("Standard_D8s_v3", {"D": quota(10, 4)}, "the quota D has 4 of 10 cores in use and 8 are needed; these fit: "
         "Standard_D4s_v3 (4 cores), Standard_D2s_v3 (2 cores)"),
        ("Standard_D2s_v3", {"cores": quota(10, 10)}, "the quota cores has 10 of 10 cores in use and 2 are needed; no "
         "size that would do fits there"),
        ("Standard_NC8as_T4_v3", {}, "not offered to this subscription in here; these fit: Standard_NC4as_T4_v3"),
        ("Standard_D4s_v3", {"D": quota(10, 7)}, "these fit: Standard_D2s_v3"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_what_would(wanted: str, quotas: dict[str, Any], told: str) -> None:
    said = capacity.explain(SIZES, quotas, "here", wanted)
    assert told in said
    assert bool(said) == bool(told)


def test_a_context_is_packed_the_same_way_every_time_and_without_what_is_ignored(tmp_path: Path) -> None:
    for name in ("Dockerfile", "app/main.py", "app/main.pyc", "node_modules/x/y.js", "keep/secret.env", "notes.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / ".dockerignore").write_text("# dependencies\nnode_modules\n**/*.pyc\n*.md\n!notes.md\nkeep/*.env\n")
    first = build_context.pack(tmp_path, "Dockerfile", {"A": "1"})
    (tmp_path / "Dockerfile").touch()
    assert build_context.pack(tmp_path, "Dockerfile", {"A": "1"}) == first
    assert build_context.pack(tmp_path, "Dockerfile", {"A": "2"})[0] != first[0]
    with tarfile.open(fileobj=io.BytesIO(first[1])) as archive:
        assert archive.getnames() == [".dockerignore", "Dockerfile", "app/main.py", "notes.md"]
    (tmp_path / "app/main.py").write_text("changed")
    assert build_context.pack(tmp_path, "Dockerfile", {"A": "1"})[0] != first[0]


def test_checks_of_a_pool_with_containers_are_all_made_in_containers_and_own_ones_replace_ours() -> None:
    verify: Verification = {"checks": [{"name": "docker", "run": "true"}], "allowSkipped": False}
    found = checks.wanted(verify, ["a:1", "b:2"], {"docker": True, "gpu": True, "images": ["c:3"]})
    assert [one.name for one in found] == ["system", "gpu", "image-1", "image-2", "docker"]
    assert all("containerSettings" in checks.task(one) for one in found)
    plain = checks.wanted({"checks": [], "allowSkipped": False}, [], claims.NONE)
    assert [one.name for one in plain] == ["system"]
    assert "containerSettings" not in checks.task(plain[0])


@pytest.mark.parametrize(
    ("state", "info", "result"),
    [
        ("active", {}, "running"),
        ("completed", {"exitCode": 0, "result": "success"}, "passed"),
        ("completed", {"exitCode": 77, "result": "failure"}, "skipped"),
        ("completed", {"result": "success"}, "failed"),
        ("completed", {"exitCode": 1, "result": "failure"}, "failed"),
        ("completed", {"result": "failure"}, "failed"),
    ],
)
def test_a_check_that_was_not_made_never_passes(state: str, info: dict[str, Any], result: str) -> None:
    assert checks.result({"state": state, "executionInfo": info}) == result


@pytest.mark.parametrize(
    ("os", "name", "variables", "told"),
    [
        ("ubuntu-22.04", "nothing", {}, "cannot prepare ubuntu-22.04: there is no script nothing; there are "),
        ("plan9", "wait", {}, "cannot prepare plan9: there are scripts for "),
        ("ubuntu-22.04", "packages", {"NOTHING": "x"}, "cannot prepare packages: it knows no variable NOTHING"),
        ("ubuntu-22.04", "packages", {"packages": "x"}, "cannot prepare packages: it knows no variable packages"),
        ("ubuntu-22.04", "packages", {"PACKAGES": "a\0"}, "the value of PACKAGES is no text that a shell can hold"),
        ("ubuntu-22.04", "packages", {"PACKAGES": "\udcff"}, "the value of PACKAGES is no text that a shell can hold"),
    ],
)
def test_a_stage_that_cannot_be_prepared_is_told(os: str, name: str, variables: dict[str, str], told: str) -> None:
    with pytest.raises(ReconcileError, match=told):
        stagescript.text(os, name, variables)
