"""history without a job: the runs of a spec, one in full, and how two differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import auditing, common
from reconciler.cloud.errors import reading
from reconciler.errors import WrongUsage

if TYPE_CHECKING:
    from reconciler.audit.keeping import Book
    from reconciler.spec import Spec

LIMIT = 20
NUMBERS = {"show": 1, "diff": 2}
"""How many runs each of these words takes."""


def show(spec: Path | None, cloud: str | None, words: Sequence[str], shape: str, limit: int) -> None:
    """List the newest runs; or after the word `show` one of them, after `diff` how two differ."""
    from reconciler.audit import comparing
    from reconciler.audit.views import DifferencesView, RecordView, RunsView

    verb, names = (words[0], words[1:]) if words else ("", ())
    if len(names) != NUMBERS.get(verb, 0):
        runs = "RUN" if verb == "show" else "RUN RUN"
        raise click.UsageError(f"write reconcile history {verb} {runs}: a run's id, or 1 for the newest, 2, ...")
    loaded = common.load_spec(spec, cloud)
    book = _book(loaded)
    with reading(f"the runs in {loaded.audit}"):
        if not verb:
            common.show(RunsView(loaded.name, book.newest(limit)), shape)
            return
        found = [book.read(name) for name in names]
    if verb == "show":
        common.show(RecordView(found[0]), shape)
    else:
        common.show(DifferencesView(found[0], found[1], comparing.differences(found[0], found[1])), shape)


def _book(spec: Spec) -> Book:
    if not spec.audit:
        text = f"{spec.file} has no audit: it names no container for records of runs; see docs/audit.md"
        raise WrongUsage(f"{text}. Of a job: reconcile history JOB")
    book = auditing.book(spec, common.reach(spec))
    assert book is not None
    return book
