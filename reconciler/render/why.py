"""What something waits for or died of, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.render import plain
from reconciler.secret import hidden

WIDTH = 300
"""The most characters of a line of evidence, which others may have written."""


class Cause(Protocol):
    @property
    def rule(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def evidence(self) -> Sequence[str]: ...
    @property
    def inferred(self) -> bool: ...


class Diagnosis(Protocol):
    @property
    def about(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def causes(self) -> Sequence[Cause]: ...
    @property
    def unread(self) -> Mapping[str, str]: ...
    @property
    def unasked(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class WhyView:
    """A diagnosis: the first cause is the one, the others are told after it."""

    diagnosis: Diagnosis

    def text(self, *, colour: bool) -> str:
        return "\n".join(self._lines())

    def document(self) -> Any:
        told = self.diagnosis
        return {
            "about": told.about,
            "state": told.state,
            "causes": [
                {
                    "rule": cause.rule,
                    "what": cause.what,
                    "remedy": cause.remedy,
                    "evidence": [hidden(line)[:WIDTH] for line in cause.evidence],
                    "inferred": cause.inferred,
                }
                for cause in told.causes
            ],
            "unread": {**told.unread, **told.unasked},
        }

    def _lines(self) -> Iterator[str]:
        told = self.diagnosis
        yield f"{plain.clean(told.about)}: {plain.clean(told.state)}."
        for number, cause in enumerate(told.causes):
            yield f"\n{'also' if number else 'why'}: {plain.clean(cause.what)} [{cause.rule}]"
            yield from (f"      {plain.clean(line)[:WIDTH]}" for line in cause.evidence)
            yield f"  do: {plain.clean(cause.remedy)}"
            if cause.inferred:
                yield "      (inferred: Azure does not say so itself)"
        if not told.causes:
            yield "Nothing stands in its way, as far as could be read." if told.unread else "Nothing stands in its way."
        for what, cause_ in (*told.unread.items(), *told.unasked.items()):
            yield f"\nnot read: {plain.clean(what)}: {plain.clean(cause_)}"
