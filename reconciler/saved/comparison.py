"""How a plan differs from the one that was reviewed, as `show --against` prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.render.markdown import LIMIT, cell, prose, size
from reconciler.render.plain import clean, lines
from reconciler.saved.comparing import Difference
from reconciler.saved.saved_plan import SavedPlan
from reconciler.words import count

SAME = "The plan does no more than the one that was reviewed."
_END = 200
"""Room for what is said about rows that are left out, in bytes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two saved plans, and where the one of `now` is not the `reviewed` one or the rest of it."""

    reviewed: SavedPlan
    now: SavedPlan
    differences: Sequence[Difference]

    def text(self, *, colour: bool) -> str:
        told = [f"  {clean(str(one.address))} {lines(one.how, 4)}" for one in self.differences]
        return "\n".join([self._sum(), *told, "", *self._sources()])

    def document(self) -> Any:
        return {
            "reviewed": self.reviewed.digest,
            "now": self.now.digest,
            "differences": [
                {
                    "address": str(one.address),
                    "reviewed": str(one.reviewed.action) if one.reviewed else None,
                    "now": str(one.now.action) if one.now else None,
                    "how": one.how,
                }
                for one in self.differences
            ],
        }

    def markdown(self, limit: int, link: str) -> str:
        """A table in at most `limit` bytes of UTF-8 (0: as many as a comment on GitHub may have)."""
        end = [f"[The whole plan of now]({link})"] if link else []
        head = "\n\n".join([f"### {self._sum()}", "<br>".join(map(prose, self._sources()))])
        room = (limit or LIMIT) - size(head) - sum(map(size, end)) - _END
        kept = []
        for one in self.differences:
            row = f"| {cell(str(one.address))} | {prose(one.how.replace('|', '/'))} |"
            room -= size(row) + 1
            if room < 0:
                break
            kept.append(row)
        table = ["\n".join(["| resource | how it differs |", "|---|---|", *kept])] if kept else []
        left = len(self.differences) - len(kept)
        cut = [f"✂️ **Cut**: {count(left, 'other difference', ',')}."] if left else []
        return "\n\n".join([head, *table, *cut, *end])

    def _sum(self) -> str:
        if not self.differences:
            return SAME
        return f"The plan is stale: {count(len(self.differences), 'resource')} not as in the one that was reviewed"

    def _sources(self) -> Iterator[str]:
        for word, saved in (("reviewed", self.reviewed), ("now", self.now)):
            yield f"{word}: {clean(saved.source.spec)}, made {clean(saved.made)}, sha256:{saved.digest}"
