"""The conversion that a job is for: every input blob has an output made from its current content.

Not a resource of Azure but the state of its data, compared like one: `pending` counts what is missing or changed, and
an update submits tasks for just that, as it was seen: its state is the Work that is left. It is BUSY while tasks of it
run, whoever submitted them. There is nothing to delete: the data is the user's.
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
from reconciler.kind import Kind
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
        accounts = {Address("storage_account", one.split("/")[0]) for one in containers}
        nodes = (pool["nodes"]["dedicated"] + pool["nodes"]["spot"]) * pool["taskSlotsPerNode"]
        body: dict[str, Any] = {"pending": 0}
        if convert["deleteOrphans"]:
            body["orphans"] = 0
        yield Desired(
            Address(NAME, name),
            body,
            (
                Address("job", name),
                *dict.fromkeys(Address("container", one) for one in containers),
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
    """Blob name → ETag, or → one value of its metadata; compact, because there may be a million."""
    include = ["metadata"] if metadata else None
    found: dict[str, str] = {}
    for blob in container.list_blobs(name_starts_with=prefix or None, include=include):
        found[blob.name] = (blob.metadata or {}).get(metadata, "") if metadata else blob.etag.strip('"')
    return found


def look(cloud: Cloud, desired: Desired) -> Work:
    """The work that is left, from one listing of each container."""
    data = desired.data
    marks = failed_prefix(desired)
    with ThreadPoolExecutor(3) as pool:
        inputs = pool.submit(listing, _client(cloud, data["from"]), data["prefix"], None)
        made = pool.submit(listing, _client(cloud, data["to"]), data["prefix"], "source_etag")
        failures = pool.submit(_failures, cloud, data["scripts"], marks)
        return work(inputs.result(), made.result(), failures.result(), data["suffixes"])


def failed_prefix(desired: Desired) -> str:
    return f"jobs/{desired.address.name}/failed/"


def _failures(cloud: Cloud, place: str, prefix: str) -> dict[str, str]:
    """Input → the ETag for which this worker failed for good."""
    found = {}
    for blob in _client(cloud, place).list_blobs(name_starts_with=prefix, include=["metadata"]):
        metadata = blob.metadata or {}
        if metadata.get("worker") == bundle.name():
            found[blob.name.removeprefix(prefix)] = metadata.get("source_etag", "")
    return found


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    for desired in wanted:
        found = observe(cloud, desired)
        if found is not None:
            yield found


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    """What is left, or how far the running tasks are. None while the containers or the job do not exist."""
    from azure.core.exceptions import HttpResponseError

    assert isinstance(wanted, Desired)
    if not _places_exist(cloud, wanted):
        return None
    try:
        running = submission.running(cloud, wanted.address.name)
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    if running:
        return _busy(cloud, wanted, running)
    left = look(cloud, wanted)
    pending = len(left.missing) + len(left.changed)
    body = {"pending": pending, "orphans": len(left.orphans)}
    reason = submission.failure(cloud, wanted.address.name) if pending else None
    health = Health.FAILED if reason else Health.READY
    detail = describe(left) + (f"; {reason}" if reason else "")
    mark = Mark(cloud.owner, "")
    return Observed(wanted.address, wanted.address.name, body, mark, health, detail, state=left)


def _places_exist(cloud: Cloud, wanted: Desired) -> bool:
    if cloud.account is None:
        return False
    storage = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts"
    for place in {wanted.data[key] for key in ("from", "to", "scripts")}:
        account, container = place.split("/")
        if arm.get(cloud, f"{storage}/{account}/blobServices/default/containers/{container}") is None:
            return False
    return cloud.account_id is not None and arm.get(cloud, cloud.account_id) is not None


def _busy(cloud: Cloud, wanted: Desired, running: int) -> Observed:
    """Progress of the current run, from one listing of its results."""
    progress = submission.progress(_client(cloud, wanted.data["scripts"]), wanted.address.name)
    detail = f"{count(running, 'task')} at work"
    body = {"pending": progress.total - progress.done - progress.failed if progress else 0}
    mark = Mark(cloud.owner, "")
    return Observed(wanted.address, wanted.address.name, body, mark, Health.BUSY, detail, progress=progress)


def describe(left: Work) -> str:
    """`188 of 5,000 to convert (180 missing, 8 changed), 4,812 up to date, 6 cannot be converted`."""
    pending = len(left.missing) + len(left.changed)
    parts = []
    if pending:
        parts.append(
            f"{pending:,} of {left.total:,} to convert ({len(left.missing):,} missing, {len(left.changed):,} changed)"
        )
    parts.append(f"{left.up_to_date:,} up to date")
    if left.failed:
        parts.append(f"{len(left.failed):,} cannot be converted")
    if left.orphans:
        parts.append(f"{count(len(left.orphans), 'orphan', ',')} without a source")
    if left.renamed:
        parts.append(f"{left.renamed:,} named after the whole source because names clash")
    return ", ".join(parts)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Nothing can be made here: the containers and the job come first, and then there is something to observe."""
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Submit tasks for what is left, and delete orphans if the spec says so."""
    left = observed.state
    assert isinstance(left, Work)
    if "orphans" in desired.body:
        _delete_orphans(cloud, desired, left)
    if left.pending:
        submission.submit(cloud, desired, left.pending, _urls(cloud, desired), failed_prefix(desired))
    return None


def _urls(cloud: Cloud, desired: Desired) -> Mapping[str, str]:
    """`from`, `to`, `scripts` → container URL."""
    urls = {}
    for key in ("from", "to", "scripts"):
        account, container = desired.data[key].split("/")
        urls[key] = f"{cloud.blob_endpoint(account)}/{quote(container)}"
    return urls


def _delete_orphans(cloud: Cloud, desired: Desired, left: Work) -> None:
    """Delete outputs without a source that are as a conversion made them, by what their metadata says now."""
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    client = _client(cloud, desired.data["to"])

    def delete_one(name: str) -> None:
        try:
            there = client.get_blob_client(name).get_blob_properties()
            if "source_name" in there.metadata:
                client.delete_blob(name, etag=there.etag, match_condition=MatchConditions.IfNotModified)
        except HttpResponseError as error:
            if error.status_code not in (404, 412):  # it is gone, or another by now
                raise

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(delete_one, left.orphans))


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    return None


def results(cloud: Cloud, desired: Desired) -> list[dict[str, Any]]:
    """What each task of the last run reports."""
    return submission.results(_client(cloud, desired.data["scripts"]), desired.address.name)


def failures(cloud: Cloud, desired: Desired) -> list[dict[str, str]]:
    """name, code and reason of every input that cannot be converted, from the markers of this worker."""
    client, prefix = _client(cloud, desired.data["scripts"]), failed_prefix(desired)
    names = [f"{prefix}{name}" for name in _failures(cloud, desired.data["scripts"], prefix)]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda name: json.loads(client.download_blob(name).readall()), names))


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """Its counts, its last run, and the inputs that cannot be converted."""
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
    volatile=True,
    summarised=True,
)
