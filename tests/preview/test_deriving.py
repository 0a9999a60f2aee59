"""The spec of a preview: its work under names of its own, all else as it is live, and nothing that others feel."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.graph import build
from reconciler.errors import Refused
from reconciler.kind.sampling import spread
from reconciler.kinds import KINDS, SECTIONS, load
from reconciler.preview import deriving
from reconciler.spec.previews import LONGEST, Preview, fault
from tests.documents import dumped, loaded
from tests.spec.test_load import CHECKOUT

CASES = loaded((CHECKOUT / "tests/cases/preview/deriving.yaml").read_text())
EXAMPLES = sorted((CHECKOUT / "specs/examples").glob("*/spec.yaml"))
SPECS = sorted((CHECKOUT / "specs").glob("*.yaml"))
TIME = "2030-01-31T12:00:00Z"
BASE: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "name": "farm",
    "azure": {"cloud": "local", "location": "swedencentral", "resourceGroup": "rg", "protect": True},
    "batchAccount": {"name": "bafarm"},
}


def previewed(text: dict[str, Any], folder: Path, sample: int = 4) -> tuple[Preview, dict[str, Any]]:
    file = folder / "spec.yaml"
    file.write_text(dumped({**BASE, **text}))
    spec = load(file, {})
    preview = deriving.preview(spec, SECTIONS, "pr-1", sample, 3600)
    made = deriving.derived(preview, SECTIONS, TIME)
    owned = [want for want in build(made, KINDS).values() if not want.existing]
    assert {want.expires for want in owned if KINDS[want.address.kind].deletable} == {TIME}
    assert not any(want.protect for want in owned)
    return preview, deriving.document(preview, SECTIONS)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_its_parts(case: dict[str, Any], tmp_path: Path) -> None:
    for name, text in case.get("files", {}).items():
        (tmp_path / name).write_text(text)
    _, document = previewed(case["spec"], tmp_path)
    assert document["name"] == "farm-pr-1"
    assert document["azure"]["existing"] is True
    assert {key: document[key] for key in case["gives"]} == case["gives"]
    assert set(document) - {"apiVersion", "name", "azure", "batchAccount"} == set(case["gives"])


@pytest.mark.parametrize(
    "file", sorted((CHECKOUT / "specs/examples").glob("*/spec.yaml")), ids=lambda file: file.parent.name
)
def test_every_example_has_one(file: Path) -> None:
    spec = load(
        file, {"AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000", "BATCH_ACCOUNT": "baone"}, "local"
    )
    preview = deriving.preview(spec, SECTIONS, "pr-1", 3, 3600)
    made = deriving.derived(preview, SECTIONS, TIME)
    names = {str(address) for address, want in build(made, KINDS).items() if not want.existing}
    assert names
    assert all(name.endswith("-pr-1") for name in names)


def test_a_spec_without_work_has_none(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has no work that could be tried: none of its jobs has tasks or convert"):
        previewed({}, tmp_path)


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.name)
def test_a_bare_copy_owns_nothing(file: Path) -> None:
    bare = deriving.bare(load(file, {"BATCH_ACCOUNT": "baone"}, "local"), "farm-pr-1", SECTIONS)
    assert bare.name == "farm-pr-1"
    assert all(want.existing for want in build(bare, KINDS).values())


@pytest.mark.parametrize(
    ("name", "is_wrong"),
    [("pr-12", False), ("p", False), ("a1-b2", False), ("1", True), ("Pr", True), ("pr-", True), ("a_b", True),
     ("a--b", True), ("a-g1", True), ("a-g", False), ("a" * 24, False), ("a" * 25, True), ("", True), ("a\n", True)],
)  # fmt: skip
def test_names(name: str, is_wrong: bool) -> None:
    assert bool(fault(name)) is is_wrong


@given(st.text("ab-", min_size=1, max_size=64), st.text("ab-", min_size=1, max_size=64))
def test_long_names_stay_apart_and_fit(one: str, other: str) -> None:
    preview = Preview("pr-1", 1, 1, None)  # type: ignore[arg-type]  # it is not asked
    names = [preview.named(name) for name in (one, other)]
    assert all(len(name) <= LONGEST and name.endswith("-pr-1") for name in names)
    assert (names[0] == names[1]) is (one == other)


@given(st.integers(0, 200), st.integers(1, 50))
def test_a_sample_has_the_ends_and_is_as_even_as_can_be(many: int, number: int) -> None:
    chosen = spread(range(many), number)
    assert len(chosen) == min(many, number)
    assert chosen == sorted(set(chosen))
    if number > 1 and many:
        assert (chosen[0], chosen[-1]) == (0, many - 1)
        gaps = {after - before for before, after in pairwise(chosen)}
        assert not gaps or max(gaps) - min(gaps) <= 1
