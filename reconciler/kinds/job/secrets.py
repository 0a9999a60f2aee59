"""Secrets in the environment of a job: each of its tasks fetches them, as Batch itself is to have none. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.model import Address
from reconciler.spec import auto_pools, vault_secrets
from reconciler.spec.document import Document
from reconciler.spec.jobs import AROUND
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec

COMMON, ENVIRONMENT = "commonEnvironmentSettings", "environmentSettings"


def furnished(job: Job, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The environment of a manager, preparation or release task, with the secrets of its job."""
    common = job["commonEnvironmentSettings"]
    return {**{name: common[name] for name in vault_secrets.secrets_of(common)}, **settings}


def refs(spec: Spec, job: Job) -> Iterator[Address]:
    """What must be there before these tasks can fetch their secrets."""
    held = spec.pools[job["pool"].split("/")[1]]["identity"]
    for name in AROUND:
        if task := job.get(name):
            settings = furnished(job, task[ENVIRONMENT])  # type: ignore[index]
            yield from vault_secrets.refs(spec, vault_secrets.reader(spec, held, settings), settings)


def problems(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    """Secrets are fetched as an identity of the pool."""
    job = spec.jobs[name]
    pool = spec.pools.get(job["pool"].removeprefix("pools/"))
    if pool is None:  # which is told already
        return
    held = () if auto_pools.marked(pool) else pool["identity"]
    places: dict[Path_, Any] = {(COMMON,): job["commonEnvironmentSettings"]}
    places |= {(key, ENVIRONMENT): task[ENVIRONMENT] for key in AROUND if (task := job.get(key))}  # type: ignore[index]
    for path, settings in places.items():
        who = vault_secrets.reader(spec, held, settings)
        yield from vault_secrets.problems(document, spec, ("jobs", name, *path), settings, who, job["pool"])
