"""What two runs of a spec planned and did differently. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.audit.record import Changed, Record


@dataclass(frozen=True, slots=True)
class Difference:
    """Of what two runs say something else, and what: a resource's address, a property of one, or a fact of the run."""

    what: str
    before: str
    after: str


NOTHING = "(none)"


def differences(before: Record, after: Record) -> tuple[Difference, ...]:
    """First facts of the runs, then resources in the order of the plans."""
    return (*_facts(before, after), *_resources(before, after))


def _facts(before: Record, after: Record) -> Iterator[Difference]:
    for what, was, becomes in (
        ("verb", before.verb, after.verb),
        ("commit", _commit(before), _commit(after)),
        ("reconcile", before.source.tool, after.source.tool),
        ("targets", ", ".join(before.source.targets), ", ".join(after.source.targets)),
        ("excludes", ", ".join(before.source.excludes), ", ".join(after.source.excludes)),
        ("rerun", ", ".join(before.source.rerun), ", ".join(after.source.rerun)),
        ("result", result(before), result(after)),
    ):
        if was != becomes:
            yield Difference(what, was or NOTHING, becomes or NOTHING)


def _commit(record: Record) -> str:
    return record.source.commit + (" with changes" if record.source.dirty else "")


def result(record: Record) -> str:
    """How a run ended, in a word or two."""
    return record.end.result if record.end else "not ended"


def _resources(before: Record, after: Record) -> Iterator[Difference]:
    was = {change.address: change for change in before.changes}
    becomes = {change.address: change for change in after.changes}
    ends = _statuses(before), _statuses(after)
    for address in dict.fromkeys((*was, *becomes)):
        pair = was.get(address), becomes.get(address)
        told = tuple(_told(change, end.get(address, "")) for change, end in zip(pair, ends, strict=True))
        if told[0] != told[1]:
            yield Difference(address, *told)
        if pair[0] and pair[1]:
            yield from _properties(pair[0], pair[1])


def _properties(before: Changed, after: Changed) -> Iterator[Difference]:
    was = {each.name: f"{each.before} → {each.after}" for each in before.properties}
    becomes = {each.name: f"{each.before} → {each.after}" for each in after.properties}
    for name in dict.fromkeys((*was, *becomes)):
        if was.get(name) != becomes.get(name):
            yield Difference(f"{before.address} {name}", was.get(name, NOTHING), becomes.get(name, NOTHING))


def _statuses(record: Record) -> dict[str, str]:
    """Address → how its last step ended."""
    return {each.address: each.status for each in record.end.outcomes} if record.end else {}


def _told(change: Changed | None, status: str) -> str:
    if change is None:
        return NOTHING
    return f"{change.action}, {status}" if status else change.action
