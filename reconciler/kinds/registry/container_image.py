"""A container image in a registry of the spec, built there from a folder of source.

Its content is the digest of that source; the registry keeps it as a second tag, `src-DIGEST`, beside the one that
people use. Changed source is built again and moves the tag; images that no spec names any more stay in the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from reconciler.cloud import arm, pairs, registries
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.errors import Refused
from reconciler.kind import Kind, permissions, unread
from reconciler.kind.permissions import Permissions
from reconciler.kinds.registry import build_context
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "container_image"
FIELDS = {"source": Rule.LIVE}
REGISTRIES = "Microsoft.ContainerRegistry/registries"
RUNS = "2019-06-01-preview"
"""The api-version of the registry's build service. Source: azure-rest-api-specs, containerregistry_build."""
WORKING = ("Queued", "Started", "Running")


def expand(spec: Spec) -> Iterable[Desired]:
    for registry, section in spec.registries.items():
        for repository, build in section["builds"].items():
            data = {
                "registry": registry,
                "repository": repository,
                "tag": build["tag"],
                "context": str(spec.folder / build["context"]),
                "dockerfile": build["dockerfile"],
                "arguments": build["arguments"],
                "timeout": build["timeoutMinutes"] * 60,
            }
            refs = (Address("registry", registry),)
            yield Desired(Address(NAME, f"{registry}/{repository}:{build['tag']}"), {}, refs, data=data)


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """The source as it is in the folder now."""
    return replace(desired, body={"source": _packed(desired)[0]})


def _packed(desired: Desired) -> tuple[str, bytes]:
    from pathlib import Path

    data = desired.data
    return build_context.pack(Path(data["context"]), data["dockerfile"], dict(data["arguments"]))


def source_tag(source: str) -> str:
    """The tag that says which source an image was built from."""
    return f"src-{source}"


def _registry_id(cloud: Cloud, desired: Desired) -> str:
    return cloud.id_of("Microsoft.ContainerRegistry/registries", desired.data["registry"])


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    read = (unread.observed(observe, cloud, desired, f"the image {desired.address.name}") for desired in wanted)
    return [observed for observed in read if observed]


def observe(cloud: Cloud, desired: Desired | Observed) -> Observed | None:
    """The source that the tag holds, and the state of its build run. None before the registry exists."""
    assert isinstance(desired, Desired)
    registry = arm.get(cloud, _registry_id(cloud, desired))
    if registry is None or registry["properties"].get("provisioningState") != "Succeeded":
        return None
    server, data = registry["properties"]["loginServer"], desired.data
    now = registries.manifest_digest(cloud, server, data["repository"], data["tag"])
    built = registries.manifest_digest(cloud, server, data["repository"], source_tag(desired.body["source"]))
    fresh = built is not None and now == built
    health, detail, logs = (Health.READY, "", {}) if fresh else _run(cloud, desired)
    if now is None and health is Health.READY:
        return None
    body = {"source": desired.body["source"] if fresh else f"another ({(now or 'none')[:19]})"}
    name = f"{server}/{data['repository']}:{data['tag']}"
    return Observed(desired.address, name, body, Mark(cloud.owner, ""), health, detail, logs=logs)


def _run(cloud: Cloud, desired: Desired) -> tuple[Health, str, dict[str, str]]:
    """Health, detail and log of the run that this process has scheduled, or of any other that the registry works on."""
    runs = f"{_registry_id(cloud, desired)}/runs"
    mine = cloud.runs.get(str(desired.address))
    if mine is None:
        for run in cloud.list_arm(runs, RUNS):
            if run["properties"]["status"] in WORKING:
                return Health.BUSY, f"the registry works on run {run['name']}", {}
        return Health.READY, "", {}
    run = cloud.arm("GET", f"{runs}/{mine}", None, RUNS).body["properties"]
    log = _log(cloud, f"{runs}/{mine}")
    if run["status"] in (*WORKING, "Succeeded"):
        return Health.BUSY, f"run {mine}: {run['status'].lower()}", {"build": log}
    reason = run.get("runErrorMessage") or _last_words(log)
    return Health.FAILED, f"run {mine} ended as {run['status']}: {reason}", {"build": log}


def _last_words(log: str) -> str:
    """The first line that mentions a failure, and the last line of the log."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    words = [line for line in lines if re.search(r"failed|error", line, re.IGNORECASE)][:1] + lines[-1:]
    return " / ".join(dict.fromkeys(words))[:600] or "it wrote no log"


def _log(cloud: Cloud, run: str) -> str:
    from azure.core.exceptions import HttpResponseError

    try:
        link = cloud.told(f"{run}/listLogSasUrl", None, RUNS)["logLink"]
        return str(cloud.linked_blob(link).download_blob().readall().decode(errors="replace"))
    except HttpResponseError:
        return ""  # a run that has only just been queued has no log


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Upload the source and schedule a run that pushes both tags."""
    source, archive = _packed(desired)
    if source != desired.body["source"]:
        raise Refused(f"{desired.data['context']} has changed since the plan was made; run plan again")
    registry, data = _registry_id(cloud, desired), desired.data
    upload = cloud.told(f"{registry}/listBuildSourceUploadUrl", None, RUNS)
    cloud.linked_blob(upload["uploadUrl"]).upload_blob(archive, overwrite=True)
    request = {
        "type": "DockerBuildRequest",
        "imageNames": [f"{data['repository']}:{tag}" for tag in (data["tag"], source_tag(source))],
        "isPushEnabled": True,
        "sourceLocation": upload["relativePath"],
        "dockerFilePath": data["dockerfile"],
        "platform": {"os": "Linux", "architecture": "amd64"},
        "arguments": pairs.listed(data["arguments"]),
        "timeout": data["timeout"],
    }
    run = cloud.told(f"{registry}/scheduleRun", request, RUNS)
    cloud.runs[str(desired.address)] = run["properties"]["runId"]
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return create(cloud, desired, mark)


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    """Nothing: images are deleted with their registry."""
    return None


KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    logged_under="registries",
    resolve=resolve,
    takes=lambda decision, desired: timedelta(minutes=3),
    deletable=False,
    ready_within=timedelta(hours=8),
    reads=("registry",),
    permissions=Permissions(
        reads=(permissions.PULL, f"{REGISTRIES}/read", f"{REGISTRIES}/runs/read"),
        writes=tuple(
            f"{REGISTRIES}/{action}/action"
            for action in ("listBuildSourceUploadUrl", "scheduleRun", "runs/listLogSasUrl")
        ),
    ),
)
