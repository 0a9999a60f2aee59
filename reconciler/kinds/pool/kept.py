"""What a pool keeps of its nodes, `logs` and `telemetry`: as a spec says it, in its body, and in its start task. Pure.

In a body it stands in the start task, as `keeps`: there it is on the wire, and its change reaches nodes as one of the
start task does. A pool that is measured and has no start task of its own has one that runs nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from reconciler.azure import durations
from reconciler.model import Address
from reconciler.nodelogs import startline
from reconciler.spec import log_places
from reconciler.spec.identities import identity_id
from reconciler.spec.pools import Logs, Pool, StartTask, Telemetry
from reconciler.spec.spec import Spec

KEYS = {
    "properties.startTask.keeps.logs": "logs.to",
    "properties.startTask.keeps.telemetry": "telemetry.to",
    "properties.startTask.keeps.every": "telemetry.every",
    "properties.startTask.keeps.identity": "logs",
}
"""What the spec calls the parts of `keeps`. The first of the pool's identities, as which nodes write, has no key."""
NOTHING = {"identity": None, "logs": None, "telemetry": None, "every": None}
NONE: StartTask = {
    "commandLine": "",
    "environmentSettings": {},
    "maxTaskRetryCount": 0,
    "waitForSuccess": False,
    "elevationLevel": "Admin",
    "resourceFiles": [],
}
"""The start task of a pool that has none of its own: nothing waits for it, and it may begin a service."""


def spelled(pool: dict[str, Any]) -> dict[str, Any]:
    """The entry with `logs` and `telemetry` as maps; `telemetry: true` goes where logs go."""
    entry = {key: value for key, value in pool.items() if key != "telemetry" or value is not False}
    if isinstance(entry.get("logs"), str):
        entry["logs"] = {"to": entry["logs"]}
    if "telemetry" in entry:
        given = {} if entry["telemetry"] is True else entry["telemetry"]
        entry["telemetry"] = {"to": entry.get("logs", {}).get("to", ""), "every": "PT10S", **given}
    return entry


def of(pool: Pool) -> tuple[Logs | None, Telemetry | None]:
    return pool.get("logs"), pool.get("telemetry")


def start(pool: Pool) -> StartTask | None:
    """The start task that the pool has, its own or one that only begins to measure."""
    return pool.get("startTask") or (NONE if "telemetry" in pool else None)


def wanted(spec: Spec, pool: Pool) -> dict[str, Any]:
    """What the start task of a pool of the spec keeps: places as `storage/ACCOUNT/CONTAINER`, seconds, an ARM id."""
    printed, telemetry = of(pool)
    if not (printed or telemetry):
        return NOTHING
    return {
        "identity": identity_id(pool["identity"][0], spec.azure),
        "logs": printed["to"] if printed else None,
        "telemetry": telemetry["to"] if telemetry else None,
        "every": durations.seconds(telemetry["every"]) if telemetry else None,
    }


def refs(spec: Spec, pool: Pool) -> Iterator[Address]:
    """What must be there before a node writes: the containers, and the roles of the identity."""
    for place in dict.fromkeys(part["to"] for part in of(pool) if part):
        yield from log_places.reaching(spec, place, pool["identity"][0])


def observed(start_task: Mapping[str, Any]) -> dict[str, Any]:
    """A live start task with the pool's own command line, and what it keeps."""
    read = startline.read(str(start_task.get("commandLine", "")))
    if read is None:
        return {**start_task, "keeps": NOTHING}
    parts = {part: cast("Mapping[str, Any]", read.settings.get(part) or {}) for part in ("logs", "telemetry")}
    keeps = {
        "identity": read.settings.get("identity"),
        "logs": parts["logs"].get("in"),
        "telemetry": parts["telemetry"].get("in"),
        "every": parts["telemetry"].get("every"),
    }
    return {**start_task, "commandLine": read.line, "keeps": keeps}


def wire(start_task: Mapping[str, Any], url: Callable[[str], str]) -> dict[str, Any]:
    """The start task as ARM takes it; `url` of a place."""
    keeps: Mapping[str, Any] = start_task.get("keeps") or NOTHING
    plain = {name: value for name, value in start_task.items() if name != "keeps"}
    settings: dict[str, Any] = {
        part: {"in": keeps[part], "url": url(keeps[part])} for part in ("logs", "telemetry") if keeps[part]
    }
    if not settings:
        return plain
    if keeps["telemetry"]:
        settings["telemetry"]["every"] = keeps["every"]
    line = startline.wrapped(plain["commandLine"], {"identity": keeps["identity"], **settings})
    return {**plain, "commandLine": line}
