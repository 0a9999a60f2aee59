"""Tasks as the data plane takes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler import marks
from reconciler.kind import node_secrets
from reconciler.kinds.tasks import command, manifest
from reconciler.kinds.tasks.group import Group, Member
from reconciler.nodelogs.places import Printing
from reconciler.spec.tasks import Output, Task, path

Reference = Mapping[str, Any]
"""Who files come and go as: an identityReference, or nothing."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the wire form of tasks needs of the world: who they act as, and the URLs of containers.

    identities  the name of an entry → `{id, client}` of the identity that its tasks act as, if they act as one
    urls        `storage/ACCOUNT/CONTAINER` → URL
    staged      where a file of the spec is: path → blob in the staging container
    done        ids of tasks that are not in the job, as they had succeeded before it was made
    logs        where what they print is kept, if it is
    """

    job: str
    identities: Mapping[str, Mapping[str, str]]
    urls: Mapping[str, str]
    staging: str
    staged: Mapping[str, str]
    done: frozenset[str] = frozenset()
    logs: Printing | None = None


def wire(group: Group, member: Member, around: Surroundings) -> dict[str, Any]:
    """A task as the data plane takes it."""
    entry, values = group.entry, member.item.values
    if "chunk" in entry:
        values = {"items": manifest.CHUNK}
    who = around.identities.get(group.name)
    told = {command.variable(name): text for name, text in values.items()}
    environment = {**node_secrets.named(entry["environmentSettings"], who["id"] if who else ""), **told}
    if who:
        environment.setdefault("AZURE_CLIENT_ID", who["client"])
    reference = {"identityReference": {"resourceId": who["id"]}} if who else {}
    runs = node_secrets.wired({"commandLine": _line(entry, member), "environmentSettings": environment})
    body: dict[str, Any] = {"id": member.id, "commandLine": runs["commandLine"]}
    if group.many:
        body["displayName"] = f"{group.name} {member.item.title}"[:1024]
    if runs["environmentSettings"]:
        variables = runs["environmentSettings"].items()
        body["environmentSettings"] = [{"name": name, "value": value} for name, value in variables]
    if inputs := [*_files(entry["files"], around, reference), *_blobs(entry, member, around, reference)]:
        body["resourceFiles"] = inputs
    if outputs := [*_outputs(group, member, around, reference), *_printed(member, around)]:
        body["outputFiles"] = outputs
    body |= {key: entry[key] for key in ("containerSettings", "applicationPackageReferences") if key in entry}
    needs = [task for task in (*group.needs, *member.needs) if task not in around.done]
    body |= {"dependsOn": {"taskIds": needs}} if needs else {}
    body |= {"multiInstanceSettings": _several(entry, around, reference)} if "multiInstanceSettings" in entry else {}
    body |= {"exitConditions": _lower(entry["exitConditions"])} if "exitConditions" in entry else {}
    body |= _user(entry)
    limits = {key: entry[key] for key in ("maxTaskRetryCount", "maxWallClockTime", "retentionTime") if key in entry}
    limits |= {"maxTaskRetryCount": 0} if "retryOn" in entry else {}
    return {**body, "constraints": limits, "requiredSlots": entry["requiredSlots"]}


def _line(entry: Task, member: Member) -> str:
    packed = member.item.subject if "pack" in entry else None
    return command.line(entry["command"], entry.get("retryOn", ()), entry["maxTaskRetryCount"], packed)


def _lower(value: Any) -> Any:
    """Values of the API's enumerations as Batch spells them."""
    if isinstance(value, Mapping):
        return {key: _lower(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_lower(part) for part in value]
    return value.lower() if isinstance(value, str) else value


def _user(entry: Task) -> dict[str, Any]:
    """The user that it runs as, if that is not Batch's own choice."""
    if "userIdentity" in entry:
        user = entry["userIdentity"]
        return {"userIdentity": {**user, **({"autoUser": _lower(user["autoUser"])} if "autoUser" in user else {})}}
    admin = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}
    return {"userIdentity": admin} if entry["elevationLevel"] == "Admin" else {}


def _several(entry: Task, around: Surroundings, reference: Reference) -> dict[str, Any]:
    """How it runs on several nodes."""
    settings = entry["multiInstanceSettings"]
    files = list(_files(settings["commonFiles"], around, reference))
    return {
        "numberOfInstances": settings["numberOfInstances"],
        "coordinationCommandLine": settings["coordinationCommandLine"],
        **({"commonResourceFiles": files} if files else {}),
    }


def _files(paths: Iterable[str], around: Surroundings, reference: Reference) -> Iterator[dict[str, Any]]:
    """Local files, as they are staged."""
    for local in paths:
        url = f"{around.urls[around.staging]}/{quote(around.staged[local])}"
        yield {"httpUrl": url, "filePath": local.rpartition("/")[2], **reference}


def _blobs(entry: Task, member: Member, around: Surroundings, reference: Reference) -> Iterator[dict[str, Any]]:
    """The blobs that the task is for, what tells them, and all that it takes in beside."""
    for item in (member.item.items or (member.item,)) if "forEach" in entry else ():
        yield {"httpUrl": item.values["url"], "filePath": item.values["item"], **reference}
    if items := manifest.of(entry, member.item):
        yield {"httpUrl": f"{around.urls[around.staging]}/{items.blob}", "filePath": items.path, **reference}
    for taken in entry["inputs"]:
        beginning = {"blobPrefix": _filled(taken["prefix"], member.item.values)} if "prefix" in taken else {}
        yield {"storageContainerUrl": around.urls[taken["from"]], **beginning, **reference}
    yield from map(dict, entry.get("resourceFiles", ()))


def target(output: Output, member: Member, job: str) -> str:
    """Where an output of a task goes."""
    return _filled(path(output), {**member.item.values, "job": job, "task": member.id})


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A text with each `{{name}}` replaced by its value."""
    return command.PLACE.sub(lambda match: values[match.group(1)], text)


def _printed(member: Member, around: Surroundings) -> Iterator[dict[str, Any]]:
    """What it prints, if that is kept: no output, so that it changes neither its id nor what is done."""
    if around.logs:
        yield around.logs.output(member.id)


def _outputs(group: Group, member: Member, around: Surroundings, reference: Reference) -> list[dict[str, Any]]:
    signed = [{"name": f"x-ms-meta-{marks.TASK}", "value": member.id}]
    return [
        {
            "filePattern": output["pattern"],
            "destination": {
                "container": {
                    "containerUrl": around.urls[output["to"]],
                    "path": target(output, member, around.job),
                    "uploadHeaders": signed,
                    **reference,
                }
            },
            "uploadOptions": {"uploadCondition": f"task{output['when']}"},
        }
        for output in group.entry["outputs"]
    ]
