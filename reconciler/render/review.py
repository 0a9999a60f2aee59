"""What a reviewer of a plan must decide first, and what else there is to read: what pages for people have in common.

Pure. Which resources these are follows from closed facts of the plan, never from words in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.cost import Cost
from reconciler.model import STAGE, Action, Change, Decision, Plan, Rule
from reconciler.render import as_text, values
from reconciler.render.plain import clean, lines
from reconciler.verdict import Verdict
from reconciler.words import MINUTE, duration

NOTHING = "Nothing is deleted, replaced or disturbed, and nobody is given a permission."


@dataclass(frozen=True, slots=True)
class Review:
    """A plan as a reviewer gets it: with its critical path (seconds and steps) and its cost, if that is to be shown.

    `head` are lines that say where it comes from, and `digest` is that of the file it is kept in, empty if in none.
    `wire`: fields have the names of Azure's REST API, and values are whole.
    """

    plan: Plan
    way: tuple[float, Sequence[str]] = (0.0, ())
    cost: Cost | None = None
    wire: bool = False
    head: tuple[str, ...] = ()
    digest: str = ""


class Question(NamedTuple):
    """Something to decide, and the addresses that it is about, or the plan; `sign` is a picture for it."""

    sign: str
    title: str
    about: tuple[str, ...]


def questions(plan: Plan) -> tuple[Question, ...]:
    """What must be decided, the gravest first; those without a resource are left out."""
    judged = as_text.judged(plan.verdicts)
    refused = Question("⛔", "Refused by policy: nothing is applied", _about(judged["refused"]))
    warned = Question("⚠️", "Warned by policy", _about(judged["warned"]))
    excepted = Question("🔓", "Excepted from policy", _about(judged["excepted"]))
    return tuple(question for question in (refused, *_of_decisions(plan), warned, excepted) if question.about)


def _of_decisions(plan: Plan) -> tuple[Question, ...]:
    """Those of what the plan would do."""
    every = plan.decisions
    return (
        Question("⛔", "Refused: nothing is applied", _named(plan.of(Action.REFUSE))),
        Question("🔴", "Deletions", _named(plan.of(Action.DELETE))),
        Question("🟣", "Replaced, or emptied for a change", _named(filter(_anew, every))),
        Question("🟠", "Running work or data disturbed", _named(one for one in every if one.disturbs)),
        Question("🗑️", "Data, records or work that goes", _named(one for one in every if one.goes)),
        Question("🔑", "New permissions", _named(one for one in every if one.grants)),
    )


def _named(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(str(decision.address) for decision in decisions)


def _about(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.address or as_text.WHOLE for verdict in verdicts))


def verdicts(plan: Plan) -> list[tuple[str, str, str]]:
    """What policies say, the gravest first: in a word, what, and of which addresses."""
    return [(word, text, as_text.some(about, as_text.NAMED)) for word, text, about in as_text.sentences(plan.verdicts)]


def split(plan: Plan) -> tuple[list[Decision], list[Decision]]:
    """The decisions that something must be decided about, and all others that there is something to read of.

    What a policy says is told by itself, so that a rule that holds for everything does not lay everything open.
    """
    asked = {address for question in _of_decisions(plan) for address in question.about}
    told = [one for one in as_text.told_once(plan.decisions) if one.action is not Action.NONE or one.summarised]
    first = [one for one in told if str(one.address) in asked]
    return first, [one for one in told if str(one.address) not in asked]


def _anew(decision: Decision) -> bool:
    """Whether a resource is made anew, or what is in it must leave, as where a pool takes over from another."""
    return decision.action is Action.REPLACE or (
        decision.action is Action.UPDATE and decision.diff.rule >= Rule.WHEN_EMPTY
    )


def consequences(decision: Decision) -> list[tuple[str, str]]:
    """What a decision brings with it beside the change, each with a word before it."""
    told = [("deleted with it", decision.goes), ("disturbs", decision.disturbs)]
    told.append(("gives", "a permission that was not given before" if decision.grants else ""))
    return [(what, text) for what, text in told if text]


def fields(decision: Decision, *, wire: bool) -> list[str]:
    """The changes of a decision, or what it sums up: clean lines that each begin with the sign of what is done."""
    new = decision.action is Action.CREATE
    if decision.summarised and not new:
        return [f"  {clean(part)}" for part in decision.parts]
    sign = "+" if new else "!"
    return [f"{sign} {as_text.field(change, new=new, wire=wire)}" for change in _changes(decision)]


def rows(decision: Decision, *, wire: bool) -> list[tuple[str, str, str, str]]:
    """The changes of a decision: clean texts of the field, its value before and after, whole, and what that costs."""
    seen = map(values.seen, _changes(decision))
    return [
        (
            clean(change.path if wire else change.key or change.path),
            clean(values.whole(change.before)),
            clean(values.whole(change.after)),
            as_text.COSTS.get(change.rule, change.rule.name),
        )
        for change in seen
    ]


def _changes(decision: Decision) -> list[Change]:
    return [change for change in decision.diff.changes if change.path != STAGE]


def time(seconds: float) -> str:
    """`about 3 min`; empty for what takes less than a minute."""
    return f"about {duration(seconds)}" if seconds >= MINUTE else ""


def clipped(text: str, most: int) -> str:
    """A text of at most so many characters, in one clean line."""
    text = clean(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def told(text: str) -> list[str]:
    """The clean lines of a message."""
    return lines(text).split("\n")
