"""What ran and what it cost, for people and for programs. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.azure import sizes
from reconciler.cost.money import money, roughly
from reconciler.cost.ran import PoolRan, Ran, Share
from reconciler.cost.suggesting import Suggestion
from reconciler.render import markdown
from reconciler.render.plain import clean, table

HEAD = ("Pool and job", "Size", "Node hours", "Cost")
REST = "  idle, boots, or work of others"


@dataclass(frozen=True, slots=True)
class RanView:
    """What ran in a span of time, by pool and job."""

    ran: Ran

    def text(self, *, colour: bool) -> str:
        rows = list(_rows(self.ran))
        shown = table([word.upper() for word in HEAD], rows) if rows else "No pool had a node."
        return "\n".join([f"{_span(self.ran)}:", "", shown, *_ending(self.ran)])

    def markdown(self) -> str:
        rows = [f"| {' | '.join((_named(name), _named(size), *rest))} |" for name, size, *rest in _rows(self.ran)]
        head = [f"| {' | '.join(HEAD)} |", "|---|---|---:|---:|"]
        shown = [*head, *rows] if rows else ["No pool had a node."]
        return "\n".join([f"{_span(self.ran)}:", "", *shown, *_ending(self.ran)])

    def document(self) -> Any:
        return {
            "since": self.ran.since.isoformat(),
            "until": self.ran.until.isoformat(),
            "currency": self.ran.currency,
            "pools": [_pool(pool) for pool in self.ran.pools],
            "notes": list(self.ran.notes),
        }


@dataclass(frozen=True, slots=True)
class SuggestionsView:
    """What would make pools cheaper, by what ran."""

    ran: Ran
    suggestions: Sequence[Suggestion]

    def text(self, *, colour: bool) -> str:
        since = f"By what ran from {_moments(self.ran)}, in a month:"
        parts = [f"  {head}\n      {clean(one.risk)}" for head, one in self._heads()]
        return "\n".join([since, *(parts or ["  nothing that is known would make the pools cheaper"]), *self._ending()])

    def markdown(self) -> str:
        rows = [
            f"| {markdown.cell(f'pool/{one.pool}')} | {markdown.cell(one.what)} | {self._saving(one)} | {one.risk} |"
            for one in self.suggestions
        ]
        head = ["| Pool | Write | Saves a month | Risk |", "|---|---|---:|---|"]
        return "\n".join([f"By what ran from {_moments(self.ran)}:", "", *head, *rows, "", *self._ending()])

    def document(self) -> Any:
        return {
            "since": self.ran.since.isoformat(),
            "until": self.ran.until.isoformat(),
            "currency": self.ran.currency,
            "suggestions": [
                {"pool": one.pool, "write": one.what, "saving": f"{one.saving:.2f}", "risk": one.risk}
                for one in self.suggestions
            ],
            "notes": list(self.ran.notes),
        }

    def _heads(self) -> Iterator[tuple[str, Suggestion]]:
        for one in self.suggestions:
            yield f"{clean(f'pool/{one.pool}')}  {clean(one.what)}  saves {self._saving(one)}", one

    def _saving(self, one: Suggestion) -> str:
        return f"up to {roughly(one.saving, self.ran.currency)}"

    def _ending(self) -> list[str]:
        told = "Savings do not add up: one takes away what another would save."
        return [*([told] if len(self.suggestions) > 1 else []), *(clean(note) for note in self.ran.notes)]


def _named(text: str) -> str:
    return markdown.cell(text.strip()) if text else ""


def _span(ran: Ran) -> str:
    return f"What ran from {_moments(ran)}"


def _moments(ran: Ran) -> str:
    return f"{ran.since:%Y-%m-%d %H:%M} to {ran.until:%Y-%m-%d %H:%M} UTC"


def _rows(ran: Ran) -> Iterator[tuple[str, ...]]:
    for pool in ran.pools:
        yield clean(f"pool/{pool.pool}"), clean(sizes.spelled(pool.size)), *_cells(pool.whole, ran.currency)
        yield from ((clean(f"  job/{job}"), "", *_cells(share, ran.currency)) for job, share in pool.jobs)
        if pool.rest.hours:
            yield REST, "", *_cells(pool.rest, ran.currency)
    if len(ran.pools) > 1:
        whole = all(pool.whole.amount for pool in ran.pools)
        total = (
            _amount(Share(0.0, ran.amount), ran.currency)
            if whole
            else f"at least {money(ran.amount.low, ran.currency)}"
        )
        yield "total", "", "", total


def _cells(share: Share, currency: str) -> tuple[str, str]:
    return "?" if share.hours is None else f"{share.hours:,.1f}", _amount(share, currency)


def _amount(share: Share, currency: str) -> str:
    """`$7.68`, `$1.60 to $7.68`, `price unknown`."""
    amount = share.amount
    if amount is None:
        return "price unknown"
    if amount.exact:
        return money(amount.low, currency)
    return f"{money(amount.low, currency)} to {money(amount.high, currency)}"


def _ending(ran: Ran) -> list[str]:
    """What the numbers leave out."""
    told = [
        "Batch tells about the last two hours later. A job has at least what is shown: of a task that ran again the",
        "last run counts, and of jobs that are gone those whose tasks were kept (staging).",
    ]
    if any(pool.whole.amount and not pool.whole.amount.exact for pool in ran.pools):
        told.append("Where a pool may have dedicated and Spot nodes, it is not known which cost how much.")
    return ["", *told, *(clean(note) for note in ran.notes)]


def _pool(pool: PoolRan) -> dict[str, Any]:
    jobs = [{"job": job, **_share(share)} for job, share in pool.jobs]
    return {"pool": pool.pool, "size": pool.size, **_share(pool.whole), "jobs": jobs, "rest": _share(pool.rest)}


def _share(share: Share) -> dict[str, Any]:
    hours = None if share.hours is None else round(share.hours, 4)
    if share.amount is None:
        return {"nodeHours": hours, "amount": None}
    return {"nodeHours": hours, "amount": {name: f"{getattr(share.amount, name):.4f}" for name in ("low", "high")}}
