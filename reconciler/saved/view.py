"""A saved plan as `show` prints it: of what and when it was made, and the plan itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.render.plain import clean
from reconciler.render.review import Review
from reconciler.render.views import PlanView
from reconciler.saved.saved_plan import FORMAT, SavedPlan


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved plan and its critical path; `wire` as for a PlanView."""

    saved: SavedPlan
    way: tuple[float, Sequence[str]] = (0.0, ())
    wire: bool = False

    def text(self, *, colour: bool) -> str:
        plan = PlanView(self.saved.plan, self.way, self.saved.cost, self.wire).text(colour=colour)
        return "\n".join([*self._head(), "", plan])

    @property
    def review(self) -> Review:
        return Review(self.saved.plan, self.way, self.saved.cost, self.wire, tuple(self._head()), self.saved.digest)

    def document(self) -> Any:
        return {"format": FORMAT, "digest": self.saved.digest} | self.saved.document()

    def _head(self) -> Iterator[str]:
        source = self.saved.source
        where = f"{source.resource_group} of subscription {source.subscription}"
        yield f"Plan of {clean(source.spec)} for {clean(where)} ({clean(source.cloud)})"
        yield f"made {clean(self.saved.made)} by reconcile {clean(source.tool)}, sha256:{self.saved.digest}"
        for what, given in (("only", source.targets), ("without", source.excludes), ("again", source.rerun)):
            if given:
                yield f"{what} {clean(', '.join(given))}"
