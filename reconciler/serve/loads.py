"""How busy nodes are, as those of a pool with telemetry measure it themselves: a list a look, and what is new in it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from reconciler.cloud import kept
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.kept import Blob
from reconciler.nodelogs import places
from reconciler.render.status import Load, Pool

MOST = 100
"""How many blobs of a pool are read in a look; the others are in the next ones."""
AT_ONCE = 8
LATELY = timedelta(seconds=2 * places.WINDOW)


class Seen(NamedTuple):
    """The newest blob of a node, and what it says; None: nothing."""

    blob: Blob
    load: Load | None


def look(cloud: Cloud, pool: Pool, place: str, before: dict[str, Seen]) -> Pool:
    """The pool with the load of its nodes; `before` is what was seen of them by the last look, and then by this one."""
    there = {one.id for one in pool.nodes}
    newest = {node: blob for node, blob in _newest(cloud, pool, place).items() if node in there}
    new = [node for node, blob in newest.items() if node not in before or before[node].blob != blob][:MOST]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="loads") as threads:
        read = dict(zip(new, threads.map(lambda node: _load(cloud, newest[node]), new), strict=True))
    seen = {node: before[node] for node in newest if node in before}
    seen |= {node: Seen(newest[node], load) for node, load in read.items()}
    before.clear()
    before.update(seen)
    return replace(pool, nodes=tuple(replace(one, load=_of(seen, one.id)) for one in pool.nodes))


def _of(seen: Mapping[str, Seen], node: str) -> Load | None:
    return seen[node].load if node in seen else None


def _newest(cloud: Cloud, pool: Pool, place: str) -> dict[str, Blob]:
    """Node → the newest blob of its last minutes."""
    end = cloud.time
    found: dict[str, Blob] = {}
    for hour in places.hours(str(cloud.account), pool.id, end - LATELY, end):
        for blob in kept.under(cloud, place, hour):
            begun = places.window(blob.name)
            if begun and end - LATELY < begun <= end:
                found[blob.name.rpartition("/")[2].removesuffix(places.PACKED)] = blob  # names are in order of time
    return found


def _load(cloud: Cloud, blob: Blob) -> Load | None:
    """The means of what a blob has; None without a sample."""
    samples = kept.measured(cloud, blob.place, blob.name)
    if not samples:
        return None
    busy = [sample.cpu for sample in samples if sample.cpu is not None]
    memory = sum(sample.memory_share for sample in samples) / len(samples)
    return Load(sum(busy) / len(busy) if busy else None, memory)
