"""Checks of a list of VM sizes: each must be able to stand in for any other. What Azure has of them, a plan asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.azure import sizes
from reconciler.errors import Problem
from reconciler.spec import auto_pools
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_

ALIKE: tuple[tuple[Callable[[str], bool], str, str], ...] = (
    (sizes.arm64, "has Arm64 processors", "no image and no program runs on both"),
    (sizes.gpu, "has GPUs", "tasks and drivers that need one find none in the other"),
)
"""What all sizes of a list have or none, in words, and why."""


def check(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    listed = pool["vmSize"]
    where: Path_ = (*path, "vmSize")
    if len(listed) > 1 and auto_pools.marked(pool):
        message = "is a list, and a pool that is made for a job has one size: Batch itself makes it; name one"
        yield document.problem(where, message)
    for index, size in enumerate(listed):
        if size.lower() in (before.lower() for before in listed[:index]):
            yield document.problem((*where, index), f"{size} is named twice")
        for has, words, why in ALIKE:
            if has(size) != has(listed[0]):
                one, other = (size, listed[0]) if has(size) else (listed[0], size)
                yield document.problem((*where, index), f"{one} {words} and {other} does not: {why}; use two pools")
