"""Checks of what is kept of the preparation and release tasks of a job: whether their command lines fit."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.kind import node_secrets
from reconciler.kinds.job import body, kept
from reconciler.nodelogs import startline
from reconciler.spec import log_places
from reconciler.spec.document import Document
from reconciler.spec.spec import Spec


def problems(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    job = spec.jobs[name]
    pool = spec.pools.get(job["pool"].removeprefix("pools/"))
    if pool is None or not pool["identity"]:  # which is told already
        return
    logs = log_places.of_job(spec, job)
    for key in kept.STAGES if logs else ():
        task = body.around(spec, job, key)
        # an address of storage is at most so long
        made = kept.wire(key, node_secrets.wired(task), logs, lambda at: f"https://{'x' * 50}/{at}") if task else {}
        if (over := len(made.get(kept.LINE, "")) - startline.LONGEST) > 0:
            message = f"is {over:,} characters too long beside what keeps its logs; put it into a file of resourceFiles"
            yield document.problem(("jobs", name, key, kept.LINE), message)
