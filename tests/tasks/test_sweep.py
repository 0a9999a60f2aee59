"""The points of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.tasks import sweep, tasks, wanted
from tests.conftest import World

HERE = Path()
VALUES = st.one_of(
    st.lists(st.integers(0, 9), max_size=4),
    st.fixed_dictionaries({"from": st.integers(-5, 5), "to": st.integers(-5, 5)}),
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"a": [1, "x"]}, [{"a": "1"}, {"a": "x"}]),
        ({"a": {"from": 1, "to": 3}}, [{"a": "1"}, {"a": "2"}, {"a": "3"}]),
        ({"a": {"from": 0, "to": 0.3, "step": 0.1}}, [{"a": "0.0"}, {"a": "0.1"}, {"a": "0.2"}, {"a": "0.3"}]),
        ({"a": {"from": 2, "to": 1, "step": -1}}, [{"a": "2"}, {"a": "1"}]),
        ({"a": [1, 2], "b": [True]}, [{"a": "1", "b": "true"}, {"a": "2", "b": "true"}]),
        ([{"a": [1, 2], "b": ["x", "y"]}], [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]),
        ([{"a": [1, 2], "b": [3, 4]}, {"c": [5]}], [{"a": "1", "b": "3", "c": "5"}, {"a": "2", "b": "4", "c": "5"}]),
    ],
)
def test_the_points_of_a_sweep(asked: Any, expected: list[dict[str, str]]) -> None:
    assert list(sweep.points(asked, HERE)) == expected
    assert sweep.count(asked, HERE) == len(expected)
    assert sweep.names(asked, HERE) == tuple(expected[0])
    assert sweep.fault(asked, HERE) == ""


@pytest.mark.parametrize(
    ("name", "text"), [("p.csv", 'a,b\n1,x\n2,"y,z"\n'), ("p.jsonl", '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y,z"}\n')]
)
def test_the_rows_of_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert list(sweep.points(name, tmp_path)) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y,z"}]
    assert (sweep.count(name, tmp_path), sweep.names(name, tmp_path)) == (2, ("a", "b"))


@pytest.mark.parametrize(
    ("asked", "text", "told"),
    [
        ({"a": []}, "", "has no point: one of its lists or ranges is empty"),
        ({"a": {"from": 2, "to": 1}}, "", "has no point: one of its lists or ranges is empty"),
        ({"a": {"from": 1, "to": 2, "step": 0}}, "", "has a range whose step is 0"),
        ([{"a": [1], "b": [1, 2]}], "", "has values side by side that are not as many: a 1, b 2"),
        ([{"a": [1]}, {"a": [2]}], "", "has a twice"),
        ("p.csv", "a,b\n1\n", "cannot be read: line 2 has not as many values as the first line has names"),
        ("p.csv", "a,b\n", "p.csv has no rows"),
        ("p.jsonl", "[1]\n", "cannot be read: line 1 is no JSON object"),
    ],
)
def test_a_sweep_that_is_none(tmp_path: Path, asked: Any, text: str, told: str) -> None:
    if isinstance(asked, str):
        (tmp_path / asked).write_text(text)
    assert sweep.fault(asked, tmp_path) == told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in sweep.fault("none.csv", tmp_path)


@given(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1))
def test_there_are_as_many_points_as_are_counted_and_all_differ_as_their_values_do(asked: dict[str, Any]) -> None:
    made = list(sweep.points(asked, HERE))
    assert len(made) == sweep.count(asked, HERE)
    assert all(point.keys() == asked.keys() for point in made)


def test_the_ids_of_a_sweep_are_made_once_a_run_and_those_for_a_container_at_each_look(lab: World) -> None:
    listed = {"forEach": f"storage/{lab.account}/images", "command": "true {{item}}"}
    points = lab.file.with_name("points.csv")
    points.write_text("n\n1\n2\n")
    lab.text["jobs"]["job"]["tasks"] = {"swept": {"sweep": "points.csv", "command": "echo {{n}}"}}
    lab.text["jobs"]["beside"] = {"pool": "pools/pool", "tasks": {"listed": listed}}
    spec = lab.spec()
    cloud = lab.cloud(spec)
    desired = {each.address.name: each for each in tasks.KIND.expand(spec)}
    swept, beside = desired["job"], desired["beside"]
    kept = wanted.digest(cloud, swept)
    points.unlink()
    assert wanted.digest(cloud, swept) is kept
    assert kept.number == 2
    points.write_text("n\n1\n")
    lab.apply()
    assert wanted.digest(cloud, beside).number == 0
    cloud.blobs(lab.account).get_container_client("images").upload_blob("a", b"")
    assert wanted.digest(cloud, beside).number == 1
