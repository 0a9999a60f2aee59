"""What a policy has judged apart, because it takes expressions that others wrote: names, CEL and JSON Schema. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model import Address
from reconciler.policy.policy import Policy
from reconciler.policy.rules import Finding
from reconciler.policy.subject import Subject

NAMES = "names"
ABOUT_PLAN = "plan"

Answer = Sequence[str] | str
"""For each thing asked about how it breaks the rule, empty if it does not; or why there is no answer at all."""
Ask = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Sequence[Answer]]
"""A plan as JSON, and tasks as `apart` takes them → an answer for each task."""


@dataclass(frozen=True, slots=True)
class Question:
    """A task for `apart`, what each of its results is about, and what people are told of one that is broken."""

    rule: str
    task: Mapping[str, Any]
    about: Sequence[Address | None]
    text: str

    def findings(self, answer: Answer) -> Iterator[Finding]:
        """One for each broken; an expression that cannot be judged breaks its rule for the plan as a whole."""
        if isinstance(answer, str):
            yield Finding(None, f"cannot be judged: {answer}")
            return
        for address, how in zip(self.about, answer, strict=True):
            if how:
                yield Finding(address, f"{self.text} ({how})" if how != BROKEN else self.text)


BROKEN = "false"
"""How a result says that a rule is broken when there is no more to say."""


def of(policy: Policy, subject: Subject) -> Iterator[Question]:
    """All that a policy asks about a plan."""
    for kind, pattern in (policy.rules.get(NAMES) or {}).get("patterns", {}).items():
        about = [decision.address for decision, _ in subject.asked if decision.address.kind == kind]
        task = {"pattern": pattern, "texts": [address.name for address in about]}
        yield Question(NAMES, task, about, f"its name does not match {pattern}")
    every = [decision.address for decision in subject.plan.decisions]
    for name, rule in policy.written.items():
        task = {key: rule[key] for key in ("cel", "schema", "about") if key in rule}
        whole = rule["about"] == ABOUT_PLAN
        yield Question(name, task, [None] if whole else every, rule["text"])
