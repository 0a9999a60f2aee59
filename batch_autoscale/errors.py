"""What is wrong with a formula, and where: lines and columns count from 1, as Azure's own messages do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

EVALUATION_FAILED = "AutoScalingFormulaEvaluationError"
"""Azure's code for a formula that cannot be evaluated. Source: recordings of azure-rest-batch's autoscale tests."""
INSUFFICIENT = "InsufficientSampleData"
"""Azure's code for too few samples. Source: learn.microsoft.com, Pool autoscale event."""
_MESSAGES = {
    INSUFFICIENT: "Autoscale evaluation failed due to insufficient sample data",
    EVALUATION_FAILED: "Autoscale evaluation failed due to an error in the formula",
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A character of a formula; both numbers count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong: where, what, and what to write instead."""

    place: Place
    message: str
    remedy: str = ""
    code: str = field(default="formula", compare=False)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f"; {self.remedy}" if self.remedy else "")


class FormulaError(Exception):
    """A formula that Azure would refuse; `problems` holds everything found, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        assert self.problems
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def place(self) -> Place:
        return self.problems[0].place


class EvaluationError(FormulaError):
    """A formula that is right, but has no value now; Azure then leaves the pool as it is.

    `results` is what the pool keeps, in Azure's form; `code` is Azure's.
    """

    def __init__(self, place: Place, message: str, code: str = EVALUATION_FAILED, results: str = "") -> None:
        super().__init__([Problem(place, message, code=code)])
        self.code = code
        self.results = results

    def __eq__(self, other: object) -> bool:
        """Equal simulations hold equal failures."""
        return isinstance(other, EvaluationError) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self) -> tuple[object, ...]:
        return self.problems, self.code, self.results

    @property
    def body(self) -> Mapping[str, Any]:
        """The `error` of an AutoScaleRun as Azure's REST interface gives it."""
        value = f"Line {self.place.line}, Col {self.place.column}: {self.problems[0].message}"
        return {
            "code": self.code,
            "message": _MESSAGES[self.code],
            "values": [{"name": "Message", "value": value}],
        }
