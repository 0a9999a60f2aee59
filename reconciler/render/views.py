"""Views: what a command shows, as a value with a method for each format, so that commands need not know formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.azure.advisories import Advisory
from reconciler.cost import Cost
from reconciler.model import Address, Observed, Plan
from reconciler.render import advisories as advising
from reconciler.render import as_html, as_json, as_markdown, as_text, markdown, plain
from reconciler.render import cost as costs
from reconciler.render.review import Review


class View(Protocol):
    """Something to show: to a person, or to a program as a JSON document."""

    def text(self, *, colour: bool) -> str: ...

    def document(self) -> Any: ...


def shown(view: View, shape: str, *, colour: bool = False) -> str:
    """The view as `text` or `json`."""
    if shape == "json":
        return plain.document(view.document(), indent=2)
    return view.text(colour=colour)


def tells_cost_unasked(shape: str) -> bool:
    """Whether a plan in this format shows its cost without --cost: programs get only what they ask for."""
    return shape != "json"


class Reviewed(View, Protocol):
    """A plan to show, also to those who review it."""

    @property
    def review(self) -> Review: ...


def reviewed(view: Reviewed, shape: str, *, colour: bool = False, limit: int = 0, link: str = "") -> str:
    """The view as `text`, `json`, `html`, or as `markdown` of at most `limit` bytes (0: as many as a comment on GitHub
    may have) and with a link to the whole."""
    if shape == "markdown":
        return as_markdown.plan(view.review, limit or markdown.LIMIT, link)
    if shape == "html":
        return as_html.plan(view.review)
    return shown(view, shape, colour=colour)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, its critical path (seconds and steps), and what it costs, if that is to be shown.

    `wire`: for people too, fields have the names of Azure's REST API.
    """

    plan: Plan
    way: tuple[float, Sequence[str]] = (0.0, ())
    cost: Cost | None = None
    wire: bool = False

    @property
    def review(self) -> Review:
        return Review(self.plan, self.way, self.cost, self.wire)

    def text(self, *, colour: bool) -> str:
        text = as_text.plan(self.plan, self.way, colour=colour, wire=self.wire)
        return f"{text}\n{costs.below(self.cost)}" if self.cost else text

    def document(self) -> Any:
        return as_json.document(self.plan) | ({"cost": costs.document(self.cost)} if self.cost else {})


@dataclass(frozen=True, slots=True)
class CostView:
    """The cost over time of everything in a spec, or of what of that could be read."""

    cost: Cost
    whole: bool = True

    def text(self, *, colour: bool) -> str:
        return costs.overview(self.cost, whole=self.whole)

    def document(self) -> Any:
        return costs.document(self.cost)


@dataclass(frozen=True, slots=True)
class StatusView:
    """Live resources with their health, and what there is to say of each."""

    observed: Sequence[Observed]
    facts: Mapping[Address, Sequence[str]] = field(default_factory=dict)
    advisories: Sequence[Advisory] = ()
    """What Azure says of them, and of what else the spec uses."""

    def text(self, *, colour: bool) -> str:
        return "\n".join([as_text.status(self.observed, self.facts), *advising.lines(self.advisories)])

    def document(self) -> Any:
        return [
            {
                "address": str(resource.address),
                "health": str(resource.health),
                "detail": resource.detail,
                "parts": list(resource.parts),
                "facts": list(self.facts.get(resource.address, ())),
                "advisories": advising.documents(self.advisories, str(resource.address)),
            }
            for resource in self.observed
        ]


@dataclass(frozen=True, slots=True)
class OutputsView:
    """Ids and endpoints by name."""

    values: Mapping[str, str]

    def text(self, *, colour: bool) -> str:
        rows = [(plain.clean(name), plain.clean(value)) for name, value in self.values.items()]
        return plain.table(("NAME", "VALUE"), rows) if rows else "Nothing of this spec is live."

    def document(self) -> Any:
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class DoctorView:
    """Rows of (check, state, what to do or why); `numbers` has more for programs, for some of the rows."""

    rows: Sequence[tuple[str, str, str]]
    numbers: Mapping[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)

    def text(self, *, colour: bool) -> str:
        cells = [(plain.clean(check), state, plain.lines(text)) for check, state, text in self.rows]
        return plain.table(("CHECK", "STATE", "WHAT TO DO"), cells)

    def document(self) -> Any:
        return [{"check": row[0], "state": row[1], "text": row[2], **self.numbers.get(row, {})} for row in self.rows]
