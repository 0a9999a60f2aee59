"""A named entry of a job's `tasks` as the tasks that it means: their ids, their content, their form on the wire. Pure.

The id of a task says what it is for and what it does: `NAME-KEY-CONTENT`, the last two from digests of its values and
of all that it does; a single task has no key. So nothing is submitted twice, and what changed is another task.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler.digest import digest
from reconciler.kinds.tasks import command
from reconciler.kinds.tasks.needs import Choice
from reconciler.spec.tasks import Output, Task

KEY, CONTENT, CHECK = 13, 8, 4
"""How many characters of an id stand for what a task is for (65 bits, in base 32), for what it does (32 bits, hex), and
for its being an id of ours (16 bits, hex): others may add tasks to a job, under names with a date at their end."""
_ID = re.compile(rf"[a-z][a-z0-9_-]*?(-[a-z2-7]{{{KEY}}})?-[0-9a-f]{{{CONTENT + CHECK}}}")
PRESENTED = ("limit", "forEach", "sweep", "prefix", "patterns", "dependsOn", "retentionTime")
"""Keys of an entry that say which tasks there are, or how long their files stay, and not what they do."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one task is for: the values that it is given, and the version of what they name (an ETag)."""

    values: Mapping[str, str]
    version: str = ""

    @property
    def title(self) -> str:
        return self.values.get("item") or ", ".join(f"{name}={value}" for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Member:
    """One task: its id, and what it is for.

    needs   ids of tasks that it depends on and others of its entry do not
    lacks   what it is to depend on and is not there, in words
    """

    id: str
    item: Item
    needs: tuple[str, ...] = ()
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An entry of a job's `tasks`.

    files   path in the spec → digest of the content
    acts    what else its tasks do is made of: the identity that they act as, where files are staged
    needs   ids of the tasks that each of its tasks depends on
    choices what its tasks depend on, entry by entry
    """

    name: str
    entry: Task
    files: Mapping[str, str]
    acts: Any
    needs: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def many(self) -> bool:
        return "sweep" in self.entry or "forEach" in self.entry

    @property
    def content(self) -> str:
        """A digest of all that its tasks do alike."""
        entry = {key: value for key, value in self.entry.items() if key not in PRESENTED}
        return digest([entry, dict(self.files), self.acts, list(self.needs)])

    def members(self, items: Iterable[Item]) -> Iterator[Member]:
        content, name = self.content, self.name.lower()
        for item in items:
            asked = (choice.of(item.values) for choice in self.choices if choice.asked)
            needs = tuple(dict.fromkeys(task for tasks in asked for task in tasks))
            text = json.dumps([content, item.values, item.version, *([needs] if needs else [])], sort_keys=True)
            end = hashlib.sha256(text.encode()).hexdigest()[:CONTENT]
            task = _checked(f"{name}-{_key(item)}-{end}" if self.many else f"{name}-{end}")
            lacks = next(filter(None, (choice.lacking(item.values) for choice in self.choices)), "")
            yield Member(task, item, needs, lacks)


def ours(task: str) -> bool:
    """Whether this is the id, in lower case, of a task that some spec asked for."""
    return _ID.fullmatch(task) is not None and task == _checked(task[:-CHECK])


def _checked(name: str) -> str:
    return name + hashlib.sha256(name.encode()).hexdigest()[:CHECK]


def _key(item: Item) -> str:
    text = json.dumps(item.values, sort_keys=True)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:KEY]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the wire form of tasks needs of the world: who they act as, and the URLs of containers.

    identity  `{id, client}` of the pool's first identity; None if it has none
    urls      `storage/ACCOUNT/CONTAINER` → URL
    staged    where a file of the spec is: path → blob in the staging container
    done      ids of tasks that are not in the job, as they had succeeded before it was made
    """

    job: str
    identity: Mapping[str, str] | None
    urls: Mapping[str, str]
    staging: str
    staged: Mapping[str, str]
    done: frozenset[str] = frozenset()


def wire(group: Group, member: Member, around: Surroundings) -> dict[str, Any]:
    """A task as the data plane takes it."""
    entry, values = group.entry, member.item.values
    environment = {**entry["environmentSettings"], **{command.variable(name): text for name, text in values.items()}}
    if around.identity:
        environment.setdefault("AZURE_CLIENT_ID", around.identity["client"])
    body: dict[str, Any] = {"id": member.id, "commandLine": _line(entry)}
    if group.many:
        body["displayName"] = f"{group.name} {member.item.title}"[:1024]
    if environment:
        body["environmentSettings"] = [{"name": name, "value": value} for name, value in environment.items()]
    if inputs := [*_files(entry["files"], around), *_blobs(entry, member, around)]:
        body["resourceFiles"] = inputs
    body |= {"outputFiles": _outputs(group, member, around)} if entry["outputs"] else {}
    body |= {"containerSettings": entry["containerSettings"]} if "containerSettings" in entry else {}
    needs = [task for task in (*group.needs, *member.needs) if task not in around.done]
    body |= {"dependsOn": {"taskIds": needs}} if needs else {}
    body |= {"multiInstanceSettings": _several(entry, around)} if "multiInstanceSettings" in entry else {}
    body |= {"exitConditions": _lower(entry["exitConditions"])} if "exitConditions" in entry else {}
    if entry["elevationLevel"] == "Admin":
        body["userIdentity"] = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}
    limits = {key: entry[key] for key in ("maxTaskRetryCount", "maxWallClockTime", "retentionTime") if key in entry}
    limits |= {"maxTaskRetryCount": 0} if "retryOn" in entry else {}
    return {**body, "constraints": limits, "requiredSlots": entry["requiredSlots"]}


def _line(entry: Task) -> str:
    return command.line(entry["command"], entry.get("retryOn", ()), entry["maxTaskRetryCount"])


def _lower(value: Any) -> Any:
    """Values of the API's enumerations as Batch spells them."""
    if isinstance(value, Mapping):
        return {key: _lower(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_lower(part) for part in value]
    return value.lower() if isinstance(value, str) else value


def _reference(around: Surroundings) -> dict[str, Any]:
    return {"identityReference": {"resourceId": around.identity["id"]}} if around.identity else {}


def _several(entry: Task, around: Surroundings) -> dict[str, Any]:
    """How it runs on several nodes."""
    settings = entry["multiInstanceSettings"]
    files = list(_files(settings["commonFiles"], around))
    return {
        "numberOfInstances": settings["numberOfInstances"],
        "coordinationCommandLine": settings["coordinationCommandLine"],
        **({"commonResourceFiles": files} if files else {}),
    }


def _files(paths: Iterable[str], around: Surroundings) -> Iterator[dict[str, Any]]:
    """Local files, as they are staged."""
    for path in paths:
        url = f"{around.urls[around.staging]}/{quote(around.staged[path])}"
        yield {"httpUrl": url, "filePath": path.rpartition("/")[2], **_reference(around)}


def _blobs(entry: Task, member: Member, around: Surroundings) -> Iterator[dict[str, Any]]:
    """The blob that the task is for, and all that it takes in beside."""
    if "forEach" in entry:
        values = member.item.values
        yield {"httpUrl": values["url"], "filePath": values["item"], **_reference(around)}
    for taken in entry["inputs"]:
        beginning = {"blobPrefix": taken["prefix"]} if "prefix" in taken else {}
        yield {"storageContainerUrl": around.urls[taken["from"]], **beginning, **_reference(around)}


def _folder(output: Output) -> str:
    """Where an output goes by default. Batch takes the path of one file as the name of its blob."""
    one = not re.search(r"[*?\[]", output["pattern"])
    return "{{job}}/{{task}}" + (f"/{output['pattern'].rpartition('/')[2]}" if one else "")


def _outputs(group: Group, member: Member, around: Surroundings) -> list[dict[str, Any]]:
    names = {**member.item.values, "job": around.job, "task": member.id}
    return [
        {
            "filePattern": output["pattern"],
            "destination": {
                "container": {
                    "containerUrl": around.urls[output["to"]],
                    "path": command.PLACE.sub(lambda match: names[match.group(1)], output.get("path", _folder(output))),
                    **_reference(around),
                }
            },
            "uploadOptions": {"uploadCondition": f"task{output['when']}"},
        }
        for output in group.entry["outputs"]
    ]
