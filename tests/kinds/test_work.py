"""What is left to convert, for any listing; and that planner and worker name outputs alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.conversion.submission import _chunks, run_name
from reconciler.kinds.conversion.work import Item, deal, outputs, work
from worker.shard import output_names

SUFFIXES = (".jpg", ".jpeg", ".jpe")
names = st.builds(
    lambda stem, suffix: stem + suffix,
    st.text("ab/", min_size=1, max_size=3),
    st.sampled_from([".jpg", ".JPG", ".jpeg", ".jpg.jpeg", ".jpeg.jpg", ".png", ".txt", ""]),
)
etags = st.sampled_from(["1", "2"])
listings = st.dictionaries(names, etags, max_size=8)


def convert(inputs: dict[str, str], made: dict[str, str], items: tuple[Item, ...]) -> dict[str, str]:
    """The outputs after the items have been converted."""
    return {**made, **{item.output: item.etag for item in items}}


@given(listings, st.dictionaries(names, etags, max_size=5))
def test_after_the_pending_work_is_done_there_is_none(inputs: dict[str, str], made: dict[str, str]) -> None:
    left = work(inputs, made, {}, SUFFIXES)
    after = work(inputs, convert(inputs, made, left.pending), {}, SUFFIXES)
    assert after.pending == ()
    assert after.up_to_date == len(outputs(inputs, SUFFIXES))


@given(listings)
def test_no_two_inputs_share_an_output_and_the_worker_agrees(inputs: dict[str, str]) -> None:
    named = outputs(inputs, SUFFIXES)
    assert len(set(named.values())) == len(named)
    assert named == output_names(inputs, SUFFIXES)


@given(listings, listings)
def test_what_failed_for_good_is_left_alone_until_its_content_changes(
    inputs: dict[str, str], failures: dict[str, str]
) -> None:
    left = work(inputs, {}, failures, SUFFIXES)
    assert set(left.failed) == {name for name in outputs(inputs, SUFFIXES) if failures.get(name) == inputs[name]}
    assert not set(left.failed) & {item.name for item in left.pending}
    assert left.total == len(outputs(inputs, SUFFIXES))


@given(listings, st.dictionaries(names, etags, max_size=5))
def test_an_orphan_is_an_output_without_a_source(inputs: dict[str, str], made: dict[str, str]) -> None:
    wanted = set(outputs(inputs, SUFFIXES).values())
    assert set(work(inputs, made, {}, SUFFIXES).orphans) == set(made) - wanted


@given(st.integers(0, 30), st.integers(1, 8))
def test_dealing_loses_nothing_and_makes_no_empty_task(count: int, tasks: int) -> None:
    items = [Item(f"{number:02}.jpg", "1", f"{number:02}.png") for number in range(count)]
    shards = deal(items, tasks)
    assert sorted((item for shard in shards for item in shard), key=lambda item: item.name) == items
    assert all(shards)
    assert len(shards) == min(tasks, count)


def test_a_run_is_named_after_all_that_makes_it() -> None:
    items = [Item("a.jpg", "1", "a.png")]
    name = run_name(items, 2, 0)
    assert name == run_name(items, 2, 0)
    others = {run_name(items, 3, 0), run_name(items, 2, 1), run_name([Item("a.jpg", "2", "a.png")], 2, 0)}
    assert name not in others
    assert len(others) == 3


def test_collections_stay_within_batchs_limits() -> None:
    small = [{"id": f"t{number}"} for number in range(250)]
    assert [len(chunk) for chunk in _chunks(small)] == [100, 100, 50]
    large = [{"id": f"t{number}", "commandLine": "x" * 300_000} for number in range(7)]
    assert [len(chunk) for chunk in _chunks(large)] == [3, 3, 1]
