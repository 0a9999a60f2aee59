"""Checks of what is kept of the preparation and release tasks of a job: whether their command lines fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.job import kept
from reconciler.nodelogs import startline
from reconciler.spec import log_places
from reconciler.spec.document import Document
from reconciler.spec.spec import Spec


def problems(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    job = spec.jobs[name]
    pool = spec.pools.get(job["pool"].removeprefix("pools/"))
    if pool is None or not pool["identity"]:  # which is told already
        return
    logs, around = log_places.of_job(spec, job), dict[str, Any](job)
    for key in kept.STAGES if logs else ():
        task: Mapping[str, Any] | None = around.get(key)
        # an address of storage is at most so long
        line = kept.wire(key, task, logs, lambda at: f"https://{'x' * 50}/{at}")[kept.LINE] if task else ""
        if (over := len(line) - startline.LONGEST) > 0:
            message = f"is {over:,} characters too long beside what keeps its logs; put it into a file of resourceFiles"
            yield document.problem(("jobs", name, key, kept.LINE), message)
