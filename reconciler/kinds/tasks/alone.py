"""One live task in the words of a spec: the inverse of `wire`. Pure.

Secrets are never said: a variable that looks like one is left out, and an address goes without its signature. What a
spec cannot say is told; where the task would do something else without it, the task is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from reconciler import secret
from reconciler.azure.durations import canonical
from reconciler.cloud import pairs
from reconciler.kind import node_secrets, words
from reconciler.kind.inverse import Known, Section
from reconciler.kind.words import Unsayable
from reconciler.kinds.tasks import command, group, manifest
from reconciler.kinds.tasks.spoken import spoken
from reconciler.nodelogs import places
from reconciler.spec.schema import defaults
from reconciler.spec.tasks import definite

UNLIMITED, KEPT = "P10675199DT2H48M5.4775807S", "P7D"
"""The maxWallClockTime and retentionTime that Batch shows where nobody asked for any."""
PASSING = {"id", "url", "eTag", "lastModified", "creationTime", "state", "stateTransitionTime", "previousState"}
PASSING |= {"previousStateTransitionTime", "executionInfo", "nodeInfo", "stats"}
"""What Batch says of a task that nobody asked for."""
SAID = {"commandLine", "environmentSettings", "resourceFiles", "outputFiles", "constraints", "requiredSlots"}
SAID |= {"containerSettings", "dependsOn", "exitConditions", "multiInstanceSettings", "userIdentity"}
SAID |= {"applicationPackageReferences"}
UNSIGNED = "is written without what follows its ?: give the pool an identity that may"


@dataclass(slots=True)
class Around:
    """What a task needs to know of its job: what the spec says of it and knows already.

    owned   whether tasks whose ids are of reconcile's form are this spec's own
    told    what there is to know → the ids of the tasks
    """

    job: str
    known: Known
    owned: bool
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def place(self, url: str) -> str:
        """`storage/ACCOUNT/CONTAINER` of a container's URL; empty if the spec has no such container."""
        parts = urlsplit(url)
        place = [(parts.hostname or "").partition(".")[0], *unquote(parts.path).strip("/").split("/")]
        place = place[1:] if (parts.hostname or "").startswith("127.") else place  # a local Azure
        name = "/".join(place[:2])
        return f"storage/{name}" if name in self.known.names("container") else ""


class Alone(NamedTuple):
    """A task as an entry, but for what it depends on.

    values  what a spec gave it
    made    when it was made
    title   how a spec calls it: the name of its entry, and what it is for
    """

    entry: Section
    values: Mapping[str, str]
    made: str
    title: str


def alone(raw: Mapping[str, Any], around: Around) -> Alone:
    """A live task. Raises Unsayable if no spec can say it."""
    name, ours = raw["id"], around.owned and group.ours(raw["id"].lower())
    seen = node_secrets.seen({**raw, "environmentSettings": pairs.mapped(raw.get("environmentSettings"))})
    bare = node_secrets.told(seen, "environmentSettings", secrets := list[str]())
    variables: Mapping[str, str] = bare["environmentSettings"]
    for note in secrets:
        around.told[note].append(name)
    names = _names(variables, raw.get("displayName") or "") if ours else {}
    values = {names[variable]: variables[variable] for variable in names}
    if "items" in values or any(_path(file).startswith(manifest.FOLDER) for file in raw.get("resourceFiles") or ()):
        raise Unsayable(
            "it is for several items of an entry, and its list of them is in storage; write chunk: or pack:"
        )
    _tell(raw, around, ours=ours)
    said = spoken(bare["commandLine"], names)
    if secret.form_of("command", raw["commandLine"]):
        raise Unsayable("its command holds a signature or a key, which has no place in a spec")
    entry: Section = {"command": said.command, **_limits(raw, said.times if said.codes else None)}
    if said.codes:
        entry["retryOn"] = list(said.codes)
    kept = {key: text for key, text in variables.items() if key not in names and not (ours and key == _CLIENT)}
    entry["environmentSettings"] = _variables(kept, name, around)
    entry |= _files(raw, values, ours=ours, around=around)
    entry["outputs"] = [
        _output(file, raw, around)
        for file in raw.get("outputFiles") or ()
        if not places.kept(file, raw["id"])  # that is the pool's
    ]
    entry |= _surroundings(raw, around)
    entry = {key: value for key, value in entry.items() if value not in (None, [], {})}
    words.refuse_secrets(entry)
    return Alone(entry, values, str(raw.get("creationTime") or ""), raw.get("displayName") or "")


_CLIENT = "AZURE_CLIENT_ID"
"""The variable that tells a task of ours whom it acts as; it follows from the identity."""


def _names(variables: Mapping[str, str], title: str) -> dict[str, str]:
    """Variable → name of each value of a task of ours; how it is spelled is in the task's title."""
    spelled = {name.upper(): name for name in re.findall(r"(?:^|[ ,])([A-Za-z_][A-Za-z0-9_]*)=", title)}
    found = (variable for variable in variables if variable.startswith(command.PREFIX))
    cut = len(command.PREFIX)
    return {variable: spelled.get(variable[cut:], variable[cut:].lower()) for variable in found}


def _tell(raw: Mapping[str, Any], around: Around, *, ours: bool) -> None:
    """Note what of it no spec can say. Raises Unsayable where it would not be the same task without that."""
    for key in sorted(raw.keys() - PASSING - SAID):
        if key == "authenticationTokenSettings" and raw[key]:
            raise Unsayable("its authenticationTokenSettings give it a token, which a spec cannot")
        if raw[key] and not (ours and key == "displayName"):
            around.told[f"its {key} is nothing that a spec can say"].append(raw["id"])


def _variables(settings: Mapping[str, str], name: str, around: Around) -> dict[str, str]:
    shape, notes = words.definition("task")["properties"]["environmentSettings"], list[str]()
    texts = {key: text or "" for key, text in settings.items()}
    kept = words.pairs(texts, shape, "environmentSettings", notes, "it is left out")
    for note in notes:
        around.told[note].append(name)
    return kept


def _limits(raw: Mapping[str, Any], times: int | None) -> Section:
    limits, usual = raw.get("constraints") or {}, defaults("task")
    many = limits.get("maxTaskRetryCount") or 0
    said = {
        "maxTaskRetryCount": many if times is None else times,
        "maxWallClockTime": _length(limits.get("maxWallClockTime"), UNLIMITED),
        "retentionTime": _length(limits.get("retentionTime"), KEPT),
        "requiredSlots": raw.get("requiredSlots"),
    }
    return words.without(said, usual)


def _length(text: str | None, usual: str) -> str | None:
    return canonical(text) if text and text not in (usual, UNLIMITED) else None


def _path(file: Mapping[str, Any]) -> str:
    return str(file.get("filePath") or "")


def _files(raw: Mapping[str, Any], values: Mapping[str, str], *, ours: bool, around: Around) -> Section:
    """`forEach`, `inputs` and `resourceFiles`."""
    made: Section = {"inputs": [], "resourceFiles": []}
    for file in raw.get("resourceFiles") or ():
        whole = str(file.get("storageContainerUrl") or "")
        if ours and "url" in values and file.get("httpUrl") == values["url"] and _path(file) == values.get("item"):
            made["forEach"] = around.place(values["url"])
            if not made["forEach"]:
                raise Unsayable(f"the container of {values['url']} is not in the spec")
        elif ours and file.get("identityReference") and not _path(file) and around.place(whole):
            prefix = {"prefix": file["blobPrefix"]} if file.get("blobPrefix") else {}
            made["inputs"].append({"from": around.place(whole), **prefix})
        else:
            made["resourceFiles"].append(_file(file, raw["id"], around))
    return made


def _file(file: Mapping[str, Any], name: str, around: Around) -> Section:
    shape, notes = words.definition("task")["properties"]["resourceFiles"]["items"], list[str]()
    said: Section = words.said(file, shape, "resourceFiles", notes)
    for note in notes:
        around.told[note].append(name)
    for key in ("httpUrl", "storageContainerUrl"):
        if "?" in said.get(key, ""):
            said[key] = said[key].partition("?")[0]
            around.told[f"its {key} {said[key]} {UNSIGNED} read it, and name that in identityReference"].append(name)
    if "identityReference" in said:
        who = said["identityReference"]["resourceId"]
        known = around.known.name("identity", who)
        said["identityReference"] = {"resourceId": f"identities/{known}" if known else who}
    return said


def _output(file: Mapping[str, Any], raw: Mapping[str, Any], around: Around) -> Section:
    target = (file.get("destination") or {}).get("container") or {}
    url, name = str(target.get("containerUrl") or ""), raw["id"]
    place = around.place(url)
    if not place:
        bare = url.partition("?")[0]
        raise Unsayable(
            f"its outputFiles go to {bare}, which is not in the spec; add that to storage, as existing: true"
        )
    if "?" in url:
        around.told[f"its containerUrl {url.partition('?')[0]} {UNSIGNED} write it"].append(name)
    said: Section = {"pattern": file["filePattern"], "to": place}
    condition = str((file.get("uploadOptions") or {}).get("uploadCondition") or "taskcompletion").lower()
    said |= {"when": when} if (when := condition.removeprefix("task")) != "success" else {}
    end = f"/{said['pattern'].rpartition('/')[2]}" if definite({**said, "when": when, "required": False}) else ""  # type: ignore[typeddict-item]
    path = str(target.get("path") or "")
    if path == f"{around.job}/{name}{end}":
        return said
    if path or end:
        return {**said, "path": path.replace(name, "{{task}}") or end[1:]}
    around.told[
        "its outputFiles go into a folder of the job and task each, and no more to the top of the container"
    ].append(name)
    return said


def _surroundings(raw: Mapping[str, Any], around: Around) -> Iterator[tuple[str, Any]]:
    """What it runs in and as, what it brings with it, and what follows from its end."""
    shapes, notes = words.definition("task")["properties"], list[str]()
    if container := raw.get("containerSettings"):
        said = words.said(container, shapes["containerSettings"], "containerSettings", notes)
        if text := said.get("workingDirectory"):
            said["workingDirectory"] = text[:1].upper() + text[1:]
        yield "containerSettings", said
    packages = "applicationPackageReferences"
    yield packages, words.said(raw.get(packages) or [], shapes[packages], packages, notes)
    yield (
        "exitConditions",
        _titled(words.said(raw.get("exitConditions") or {}, shapes["exitConditions"], "exitConditions", notes)),
    )
    yield from _user(raw.get("userIdentity") or {}, shapes["userIdentity"], notes)
    yield "multiInstanceSettings", _several(raw.get("multiInstanceSettings") or {})
    for note in notes:
        around.told[note.replace(words.STAYS, "it is left out")].append(raw["id"])


def _several(settings: Mapping[str, Any]) -> Section:
    if settings.get("commonResourceFiles"):
        raise Unsayable("its commonResourceFiles come from storage, and commonFiles of a spec are local files")
    several = {key: settings[key] for key in ("numberOfInstances", "coordinationCommandLine") if settings.get(key)}
    return several if several.get("numberOfInstances", 1) > 1 else {}


def _user(user: Mapping[str, Any], shape: Mapping[str, Any], notes: list[str]) -> Iterator[tuple[str, Any]]:
    automatic = {key: str(text).lower() for key, text in (user.get("autoUser") or {}).items()}
    level = {"elevationLevel": "Admin"} if automatic.get("elevationLevel") == "admin" else {}
    if user.get("username"):
        yield "userIdentity", {"username": user["username"]}
    elif automatic.get("scope") == "task":
        yield "userIdentity", {"autoUser": {"scope": "Task", **level}}
    else:
        yield from level.items()


def _titled(value: Any) -> Any:
    """Values of the API's enumerations as a spec spells them, without those that say nothing."""
    if isinstance(value, Mapping):
        made = {key: _titled(part) for key, part in value.items()}
        return {key: part for key, part in made.items() if part not in (None, {}, [])}
    if isinstance(value, list):
        return [part for item in value if (part := _titled(item)).get("exitOptions")]
    return value.capitalize() if isinstance(value, str) else value
