"""Items cut into chunks: in order or where their names say so, and which change when some come or go."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from reconciler.kinds.tasks import chunks, manifest
from reconciler.kinds.tasks.items import Item
from reconciler.spec.tasks import Task
from tests.conftest import World
from tests.tasks.test_lab import applied, printed, told


def blobs(number: int, length: int = 1) -> list[Item]:
    return [Item({"item": f"b{index:05}.txt", "url": "https://x/y"}, "v1", length) for index in range(number)]


def cut(items: list[Item], **entry: Any) -> list[list[Item]]:
    task: Task = {"command": "true", **entry}  # type: ignore[typeddict-item]
    made = list(chunks.cut(iter(items), task))
    assert [item for chunk in made for item in chunk.items] == items
    return [list(chunk.items) for chunk in made]


def named(made: list[list[Item]]) -> set[tuple[str, ...]]:
    return {tuple(item.title for item in chunk) for chunk in made}


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_blobs_fill_at_least_half_of_a_chunk_and_at_most_all_of_it(count: int) -> None:
    sizes = [len(chunk) for chunk in cut(blobs(5_000), forEach="storage/a/b", chunk={"count": count})]
    assert max(sizes) <= count
    assert min(sizes[:-1]) >= count / 2
    assert sum(sizes) / len(sizes) > 0.55 * count


def test_one_blob_more_or_less_changes_its_own_chunk_and_rarely_the_next() -> None:
    items, changed = blobs(5_000), []
    before = named(cut(items, forEach="storage/a/b", chunk={"count": 100}))
    for place in random.Random(1).sample(range(5_000), 20):
        more = Item({"item": f"b{place:05}.txt+", "url": "https://x/y"}, "v1", 1)
        for others in ([*items[:place], more, *items[place:]], [*items[:place], *items[place + 1 :]]):
            after = named(cut(others, forEach="storage/a/b", chunk={"count": 100}))
            changed.append(len(after - before))
    assert len(before) > 60
    assert sum(changed) / len(changed) < 1.5


def test_numberare_counted_and_what_is_larger_is_alone() -> None:
    items = [*blobs(40, 30), *(Item({"item": "big", "url": ""}, "", 500),), *blobs(40, 30)]
    sizes = [sum(item.length for item in chunk) for chunk in cut(items, forEach="x", chunk={"bytes": "0.3kB"})]
    assert sorted(sizes)[-2] <= 300
    assert sizes.count(500) == 1
    both = cut(blobs(100, 30), forEach="x", chunk={"bytes": 300, "count": 4})
    assert max(map(len, both)) == 4


def test_names_that_are_long_leave_room_for_the_rest_of_a_request() -> None:
    items = [
        Item({"item": f"{index:04}" + "é" * 1000, "url": "https://x/" + "%C3%A9" * 1000}, "v") for index in range(500)
    ]
    for chunk in cut(items, forEach="x", chunk={"count": 1000}):
        assert len(json.dumps([dict(item.values) for item in chunk])) < 900_000


def test_points_are_cut_in_their_order_and_packs_by_how_many_there_are() -> None:
    points = [Item({"n": str(n)}) for n in range(1, 1_006)]
    sizes = [len(chunk) for chunk in cut(points, sweep={}, chunk={"count": 100})]
    assert sizes == [100] * 10 + [5]
    assert [len(chunk) for chunk in cut(points[:25], sweep={}, pack="auto")] == [10, 10, 5]
    assert {len(chunk) for chunk in cut(points[:1000], sweep={}, pack="auto")} == {10}
    assert [len(chunk) for chunk in cut(points, sweep={}, pack="auto")] == [100] * 10 + [5]
    for number in (1, 25, 1000, 1005):
        for more in ({"pack": "auto"}, {"pack": 7}, {"chunk": {"count": 3}}, {}):
            task: Task = {"command": "true", "sweep": {}, **more}  # type: ignore[typeddict-item]
            assert chunks.count(task, number) == len(list(chunks.cut(points[:number], task)))


@pytest.mark.parametrize(
    ("said", "number"), [("1GiB", 1 << 30), ("1.5 kB", 1500), (7, 7), ("2MB", 2_000_000), ("9B", 9)]
)
def test_numberhave_units(said: int | str, number: int) -> None:
    assert chunks.length(said) == number


def test_a_manifest_has_a_line_for_each_item_whatever_it_is_called() -> None:
    items = (Item({"item": "a\nb", "url": "u"}), Item({"item": "é\u2028", "url": "v"}))
    told_ = manifest.of({"command": "x", "chunk": {}}, Item({}, items=items))  # type: ignore[typeddict-item]
    assert told_
    assert [json.loads(line) for line in told_.content.split(b"\n")[:-1]] == [dict(item.values) for item in items]


READ = """import json, os, sys
items = [json.loads(line) for line in open(sys.argv[1], newline="\\n")]
print(len(items), sum(int(open(item["item"]).read()) for item in items))
"""


def test_a_chunk_has_its_blobs_and_points_and_only_what_changed_is_done_again(lab: World) -> None:
    (lab.file.parent / "read.py").write_text(READ)
    applied(lab, {"warm": {"command": "true"}})
    for number in range(1, 31):
        lab.container("images").upload_blob(f"a b/$(touch x)'{number:02}", str(number))
    tasks: dict[str, Any] = {
        "blobs": {
            "forEach": f"storage/{lab.account}/images",
            "chunk": {"count": 10, "bytes": "1GiB"},
            "command": "python3 read.py {{items}}",
            "files": ["read.py"],
        },
        "points": {"sweep": {"n": [1, 2, 3], "m": ["x\ny"]}, "chunk": {"count": 2}, "command": "cat {{items}}"},
    }
    live = applied(lab, tasks)
    said = [printed(lab, name).split() for name in live if name.startswith("blobs")]
    assert [sum(int(numbers[place]) for numbers in said) for place in (0, 1)] == [30, 465]
    assert 3 <= len(said) <= 6
    points = "".join(printed(lab, name) for name in live if name.startswith("points")).splitlines()
    assert sorted(points) == [json.dumps({"m": "x\ny", "n": str(n)}) for n in (1, 2, 3)]
    assert len([name for name in live if name.startswith("points")]) == 2
    assert lab.plan().steps == ()
    lab.container("images").upload_blob("a b/$(touch x)'15", "1500", overwrite=True)
    assert told(lab).startswith(f"1 of {len(said) + 2} tasks to submit")
