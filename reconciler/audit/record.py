"""The record of a run: a plain value, and JSON per `schemas/run.schema.json`. Pure.

It holds no more than the plan showed, and texts of others are cut: no secret, and nothing without a bound.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reconciler.model import Action, Decision, Outcome, Plan
from reconciler.render import as_json, values
from reconciler.secret import hidden, hidden_in

VERSION = 1
LONGEST, LONGEST_ERROR = 300, 2_000
"""Characters of a value or a reason, and of an error."""
MOST, MOST_BYTES = 100, 1 << 20
"""How many properties of a resource are kept, and bytes of all changes together."""
QUIET = (Action.NONE, Action.KEEP)
"""What a plan decides about a resource and that changes nothing about it."""
SUCCEEDED, PENDING, FAILED, REFUSED, LACKING = "succeeded", "pending", "failed", "refused", "lacking"
INTERRUPTED, LOCK_LOST = "interrupted", "lockLost"
RESULTS = {0: SUCCEEDED, 2: PENDING, 3: REFUSED, 5: LACKING, 130: INTERRUPTED}
"""Exit code → how the run ended; any other is FAILED."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that was to change, as the spec calls it, with what it was and was to become, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What the plan decided about a resource; `omitted` properties had no room."""

    address: str
    action: str
    why: str
    reason: str
    properties: tuple[Property, ...] = ()
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """How a step of the plan ended; `error` is why it failed or what it waits for."""

    address: str
    action: str
    status: str
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How the run ended: `result` is one of RESULTS or LOCK_LOST, `error` what it told then."""

    ended: datetime
    seconds: float
    result: str
    exit_code: int
    error: str = ""
    outcomes: tuple[Done, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Who ran what, where, from which commit (`dirty`: with changes that are in none), by which version."""

    who: str
    host: str
    run: str
    commit: str
    dirty: bool | None
    tool: str
    file: str
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    rerun: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the spec's resources are."""

    cloud: str
    subscription: str
    resource_group: str


@dataclass(frozen=True, slots=True)
class Record:
    """A run that went as far as a plan. `end` is None if it goes on, or has died.

    digest   of what the plan does; equal plans have equal ones
    saved    the digest of the saved plan that was carried out or must not be gone beyond, empty without one
    omitted  how many resources had no room in `changes`
    """

    id: str
    verb: str
    spec: str
    place: Place
    source: Source
    begun: datetime
    digest: str
    saved: str = ""
    changes: tuple[Changed, ...] = ()
    omitted: int = 0
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it was found; None, with the fault, if it cannot be read."""

    id: str
    record: Record | None
    fault: str = field(default="", compare=False)


def begun(verb: str, plan: Plan, place: Place, source: Source, moment: datetime, saved: str = "") -> Record:
    """The record of a run that is to carry out a plan; it gets an id of its own."""
    id_ = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    changes, omitted = _within(_changed(each) for each in plan.decisions if each.action not in QUIET)
    return Record(id_, verb, plan.spec, place, source, moment, digest(plan), saved, changes, omitted)


def digest(plan: Plan) -> str:
    """A SHA-256 of what a plan does, in hex digits, whatever it notes and how long it may take."""
    whole = as_json.document(plan)
    does = {key: whole[key] for key in ("spec", "decisions", "steps", "fingerprints")}
    return hashlib.sha256(json.dumps(does, sort_keys=True, default=dict).encode()).hexdigest()


def done(outcome: Outcome) -> Done:
    step, error = outcome.step, _cut(outcome.error or "", LONGEST_ERROR)
    return Done(str(step.address), str(step.action), str(outcome.status), round(outcome.seconds, 3), error)


def _changed(decision: Decision) -> Changed:
    changes = list(map(values.seen, decision.diff.changes))
    shown = tuple(
        Property(_cut(each.key or each.path), _value(each.before), _value(each.after)) for each in changes[:MOST]
    )
    head = str(decision.address), str(decision.action), str(decision.why), _cut(decision.reason)
    return Changed(*head, shown, len(changes) - len(shown))


def _within(changes: Iterable[Changed]) -> tuple[tuple[Changed, ...], int]:
    """As many as there is room for, and how many more there are."""
    every, size, kept = list(changes), 0, 0
    for each in every:
        size += len(json.dumps(_change(each)))
        if size > MOST_BYTES:
            break
        kept += 1
    return tuple(every[:kept]), len(every) - kept


def _value(value: Any) -> str:
    return _cut(values.whole(value))


def _cut(text: str, longest: int = LONGEST) -> str:
    """A text of others, without secrets, and not too long."""
    text = hidden(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def document(record: Record) -> dict[str, Any]:
    """The record as JSON."""
    source, place = record.source, record.place
    body = {
        "version": VERSION,
        "id": record.id,
        "verb": record.verb,
        "spec": record.spec,
        "file": source.file,
        "azure": {
            "cloud": place.cloud,
            "subscription": place.subscription,
            "resourceGroup": place.resource_group,
        },
        "who": source.who,
        "host": source.host,
        "run": source.run,
        "commit": source.commit,
        "dirty": source.dirty,
        "tool": source.tool,
        "targets": list(source.targets),
        "excludes": list(source.excludes),
        "rerun": list(source.rerun),
        "begun": _moment(record.begun),
        "plan": {"digest": f"sha256:{record.digest}", "saved": f"sha256:{record.saved}" if record.saved else ""},
        "changes": [_change(each) for each in record.changes],
        "omitted": record.omitted,
        "end": _end(record.end) if record.end else None,
    }
    whole: dict[str, Any] = hidden_in(body)
    return whole


def _change(each: Changed) -> dict[str, Any]:
    return {
        "address": each.address,
        "action": each.action,
        "why": each.why,
        "reason": each.reason,
        "properties": [{"name": one.name, "before": one.before, "after": one.after} for one in each.properties],
        "omitted": each.omitted,
    }


def _end(end: End) -> dict[str, Any]:
    return {
        "ended": _moment(end.ended),
        "seconds": end.seconds,
        "result": end.result,
        "exitCode": end.exit_code,
        "error": _cut(end.error, LONGEST_ERROR),
        "outcomes": [
            {
                "address": each.address,
                "action": each.action,
                "status": each.status,
                "seconds": each.seconds,
                "error": each.error,
            }
            for each in end.outcomes
        ],
    }


def read(body: Mapping[str, Any]) -> Record:
    """The record in a document that is as its schema says."""
    azure = body["azure"]
    return Record(
        body["id"],
        body["verb"],
        body["spec"],
        Place(azure["cloud"], azure["subscription"], azure["resourceGroup"]),
        Source(
            *(body[key] for key in ("who", "host", "run", "commit", "dirty", "tool", "file")),
            *(tuple(body[key]) for key in ("targets", "excludes", "rerun")),
        ),
        datetime.fromisoformat(body["begun"]),
        body["plan"]["digest"].removeprefix("sha256:"),
        body["plan"]["saved"].removeprefix("sha256:"),
        tuple(_read_change(each) for each in body["changes"]),
        body["omitted"],
        _read_end(body["end"]) if body["end"] else None,
    )


def _read_change(each: Mapping[str, Any]) -> Changed:
    properties = tuple(Property(one["name"], one["before"], one["after"]) for one in each["properties"])
    return Changed(each["address"], each["action"], each["why"], each["reason"], properties, each["omitted"])


def _read_end(end: Mapping[str, Any]) -> End:
    outcomes = tuple(
        Done(each["address"], each["action"], each["status"], each["seconds"], each["error"])
        for each in end["outcomes"]
    )
    moment = datetime.fromisoformat(end["ended"])
    return End(moment, end["seconds"], end["result"], end["exitCode"], end["error"], outcomes)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
