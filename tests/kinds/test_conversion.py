"""What a conversion says, and what it believes of what others can write: the cases in `tests/cases/conversion/`."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.kinds.conversion import records, section, tables, wording
from reconciler.kinds.conversion.records import Failed, Result
from reconciler.kinds.conversion.work import Item, Work
from reconciler.render import as_text
from reconciler.spec.document import dotted
from tests.kinds.cases import Case, cases, spec_of

LEASED = Failed("a.jpg", "1", "leased", "412 LeaseIdMissing")


@pytest.mark.parametrize("case", cases("advises"), ids=lambda case: case.name)
def test_validate_warns_of_what_may_keep_a_conversion_from_its_end(case: Case, tmp_path: Path) -> None:
    given = section.advice(spec_of(case, case.says["spec"], tmp_path))
    advice = [f"{dotted(path)}: {words}" for path, words in given]
    assert len(advice) == len(case.says["advises"]), advice
    assert all(told.startswith(start) for told, start in zip(advice, case.says["advises"], strict=True)), advice


@pytest.mark.parametrize("case", cases("record"), ids=lambda case: case.name)
def test_a_record_is_read_as_what_anybody_may_have_written(case: Case) -> None:
    value = json.loads(case.says["text"])
    if case.says["record"] == "marker":
        marker = records.failed(value)
        assert (marker is not None) is case.says["whole"]
        shown = as_text.grid(tables.failures([marker] if marker else []))
    else:
        result = records.result(value, 0)
        assert (result is not None) is case.says["whole"]
        shown = as_text.grid(tables.results([result] if result else []))
    assert shown.encode()
    assert "\x1b" not in shown


def test_a_record_that_is_larger_than_any_can_be_is_not_read() -> None:
    read: list[str] = []

    def stream(name: str, size: int) -> SimpleNamespace:
        marker = json.dumps({"name": name, "etag": "1", "code": "c", "reason": "r"}).encode()

        def readall() -> bytes:
            read.append(name)
            return marker

        return SimpleNamespace(size=size, properties=SimpleNamespace(metadata={}), readall=readall)

    sizes = {"small": records.LARGEST, "large": records.LARGEST + 1}
    scripts = SimpleNamespace(download_blob=lambda name, decompress: stream(name, sizes[name]))
    whole, unread = records.markers(scripts, list(sizes))
    assert ([failure.name for failure in whole], unread, read) == (["small"], 1, ["small"])


def result(task: str, converted: int, *failed: str, seconds: float = 2.0, attempt: int = 0) -> Result:
    failures = tuple(Failed(name, "1", "leased", "no") for name in failed)
    return Result(task, converted, 0, failures, 1_000_000, 2_000_000, seconds, attempt)


def test_the_total_is_about_all_attempts_at_the_same_inputs() -> None:
    first = [result("a-0", 3, "x.jpg", seconds=4), result("a-1", 1, "y.jpg", "z.jpg")]
    second = [result("b-0", 1, "y.jpg", seconds=1, attempt=1), result("b-1", 0, "z.jpg", seconds=5, attempt=1)]
    assert tables.results([*first, *second]).rows[-1] == ("total", "5", "0", "2", "9.0", "0.6", "4.0", "8.0")
    assert tables.results(first).rows[-1] == ("total", "4", "0", "3", "4.0", "1.0", "2.0", "4.0")
    assert [row[0] for row in tables.results(first[:1]).rows] == ["a-0"]


def left(**more: object) -> Work:
    base: dict[str, object] = {
        "missing": (),
        "changed": (),
        "up_to_date": 3,
        "failed": (),
        "orphans": (),
        "renamed": 0,
    }
    return Work(**{**base, **more})  # type: ignore[arg-type]


A, B = Item("a.jpg", "1", "a.png"), Item("b.jpg", "1", "b.png", replaces=True)


@pytest.mark.parametrize(
    ("work", "in_vain", "pool", "told"),
    [
        (left(), {}, "p", "3 up to date"),
        (left(missing=(A,), changed=(B,)), {}, "", "2 of 5 to convert (1 missing, 1 changed), 3 up to date"),
        (left(missing=(A,)), {}, "p", "1 of 4 to convert (1 missing, 0 changed), which waits, as pools/p has no nodes"),
        (left(missing=(A,)), {"a.jpg": LEASED}, "", "1 failed in the last run (a.jpg: leased)"),
        (left(changed=(B,), overwritten=("b.png",)), {}, "", "overwriting 1 file of others (b.png)"),
        (left(refused=((B, ""),)), {}, "", "1 refused, as files of others have the names of their outputs (b.png)"),
        (left(foreign=("a", "b", "c", "d", "e")), {}, "", "5 PNGs of others (a, b, c, and 2 more)"),
        (left(others={"spec/other": 7, "a/b": 1}), {}, "", "1 of a/b, 7 of spec/other"),
        (left(unsigned=2), {}, "", "2 without a source that may be of any job"),
        (left(orphans=("a.png",)), {}, "", "1 orphan without a source"),
        (left(renamed=1200), {}, "", "1,200 named after the whole source because names clash"),
    ],
)
def test_what_a_plan_says_of_a_conversion(work: Work, in_vain: dict[str, Failed], pool: str, told: str) -> None:
    assert told in wording.describe(work, in_vain, pool, deletes=False)


def test_orphans_that_are_to_go_are_named() -> None:
    told = wording.describe(left(orphans=("a.png", "b.png")), {}, "", deletes=True)
    assert told.endswith("2 orphans without a source, to be deleted (a.png, b.png)")
    assert wording.describe(left(orphans=("a.png",)), {}, "", deletes=False).endswith("1 orphan without a source")


@pytest.mark.parametrize(
    ("work", "in_vain", "orphans", "told"),
    [
        (left(orphans=("x.png",)), {}, False, ""),
        (left(orphans=("x.png",)), {}, True, "1 orphan could not be deleted (x.png)"),
        (left(missing=(A,)), {"a.jpg": LEASED}, True, "1 input could not be converted: a.jpg: leased; apply again"),
        (left(missing=(A, B)), {"a.jpg": LEASED}, True, "; 1 input came or changed meanwhile"),
    ],
)
def test_what_is_left_after_all_was_tried_is_named(
    work: Work, in_vain: dict[str, Failed], told: str, *, orphans: bool
) -> None:
    text = wording.unmet(work, in_vain, orphans=orphans)
    assert told in text
    assert bool(text) == bool(told)
