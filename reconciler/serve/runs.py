"""The last runs of a spec, as its audit has them: none without one."""

from __future__ import annotations

from collections import Counter

from reconciler.audit.keeping import Book
from reconciler.audit.record import PENDING, SUCCEEDED, Record
from reconciler.audit.views import ended
from reconciler.cloud.cloud import Cloud
from reconciler.render import as_text
from reconciler.render.status import Past
from reconciler.spec import Spec
from reconciler.words import duration

MOST = 6
"""How many are read."""
WORDS = {str(action): word for action, word in as_text.WORDS.items()}


def last(spec: Spec, cloud: Cloud) -> tuple[Past, ...]:
    """The newest runs, the newest first. Raises as Azure does."""
    if not spec.audit:
        return ()
    return tuple(past(entry.record) for entry in Book(cloud, spec.audit).newest(MOST) if entry.record)


def past(record: Record) -> Past:
    counted = Counter(change.action for change in record.changes)
    planned = ", ".join(f"{number} {WORDS.get(action, action)}" for action, number in counted.items())
    more = f" and {record.omitted} more" if record.omitted else ""
    end = record.end
    outcome = f"{ended(record)}, after {duration(end.seconds)}" if end else "goes on, or has died"
    fine = end is None or end.result in (SUCCEEDED, PENDING)
    failed = f": {end.error}" if end and end.error else ""
    return Past(
        record.begun,
        record.verb,
        record.source.who,
        (planned or "nothing") + more,
        outcome + failed,
        fine,
        record.source.run,
    )
