"""Runs as `history` shows them: a list, one in full, and how two differ; for people and programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.audit.comparing import Difference, result
from reconciler.audit.record import Changed, Entry, Record, document
from reconciler.render.plain import clean, lines, table
from reconciler.words import duration

HEAD = ("N", "RUN", "BEGUN (UTC)", "WHAT", "ENDED", "TOOK", "COMMIT", "CHANGES", "WHO")
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
UNKNOWN = "-"
ENDS = {
    "succeeded": "done",
    "pending": "done, some is left",
    "lacking": "done, some work failed",
    "lockLost": "stopped: lock lost",
}
"""A result that people call otherwise."""


@dataclass(frozen=True, slots=True)
class RunsView:
    """The newest runs of a spec, the newest first."""

    spec: str
    entries: Sequence[Entry]

    def text(self, *, colour: bool) -> str:
        if not self.entries:
            return f"{clean(self.spec)} has no run on record."
        return table(HEAD, [self._row(number, entry) for number, entry in enumerate(self.entries, 1)])

    def document(self) -> Any:
        return [document(each.record) if each.record else {"id": each.id, "fault": each.fault} for each in self.entries]

    def _row(self, number: int, entry: Entry) -> tuple[str, ...]:
        record = entry.record
        if record is None:
            return (str(number), entry.id, *[UNKNOWN] * 6, clean(f"cannot be read: {entry.fault}"))
        took = duration(record.end.seconds) if record.end else UNKNOWN
        commit = f"{record.source.commit[:7]}{'*' if record.source.dirty else ''}"
        return (
            str(number),
            record.id,
            f"{record.begun:%Y-%m-%d %H:%M}",
            record.verb,
            ended(record),
            took,
            clean(commit) or UNKNOWN,
            _sums(record) or "none",
            clean(record.source.who),
        )


def ended(record: Record) -> str:
    """How a run ended, in words."""
    return ENDS.get(result(record), result(record))


def _sums(record: Record) -> str:
    """`+2 ~1`, and what was only waited for or left as `…`."""
    numbers = Counter(SIGNS.get(change.action, "…") for change in record.changes)
    more = [f"and {record.omitted} more"] if record.omitted else []
    return " ".join([*(f"{sign}{numbers[sign]}" for sign in (*SIGNS.values(), "…") if numbers[sign]), *more])


@dataclass(frozen=True, slots=True)
class RecordView:
    """A run in full."""

    record: Record

    def text(self, *, colour: bool) -> str:
        return "\n".join([table(("RUN", self.record.id), list(self._facts())), "", *self._changes()])

    def document(self) -> Any:
        return document(self.record)

    def _facts(self) -> Iterator[tuple[str, str]]:
        record, source, place = self.record, self.record.source, self.record.place
        where = f"{place.resource_group} of subscription {place.subscription} ({place.cloud})"
        dirty = {True: ", with changes that are in no commit", False: ""}.get(bool(source.dirty), "")
        end = record.end
        took = f", after {duration(end.seconds)}" if end else ""
        code = f" (exit code {end.exit_code})" if end else "; it goes on, or has died"
        for name, value in (
            ("what", f"{record.verb} {source.file}"),
            ("where", where),
            ("who", source.who),
            ("host", source.host),
            ("pipeline", source.run),
            ("commit", f"{source.commit}{dirty}" if source.commit else ""),
            ("reconcile", source.tool),
            ("only", ", ".join(source.targets)),
            ("without", ", ".join(source.excludes)),
            ("again", ", ".join(source.rerun)),
            ("plan", f"sha256:{record.digest}"),
            ("reviewed", f"sha256:{record.saved}" if record.saved else ""),
            ("begun", f"{record.begun:%Y-%m-%d %H:%M:%S} UTC"),
            ("ended", f"{end.ended:%Y-%m-%d %H:%M:%S} UTC{took}" if end else ""),
            ("result", f"{ended(record)}{code}"),
            ("error", end.error if end else ""),
        ):
            if value:
                yield name, lines(value)

    def _changes(self) -> Iterator[str]:
        if not self.record.changes:
            yield "Nothing was to be done."
            return
        done = {each.address: each for each in self.record.end.outcomes} if self.record.end else {}
        for change in self.record.changes:
            how = done.get(change.address)
            yield _head(change, f"{how.status} after {duration(how.seconds)}" if how else "")
            if how and how.error:
                yield f"      {lines(how.error, 6)}"
            for each in change.properties:
                before = "" if change.action == "create" else f"{clean(each.before)} → "
                yield f"      {clean(each.name)}: {before}{clean(each.after)}"
            if change.omitted:
                yield f"      and {change.omitted} more"
        if self.record.omitted:
            yield f"and {self.record.omitted} more, for which there was no room"


def _head(change: Changed, how: str) -> str:
    sign = SIGNS.get(change.action, "…")
    return f"  {sign} {clean(change.address)}  {clean(change.reason)}{f': {how}' if how else ''}"


@dataclass(frozen=True, slots=True)
class DifferencesView:
    """How two runs differ, by their ids."""

    before: Record
    after: Record
    found: Sequence[Difference]

    def text(self, *, colour: bool) -> str:
        if not self.found:
            return f"{self.before.id} and {self.after.id} planned and did the same."
        head = ("WHAT", self.before.id, self.after.id)
        return table(head, [(clean(each.what), clean(each.before), clean(each.after)) for each in self.found])

    def document(self) -> Any:
        found = [{"what": each.what, "before": each.before, "after": each.after} for each in self.found]
        return {"before": self.before.id, "after": self.after.id, "differences": found}
