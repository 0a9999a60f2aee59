"""The section `budgets` of a spec: what no schema can say of dates, of who is told, and of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.budget import naming
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

FIRST = date(2017, 6, 1)
"""No budget starts before. Source: BudgetTimePeriod of Microsoft.Consumption 2026-06-01."""


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, budget in spec.section("budgets", dict[str, Any]).items():
        path: Path_ = ("budgets", name)
        written = naming.written(spec.name, name)
        if len(written) > naming.MOST:
            message = f"is called {written} in Azure, which takes {naming.MOST} characters; shorten it"
            yield document.problem(path, message, at_key=True)
        yield from _period(document, (*path, "timePeriod"), budget.get("timePeriod", {}))
        said = budget.get("filter")
        if said is not None and not (said["dimensions"] or said["tags"]):
            yield document.problem((*path, "filter"), "names nothing; write dimensions or tags, or leave it out")
        for key, one in budget["notifications"].items():
            if not (one["contactEmails"] or one["contactGroups"]):
                message = "tells nobody; write contactEmails, or contactGroups: names of monitoring.notify, or ids"
                yield document.problem((*path, "notifications", key), message, at_key=True)
            yield from _groups(document, spec, (*path, "notifications", key, "contactGroups"), one["contactGroups"])


def _groups(document: Document, spec: Spec, path: Path_, named: Iterable[str]) -> Iterator[Problem]:
    known = spec.sections.get("monitoring", {}).get("notify", {}) if spec.batch_account else {}
    for index, name in enumerate(named):
        if not name.startswith("/") and name not in known:
            message = f"there is no {name} in monitoring.notify{nearest(name, known)}; name one of it, or write its id"
            yield document.problem((*path, index), message)


def _period(document: Document, path: Path_, period: Mapping[str, str]) -> Iterator[Problem]:
    days = {}
    for key, text in period.items():
        try:
            days[key] = date.fromisoformat(text)
        except ValueError:
            yield document.problem((*path, key), f"{text!r} is no day of the calendar")
    start, end = days.get("startDate"), days.get("endDate")
    if start and start.day != 1:
        yield document.problem((*path, "startDate"), f"is not the first of a month; write {start:%Y-%m}-01")
    elif start and start < FIRST:
        yield document.problem((*path, "startDate"), f"is before {FIRST}, the first start that Azure takes")
    if start and end and end <= start:
        yield document.problem((*path, "endDate"), f"is not after the start, {start}")


SECTION = Section(key="budgets", check=check)
