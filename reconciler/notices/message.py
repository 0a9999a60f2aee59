"""What is told of a plan or a run to those that `notify` names: a title, facts, and a line for each resource. Pure.

It is made of a record of the run, so it tells no value of any property and no secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.audit import record as records
from reconciler.audit.record import Changed, Record
from reconciler.digest import digest
from reconciler.words import count

DRIFT, FAILURE, DONE, APPROVAL = "drift", "failure", "done", "approval"
NONE = "none"
"""The state of nothing to tell."""
SHOWN, LONGEST = 15, 300
"""How many resources are shown, and how long a line may be."""
LINK = re.compile(r"https?://[^\s<>\"|]{1,2000}", re.ASCII)
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
PARTICIPLES = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
ENDS = {
    records.REFUSED: "was refused",
    records.LACKING: "is done, but some of its work failed",
    records.INTERRUPTED: "was interrupted",
    records.LOCK_LOST: "stopped, as it lost its lock",
}


@dataclass(frozen=True, slots=True)
class Message:
    """All that a form needs. `lines` are of the resources, of which `omitted` more are not shown; `link` is a URL."""

    event: str
    title: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    omitted: int
    link: str
    record: Record


def of_run(record: Record) -> str:
    """Which event the end of a run is; empty for one that had nothing to do, and went well."""
    if record.end is None:
        return ""
    if record.end.result in (records.SUCCEEDED, records.PENDING):
        return DONE if record.end.outcomes else ""
    return FAILURE


def acts(record: Record) -> bool:
    """Whether something is not as the spec says, and would be changed."""
    return any(change.action in SIGNS for change in record.changes)


def state(event: str, record: Record) -> str:
    """What is told, in 16 hex digits: the same is not told again. Empty where each is told, as they are all new."""
    if event == DONE:
        return ""
    changes = [
        [each.address, each.action, [[one.name, one.before, one.after] for one in each.properties]]
        for each in record.changes
        if each.action in SIGNS
    ]
    if event == FAILURE:
        failed = sorted(each.address for each in _failed(record))
        return digest([record.verb, changes, record.end.result if record.end else "", failed])
    return digest([changes, record.saved if event == APPROVAL else ""])


def message(event: str, record: Record, *, kept: bool = True) -> Message:
    """What is told. `kept`: the record of a run is kept, so that whoever is told can look at it."""
    lines = list(_failures(record) if event == FAILURE else map(_line, record.changes))
    title = {DRIFT: _drift, FAILURE: _ended, DONE: _ended, APPROVAL: _waits}[event](record)
    omitted = len(lines) - SHOWN if len(lines) > SHOWN else 0
    shown = tuple(line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines[:SHOWN])
    if event != FAILURE:
        omitted += record.omitted
    link = record.source.run if LINK.fullmatch(record.source.run) else ""
    return Message(event, title, tuple(_facts(event, record, kept=kept)), shown, omitted, link, record)


def _drift(record: Record) -> str:
    number = sum(change.action in SIGNS for change in record.changes)
    outside = sum(change.why == "drifted" for change in record.changes)
    verb = "is" if number == 1 else "are"
    told = f"; {outside} changed outside the spec" if outside else ""
    return f"Drift: {count(number, 'resource')} of {record.spec} {verb} not as the spec says{told}"


def _waits(record: Record) -> str:
    numbers = Counter(change.action for change in record.changes)
    sums = ", ".join(f"{numbers[action]:,} to {action}" for action in SIGNS if numbers[action])
    return f"A plan of {record.spec} waits for approval: {sums or 'nothing to change'}"


def _ended(record: Record) -> str:
    assert record.end is not None
    what = f"The {record.verb} of {record.spec}"
    steps = record.end.outcomes
    if record.end.result in (records.SUCCEEDED, records.PENDING):
        numbers = Counter(each.action for each in steps if each.status == "done")
        sums = ", ".join(f"{numbers[action]:,} {word}" for action, word in PARTICIPLES.items() if numbers[action])
        left = "; some is left to do" if record.end.result == records.PENDING else ""
        return f"{what} is done{f': {sums}' if sums else ''}{left}"
    failed = len(_failed(record))
    told = f": {failed:,} of {count(len(steps), 'step', ',')} failed" if failed else ""
    return f"{what} {ENDS.get(record.end.result, 'failed')}{told}"


def _failed(record: Record) -> list[records.Done]:
    return [each for each in record.end.outcomes if each.status in ("failed", "stopped")] if record.end else []


def _failures(record: Record) -> Iterator[str]:
    """Why it failed: what it said at its end, and each step that did not do."""
    if record.end and record.end.error:
        yield " ".join(record.end.error.split())
    for each in _failed(record):
        yield f"✗ {each.address}  {' '.join(each.error.split())}"


def _line(change: Changed) -> str:
    names = ", ".join(each.name for each in change.properties)
    more = f": {names}" if names and change.action == "update" else ""
    return f"{SIGNS.get(change.action, '…')} {change.address}  {change.reason}{more}"


def _facts(event: str, record: Record, *, kept: bool) -> Iterator[tuple[str, str]]:
    source, place = record.source, record.place
    dirty = ", with changes" if source.dirty else ""
    look = f"reconcile {'status' if event in (FAILURE, DONE) else 'plan'} {source.file}"
    if kept and event in (FAILURE, DONE):
        look = f"reconcile history show {record.id} --spec {source.file}"
    for name, value in (
        ("Resource group", place.resource_group),
        ("Spec", source.file),
        ("By", source.who),
        ("Commit", f"{source.commit[:12]}{dirty}" if source.commit else ""),
        ("Reviewed plan" if event != APPROVAL else "Plan", f"sha256:{record.saved}" if record.saved else ""),
        ("More", look),
    ):
        if value:
            yield name, value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
