"""What is left to convert, for any listing; and that planner and worker name outputs alike."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.conversion.bundle import bundle
from reconciler.kinds.conversion.submission import run_name
from reconciler.kinds.conversion.work import Item, Made, Work, deal, outputs, work
from worker.shard import output_names

SUFFIXES = (".jpg", ".jpeg", ".jpe")
names = st.builds(
    lambda stem, suffix: stem + suffix,
    st.text("ab/", min_size=1, max_size=3),
    st.sampled_from([".jpg", ".JPG", ".jpeg", ".jpg.jpeg", ".jpeg.jpg", ".png", ".txt", ""]),
)
etags = st.sampled_from(["1", "2"])
listings = st.dictionaries(names, etags, max_size=8)


makers = st.sampled_from(["spec/job", "", "spec/other", "more/job", None])
"""This job, a time when jobs did not sign, other jobs, and nobody."""
blobs = st.dictionaries(names, st.tuples(makers, etags), max_size=6)
Blobs = dict[str, tuple[str | None, str]]


def seen(there: Blobs) -> Made:
    """The output container as the job sees it."""
    made = Made()
    for name, (maker, etag) in there.items():
        if maker is None:
            made.foreign.add(name)
        elif maker == "spec/job":
            made.signed[name] = etag
        elif maker:
            made.others[name] = (maker, etag)
        else:
            made.unsigned[name] = etag
    return made


def convert(there: Blobs, items: tuple[Item, ...]) -> Blobs:
    """The outputs after the items have been converted."""
    return {**there, **{item.output: ("spec/job", item.etag) for item in items}}


@given(listings, blobs, st.booleans())
def test_after_the_pending_work_is_done_there_is_none(inputs: dict[str, str], there: Blobs, overwrites: bool) -> None:
    left = work(inputs, seen(there), {}, SUFFIXES, overwrites=overwrites)
    after = work(inputs, seen(convert(there, left.pending)), {}, SUFFIXES, overwrites=overwrites)
    assert after.pending == ()
    assert after.up_to_date + len(after.refused) == len(outputs(inputs, SUFFIXES))
    assert not (overwrites and after.refused)


@given(listings, blobs)
def test_what_this_job_has_not_made_is_neither_converted_over_nor_an_orphan(
    inputs: dict[str, str], there: Blobs
) -> None:
    left = work(inputs, seen(there), {}, SUFFIXES)
    of_others = {name for name, (maker, _) in there.items() if maker not in ("spec/job", "")}
    assert not of_others & {item.output for item in left.pending}
    assert not left.overwritten
    assert {item.output for item, _ in left.refused} <= of_others
    assert set(left.orphans) <= {name for name, (maker, _) in there.items() if maker == "spec/job"}
    wanted = set(outputs(inputs, SUFFIXES).values())
    stray = [(name, maker) for name, (maker, _) in there.items() if name not in wanted]
    assert set(left.foreign) == {name for name, maker in stray if maker is None and name.lower().endswith(".png")}
    assert sum(left.others.values()) == sum(bool(maker) and maker != "spec/job" for _, maker in stray)
    assert left.unsigned == sum(maker == "" for _, maker in stray)


@given(listings, blobs)
def test_an_item_says_whether_something_is_under_the_name_of_its_output(inputs: dict[str, str], there: Blobs) -> None:
    left = work(inputs, seen(there), {}, SUFFIXES, overwrites=True)
    assert all(item.replaces == (item.output in there) for item in left.pending)
    assert set(left.overwritten) == {
        item.output for item in left.pending if there.get(item.output, ("",))[0] not in ("spec/job", "")
    }


@given(listings, st.dictionaries(names, etags, max_size=5))
def test_outputs_of_a_time_when_jobs_did_not_sign_are_not_made_again(
    inputs: dict[str, str], made: dict[str, str]
) -> None:
    def pending(there: Blobs) -> Work:
        return work(inputs, seen(there), {}, SUFFIXES)

    unsigned = pending({name: ("", etag) for name, etag in made.items()})
    signed = pending({name: ("spec/job", etag) for name, etag in made.items()})
    assert unsigned.pending == signed.pending
    assert unsigned.up_to_date == signed.up_to_date
    assert unsigned.orphans == ()


@given(listings)
def test_no_two_inputs_share_an_output_and_the_worker_agrees(inputs: dict[str, str]) -> None:
    named = outputs(inputs, SUFFIXES)
    assert len(set(named.values())) == len(named)
    assert named == output_names(inputs, SUFFIXES)


@given(listings, listings)
def test_what_failed_for_good_is_left_alone_until_its_content_changes(
    inputs: dict[str, str], failures: dict[str, str]
) -> None:
    left = work(inputs, Made(), failures, SUFFIXES)
    assert set(left.failed) == {name for name in outputs(inputs, SUFFIXES) if failures.get(name) == inputs[name]}
    assert not set(left.failed) & {item.name for item in left.pending}
    assert left.total == len(outputs(inputs, SUFFIXES))


@given(listings, st.dictionaries(names, etags, max_size=5))
def test_an_orphan_is_an_output_without_a_source(inputs: dict[str, str], made: dict[str, str]) -> None:
    wanted = set(outputs(inputs, SUFFIXES).values())
    assert set(work(inputs, Made(signed=made), {}, SUFFIXES).orphans) == set(made) - wanted


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


def test_a_node_gets_the_program_of_pip_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO(bundle()["pip.pyz"])) as archive:
        names = archive.namelist()
    assert names[0] == "__main__.py"
    assert "pip/__init__.py" in names
    assert [name for name in names[1:] if not name.startswith("pip") or "__pycache__" in name] == []
