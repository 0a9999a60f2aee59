"""What a spec says of each key of Batch Shipyard, and what is told of those that it does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.errors import ReconcileError
from tests.documents import loaded
from tests.importing import configurations

FOLDER = Path(__file__).parents[1] / "cases/shipyard"


def cases(*names: str) -> list[Any]:
    found = [case for name in names for case in loaded((FOLDER / f"{name}.yaml").read_text())]
    assert len({case["name"] for case in found}) == len(found)
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases("pools", "jobs", "tasks", "factories", "files"))
def test_a_key_is_said_or_told(case: dict[str, Any], tmp_path: Path) -> None:
    made = configurations.made(tmp_path, configurations.files(case))
    assert made.wrong == ()
    for path, value in case.get("says", {}).items():
        assert configurations.at(made.value, path) == value, path
    assert [str(note) for note in made.told.changed] == case.get("changed", [])
    assert [str(note) for note in made.told.left] == case.get("left", [])
    assert sorted(made.told.open) == case.get("open", [])


@pytest.mark.parametrize("case", cases("machines"))
def test_what_azure_ends_is_written_as_its_successor(case: dict[str, Any], tmp_path: Path) -> None:
    whole = dict(case["whole"])
    machine = {key: whole.pop(key) for key in ("platform_image", "custom_image") if key in whole}
    pool = {"pool_specification": {"id": "p", "vm_configuration": machine, "vm_count": {"dedicated": 1}, **whole}}
    files = {"pool.yaml": yaml.safe_dump(pool, sort_keys=False), "jobs.yaml": configurations.files({})["jobs.yaml"]}
    made = configurations.made(tmp_path, files)
    assert made.wrong == ()
    assert case["says"].items() <= made.value["pools"]["p"].items()
    told = [f"{note.path}: {note.words}".split("vm_configuration.")[-1] for note in made.told.changed]
    assert [text.removeprefix("pool_specification.") for text in told] == case.get("changed", [])


@pytest.mark.parametrize("case", cases("broken"))
def test_what_cannot_be_read_is_told_with_its_line(case: dict[str, Any], tmp_path: Path) -> None:
    files = {"pool.yaml": configurations.POOL, **case["files"]}
    with pytest.raises(ReconcileError) as refused:
        configurations.made(tmp_path, {name: text for name, text in files.items() if text})
    assert case["says"] in str(refused.value).replace(str(tmp_path), "FOLDER")
