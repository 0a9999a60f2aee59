"""Holds the results of a preview against the live ones, blob by blob. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.kind import Result
from reconciler.tried import Key, Output, Verdict, key

AT_ONCE = 8
"""How many blobs are looked at side by side."""
LARGEST = 50_000_000
"""Bytes of a blob up to which two are compared that have the same size and do not both tell a digest."""


def outputs(
    cloud: Cloud,
    own: Mapping[str, str],
    results: Iterable[Result],
    tasks: Collection[str],
    stem_of: Callable[[str], str],
) -> list[Output]:
    """Every result of a preview, and those of its tasks that only the live work has.

    `own` are containers of results → those of the preview; `results` what its work is to write, `tasks` the ids of its
    tasks, but of those from before the last change, and `stem_of` how the ids of tasks begin.
    """
    back = {mine: place for place, mine in own.items()}
    expected = {
        key(back[each.place], each.name, each.task, stem_of(each.task)): each for each in results if each.place in back
    }
    made = {known: blob for place in own for known, blob in _listed(cloud, place, own[place], tasks, stem_of)}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        every = {**made, **expected}
        seen = threads.map(lambda known: _seen(cloud, known, own, made.get(known), expected.get(known)), every)
        return [output for output in seen if output]


def _listed(
    cloud: Cloud, place: str, mine: str, tasks: Collection[str], stem_of: Callable[[str], str]
) -> Iterator[tuple[Key, Any]]:
    """The blobs of a container of the preview, but for those of tasks that nobody asks for any more."""
    for blob in missing_is_none(lambda: list(cloud.container(mine).list_blobs(include=["metadata"]))) or ():
        task = (blob.metadata or {}).get(marks.TASK, "")
        if not task or task in tasks:
            yield key(place, blob.name, task, stem_of(task)), blob


def _seen(cloud: Cloud, known: Key, own: Mapping[str, str], made: Any, expected: Result | None) -> Output | None:
    live = _live(cloud, known)
    partial = expected is not None and expected.partial
    if made is None:
        return Output(known.place, live.name, Verdict.MISSING, live.size, None, partial) if live else None
    if live is None:
        return Output(known.place, made.name, Verdict.NEW, None, made.size)
    verdict = _compared(cloud, (known.place, live), (own[known.place], made))
    return Output(known.place, made.name, verdict, live.size, made.size, partial)


def _live(cloud: Cloud, known: Key) -> Any:
    """The live blob that is the same result, the newest if there are several; None if there is none."""
    container = cloud.container(known.place)
    if known.after is None:
        return missing_is_none(lambda: container.get_blob_client(known.name).get_blob_properties())
    found = missing_is_none(lambda: list(container.list_blobs(name_starts_with=known.name))) or []
    return max((blob for blob in found if known.fits(blob.name)), key=lambda blob: blob.last_modified, default=None)


def _compared(cloud: Cloud, live: tuple[str, Any], made: tuple[str, Any]) -> Verdict:
    """Two blobs, each with its container: by size, then by the digests that they tell, then by all their bytes."""
    sizes = live[1].size, made[1].size
    if sizes[0] != sizes[1]:
        return Verdict.DIFFERS
    digests = [blob.content_settings.content_md5 for _, blob in (live, made)]
    if all(digests):
        same = bytes(digests[0]) == bytes(digests[1])
        return Verdict.EQUAL if same else Verdict.DIFFERS
    if sizes[0] > LARGEST:
        return Verdict.SAME_SIZE
    streams = [cloud.container(place).download_blob(blob.name).chunks() for place, blob in (live, made)]
    return Verdict.EQUAL if all(one == other for one, other in zip_longest(*streams)) else Verdict.DIFFERS
