"""What the tasks of a job reach: containers, applications, and the identities that they act as. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec import log_places, role_targets, vault_secrets
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task, identity


def places(job: Job) -> tuple[str, ...]:
    """The containers that a job's tasks need, as `storage/ACCOUNT/CONTAINER`."""
    needed = [job["staging"]] if "staging" in job else []
    for task in job.get("tasks", {}).values():
        needed += [task["forEach"]] if "forEach" in task else []
        needed += [taken["from"] for taken in task["inputs"]] + [output["to"] for output in task["outputs"]]
    return tuple(dict.fromkeys(needed))


def identities(spec: Spec, job: Job) -> dict[str, str]:
    """The name of each entry → that of the identity as which its tasks act; empty if they act as none."""
    pool = spec.pools[job["pool"].split("/")[1]]
    return {name: identity(entry, pool["identity"]).rpartition("/")[2] for name, entry in job.get("tasks", {}).items()}


def furnished(job: Job, entry: Task) -> Task:
    """An entry whose tasks have the secrets of their job's environment, too, unless they say otherwise."""
    settings = job["commonEnvironmentSettings"]
    secrets = {name: settings[name] for name in vault_secrets.secrets_of(settings)}
    return {**entry, "environmentSettings": {**secrets, **entry["environmentSettings"]}} if secrets else entry


def refs(spec: Spec, name: str, job: Job) -> Iterator[Address]:
    """What must be there before tasks can be submitted and run."""
    needed = places(job)
    yield Address("job", name)
    yield from (Address("container", place.partition("/")[2]) for place in needed)
    accounts = {Address("storage_account", place.split("/")[1]) for place in needed}
    for who in dict.fromkeys(filter(None, identities(spec, job).values())):
        yield from role_targets.reaching(spec, who, accounts, roles.BLOB_READERS)
    yield from _applications(spec, job)
    yield from log_places.refs(spec, job)
    acting = identities(spec, job)
    for task, entry in job.get("tasks", {}).items():
        yield from vault_secrets.refs(spec, acting[task], furnished(job, entry)["environmentSettings"])


def _applications(spec: Spec, job: Job) -> Iterable[Address]:
    known = {name.lower(): name for name in spec.applications}
    for task in job.get("tasks", {}).values():
        for package in task.get("applicationPackageReferences", ()):
            if (name := known.get(package["applicationId"].lower())) is not None:
                yield Address("application", name)
