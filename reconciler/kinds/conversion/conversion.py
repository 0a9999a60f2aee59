"""The conversion that a job is for: every input blob has an output made from its current content.

It is not a resource of Azure but the state of data, compared like a resource. `pending` counts inputs whose output is
missing or outdated, and an update submits tasks for exactly the Work that was observed. It is BUSY while its tasks run,
whoever submitted them. There is nothing to delete: the data is the user's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from reconciler.azure import roles
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import Kind, unread
from reconciler.kinds.conversion import bundle, submission, tables
from reconciler.kinds.conversion.work import Work, work
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Report, Rule
from reconciler.spec import role_targets
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "conversion"
FIELDS = {"pending": Rule.LIVE, "orphans": Rule.LIVE}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        if "convert" not in job:
            continue
        convert = job["convert"]
        pool = spec.pools[job["pool"].split("/")[1]]
        identity = pool["identity"][0].split("/")[1]
        containers = [place.removeprefix("storage/") for place in (convert["from"], convert["to"], convert["scripts"])]
        accounts = {Address("storage_account", container.split("/")[0]) for container in containers}
        nodes = (pool["nodes"]["dedicated"] + pool["nodes"]["spot"]) * pool["taskSlotsPerNode"]
        body: dict[str, Any] = {"pending": 0}
        if convert["deleteOrphans"]:
            body["orphans"] = 0
        yield Desired(
            Address(NAME, name),
            body,
            (
                Address("job", name),
                *dict.fromkeys(Address("container", container) for container in containers),
                *role_targets.reaching(spec, identity, accounts, roles.BLOB_WRITERS),
            ),
            data={
                "from": containers[0],
                "to": containers[1],
                "scripts": containers[2],
                "suffixes": tuple(convert["suffixes"]),
                "prefix": convert["prefix"],
                "tasks": convert.get("tasks", max(1, nodes)),
                "nodes": nodes,
                "identity": identity,
            },
        )


def _client(cloud: Cloud, place: str) -> Any:
    account, container = place.split("/")
    return cloud.blobs(account).get_container_client(container)


def listing(container: Any, prefix: str, metadata: str | None) -> dict[str, str]:
    """Blob name → ETag, or → the value of `metadata` in its metadata; only strings, as there may be a million blobs."""
    include = ["metadata"] if metadata else None
    blobs: dict[str, str] = {}
    for blob in container.list_blobs(name_starts_with=prefix or None, include=include):
        blobs[blob.name] = (blob.metadata or {}).get(metadata, "") if metadata else blob.etag.strip('"')
    return blobs


def look(cloud: Cloud, desired: Desired) -> Work:
    """The work that is left, from one listing of each container."""
    data = desired.data
    prefix = failed_prefix(desired)
    with ThreadPoolExecutor(3) as pool:
        inputs = pool.submit(listing, _client(cloud, data["from"]), data["prefix"], None)
        sources = pool.submit(listing, _client(cloud, data["to"]), data["prefix"], "source_etag")
        failures = pool.submit(_failures, cloud, data["scripts"], prefix)
        return work(inputs.result(), sources.result(), failures.result(), data["suffixes"])


def failed_prefix(desired: Desired) -> str:
    return f"jobs/{desired.address.name}/failed/"


def _failures(cloud: Cloud, place: str, prefix: str) -> dict[str, str]:
    """Input → the ETag of the content that this worker could not convert."""
    etags = {}
    for blob in _client(cloud, place).list_blobs(name_starts_with=prefix, include=["metadata"]):
        metadata = blob.metadata or {}
        if metadata.get("worker") == bundle.name():
            etags[blob.name.removeprefix(prefix)] = metadata.get("source_etag", "")
    return etags


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    for desired in wanted:
        observed = unread.observed(observe, cloud, desired, f"the blobs of {desired.address}")
        if observed is not None:
            yield observed


def observe(cloud: Cloud, desired: Desired | Observed) -> Observed | None:
    """The work that is left, or the progress of running tasks. None while the containers or the job do not exist."""
    from azure.core.exceptions import HttpResponseError

    assert isinstance(desired, Desired)
    if not _places_exist(cloud, desired):
        return None
    try:
        running = submission.running(cloud, desired.address.name)
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    if running:
        return _busy(cloud, desired, running)
    backlog = look(cloud, desired)
    pending = len(backlog.missing) + len(backlog.changed)
    body = {"pending": pending, "orphans": len(backlog.orphans)}
    reason = submission.failure(cloud, desired.address.name) if pending else None
    health = Health.FAILED if reason else Health.READY
    detail = describe(backlog) + (f"; {reason}" if reason else "")
    mark = Mark(cloud.owner, "")
    return Observed(desired.address, desired.address.name, body, mark, health, detail, state=backlog)


def _places_exist(cloud: Cloud, desired: Desired) -> bool:
    if cloud.account is None:
        return False
    storage = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts"
    for place in {desired.data[key] for key in ("from", "to", "scripts")}:
        account, container = place.split("/")
        if arm.get(cloud, f"{storage}/{account}/blobServices/default/containers/{container}") is None:
            return False
    return cloud.account_id is not None and arm.get(cloud, cloud.account_id) is not None


def _busy(cloud: Cloud, desired: Desired, running: int) -> Observed:
    """Progress of the current run, from one listing of its results."""
    progress = submission.progress(_client(cloud, desired.data["scripts"]), desired.address.name)
    detail = f"{count(running, 'task')} at work"
    body = {"pending": progress.total - progress.done - progress.failed if progress else 0}
    mark = Mark(cloud.owner, "")
    return Observed(desired.address, desired.address.name, body, mark, Health.BUSY, detail, progress=progress)


def describe(backlog: Work) -> str:
    """`188 of 5,000 to convert (180 missing, 8 changed), 4,812 up to date, 6 cannot be converted`."""
    missing, changed = len(backlog.missing), len(backlog.changed)
    parts = []
    if missing + changed:
        counts = f"{missing:,} missing, {changed:,} changed"
        parts.append(f"{missing + changed:,} of {backlog.total:,} to convert ({counts})")
    parts.append(f"{backlog.up_to_date:,} up to date")
    if backlog.failed:
        parts.append(f"{len(backlog.failed):,} cannot be converted")
    if backlog.orphans:
        parts.append(f"{count(len(backlog.orphans), 'orphan', ',')} without a source")
    if backlog.renamed:
        parts.append(f"{backlog.renamed:,} named after the whole source because names clash")
    return ", ".join(parts)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Nothing: once the containers and the job exist, the conversion does too."""
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Submit tasks for the work that is left, and delete orphans if the spec says so."""
    backlog = observed.state
    assert isinstance(backlog, Work)
    if "orphans" in desired.body:
        _delete_orphans(cloud, desired, backlog)
    if backlog.pending:
        submission.submit(cloud, desired, backlog.pending, _urls(cloud, desired), failed_prefix(desired))
    return None


def _urls(cloud: Cloud, desired: Desired) -> Mapping[str, str]:
    """`from`, `to`, `scripts` → container URL."""
    urls = {}
    for key in ("from", "to", "scripts"):
        account, container = desired.data[key].split("/")
        urls[key] = f"{cloud.blob_endpoint(account)}/{quote(container)}"
    return urls


def _delete_orphans(cloud: Cloud, desired: Desired, backlog: Work) -> None:
    """Delete outputs without a source, if their metadata still says that a conversion made them."""
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    client = _client(cloud, desired.data["to"])

    def delete_one(name: str) -> None:
        try:
            blob = client.get_blob_client(name).get_blob_properties()
            if "source_name" in blob.metadata:
                client.delete_blob(name, etag=blob.etag, match_condition=MatchConditions.IfNotModified)
        except HttpResponseError as error:
            if error.status_code not in (404, 412):  # it has been deleted or replaced meanwhile
                raise

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(delete_one, backlog.orphans))


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    return None


def results(cloud: Cloud, desired: Desired) -> list[dict[str, Any]]:
    """The report of each task of the last run."""
    return submission.results(_client(cloud, desired.data["scripts"]), desired.address.name)


def failures(cloud: Cloud, desired: Desired) -> list[dict[str, str]]:
    """`name`, `code` and `reason` of every input that cannot be converted, from the markers of this worker."""
    client, prefix = _client(cloud, desired.data["scripts"]), failed_prefix(desired)
    names = [f"{prefix}{name}" for name in _failures(cloud, desired.data["scripts"], prefix)]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda name: json.loads(client.download_blob(name).readall()), names))


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """Its counts, the results of its last run, and the inputs that cannot be converted."""
    observed = observe(cloud, desired)
    if observed is None:
        return None
    tasks, inputs = results(cloud, desired), failures(cloud, desired)
    shown = [tables.results(tasks)] if tasks else []
    shown += [tables.failures(inputs)] if inputs else []
    return Report(desired.address, observed.detail, tuple(shown))


KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    ready_within=timedelta(hours=2),
    reads=("container", "job", "batch_account"),
    attempts=3,
    deletable=False,
    report=report,
    job_of=lambda desired: desired.address.name,
    volatile=True,
    summarised=True,
)
