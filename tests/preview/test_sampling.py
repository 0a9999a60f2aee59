"""sample: only a few of the items of a sweep and of the inputs of a conversion, and only what can follow them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

from reconciler.kinds import KINDS, load
from reconciler.kinds.conversion.work import Made, work
from reconciler.kinds.tasks import wanted
from tests.documents import dumped
from tests.preview.test_deriving import BASE

SWEEP = {"sweep": {"n": {"from": 0, "to": 9}}, "command": "echo {{n}}"}
POOL = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1}


def asked(folder: Path, **tasks: Any) -> dict[str, list[str]]:
    """Entry → the values of n of its tasks."""
    file = folder / "spec.yaml"
    file.write_text(dumped({**BASE, "pools": {"p": POOL}, "jobs": {"j": {"pool": "pools/p", "tasks": tasks}}}))
    (desired,) = KINDS["tasks"].expand(load(file, os.environ))
    groups = wanted.groups(cast("Any", None), desired)
    return {group.name: [member.item.values.get("n", "") for member in members] for group, members in groups}


@pytest.mark.parametrize(
    ("sample", "chosen"), [(1, "0"), (2, "09"), (4, "0369"), (10, "0123456789"), (99, "0123456789")]
)
def test_points(sample: int, chosen: str, tmp_path: Path) -> None:
    assert asked(tmp_path, each={**SWEEP, "sample": sample}) == {"each": list(chosen)}


def test_what_depends_on_left_out_ones_is_left_out(tmp_path: Path) -> None:
    after = {**SWEEP, "dependsOn": [{"task": "each", "where": {"n": "{{n}}"}}]}
    last = {**SWEEP, "dependsOn": [{"task": "after", "where": {"n": "{{n}}"}}]}
    few = asked(
        tmp_path, each={**SWEEP, "sample": 3}, after=after, last=last, sum={"command": "true", "dependsOn": ["after"]}
    )
    assert few == {"each": ["0", "4", "9"], "after": ["0", "4", "9"], "last": ["0", "4", "9"], "sum": [""]}


def test_inputs_keep_the_names_of_their_outputs() -> None:
    inputs = dict.fromkeys(["a.jpeg", "a.jpg", "b.jpg", "c.jpg", "d.txt", "e.jpg"], "1")
    whole = {item.name: item.output for item in work(inputs, Made(), {}, [".jpg", ".jpeg"]).pending}
    few = {item.name: item.output for item in work(inputs, Made(), {}, [".jpg", ".jpeg"], sample=3).pending}
    assert list(few) == ["a.jpeg", "b.jpg", "e.jpg"]
    assert few.items() <= whole.items()
    done = work(inputs, Made(signed={"b.png": "1", "c.png": "1"}), {}, [".jpg", ".jpeg"], sample=3)
    assert (done.up_to_date, done.total, done.orphans) == (1, 3, ()), "what a left-out input has as output is no orphan"
