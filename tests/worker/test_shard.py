"""Which inputs a task takes, and what their outputs are called."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.shard import Item, dealt, from_manifest, output_names
from worker.task import SUFFIXES

NAMES = st.sets(
    st.text("ab./", min_size=1, max_size=4).flatmap(lambda stem: st.sampled_from(SUFFIXES).map(stem.__add__))
)


@pytest.mark.parametrize(
    ("names", "outputs"),
    [
        (["a.jpg"], {"a.jpg": "a.png"}),
        (["x/y/a.JPEG"], {"x/y/a.JPEG": "x/y/a.png"}),
        (["a.jpeg.jpg"], {"a.jpeg.jpg": "a.jpeg.png"}),
        (["a.png", "a.txt", "jpg", "a.jpg.bak"], {}),
        ([".jpg"], {".jpg": ".png"}),
        (["a.jpg", "a.jpeg"], {"a.jpg": "a.png", "a.jpeg": "a.jpeg.png"}),
        (["a.jpe", "a.jpeg"], {"a.jpeg": "a.png", "a.jpe": "a.jpe.png"}),
        (["a.jpg", "a.JPG"], {"a.JPG": "a.png", "a.jpg": "a.jpg.png"}),
        (
            ["a.jpg", "a.jpeg", "a.jpeg.jpg"],
            {"a.jpg": "a.png", "a.jpeg.jpg": "a.jpeg.png", "a.jpeg": "a.jpeg.png.png"},
        ),
    ],
)
def test_outputs_are_named_after_their_inputs(names: list[str], outputs: dict[str, str]) -> None:
    assert output_names(names, SUFFIXES) == outputs


def test_the_order_of_the_suffixes_says_who_keeps_a_shared_name() -> None:
    assert output_names(["a.jpg", "a.jpeg"], [".jpeg", ".jpg"]) == {"a.jpeg": "a.png", "a.jpg": "a.jpg.png"}


@given(NAMES)
def test_no_two_inputs_share_an_output(names: set[str]) -> None:
    outputs = output_names(names, SUFFIXES)

    assert set(outputs) == names
    assert len(set(outputs.values())) == len(names)


@given(NAMES, st.integers(1, 5))
def test_the_tasks_share_the_inputs_out_without_overlap(names: set[str], total: int) -> None:
    etags = {name: f"0x{index}" for index, name in enumerate(names)}

    shares = [dealt(etags, SUFFIXES, task, total) for task in range(total)]

    assert sorted(item.name for share in shares for item in share) == sorted(names)
    assert all(item.etag == etags[item.name] for share in shares for item in share)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_inputs_are_dealt_in_turn_over_the_sorted_listing() -> None:
    etags = {f"{letter}.jpg": "0x1" for letter in "edcba"}

    assert [item.name for item in dealt(etags, SUFFIXES, 1, 2)] == ["b.jpg", "d.jpg"]


def test_a_manifest_has_one_input_a_line() -> None:
    line = json.dumps({"name": "a b/ü\u2028.jpg", "etag": "0x8D", "output": "a.png"}, ensure_ascii=False)

    assert from_manifest(f"{line}\n\n{line}\n") == [Item("a b/ü\u2028.jpg", "0x8D", "a.png")] * 2


@pytest.mark.parametrize(
    "line", ["{", "[]", '"a"', '{"name": "a", "etag": "b"}', '{"name": "a", "etag": 1, "output": "b"}']
)
def test_a_line_that_is_no_input_is_named(line: str) -> None:
    good = json.dumps({"name": "a.jpg", "etag": "0x8D", "output": "a.png"})

    with pytest.raises(ValueError, match="line 2 is not an input"):
        from_manifest(f"{good}\n{line}\n")
