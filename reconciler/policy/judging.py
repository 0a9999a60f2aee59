"""A plan and policies give verdicts. Each policy is judged by itself, so that none can weaken another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from reconciler.policy import asking
from reconciler.policy.asking import Ask, Question
from reconciler.policy.matching import WILD, matches
from reconciler.policy.policy import Exempt, Policy
from reconciler.policy.rules import RULES, Finding
from reconciler.policy.subject import Subject
from reconciler.spec.references import nearest
from reconciler.verdict import Level, Verdict
from reconciler.words import count

SOON = timedelta(days=14)
"""How long before its last day an exception is told to end."""


class Judgement(NamedTuple):
    """What policies say of a plan, and what there is to say of their exceptions."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]


def judge(subject: Subject, policies: Sequence[Policy], plan: Any, ask: Ask) -> Judgement:
    """`plan` is that of the subject as JSON; `ask` judges what is judged apart, all of it at once."""
    questions = [list(asking.of(policy, subject)) for policy in policies]
    tasks = [question.task for group in questions for question in group]
    answers = iter(ask(plan, tasks) if tasks else ())
    verdicts: list[Verdict] = []
    notes: list[str] = []
    for policy, group in zip(policies, questions, strict=True):
        found = [*_built_in(policy, subject), *_apart(group, answers)]
        judged = [_verdict(policy, subject, rule, finding) for rule, finding in found]
        verdicts += judged
        notes += _ending(policy, subject, judged)
        notes += _idle(policy, subject) if policy.own else ()
    return Judgement(tuple(dict.fromkeys(verdicts)), tuple(dict.fromkeys(notes)))


def _built_in(policy: Policy, subject: Subject) -> Iterator[tuple[str, Finding]]:
    for rule, options in policy.rules.items():
        if rule in RULES:
            yield from ((rule, finding) for finding in RULES[rule](subject, options or {}))


def _apart(questions: Iterable[Question], answers: Iterator[asking.Answer]) -> Iterator[tuple[str, Finding]]:
    for question in questions:
        yield from ((question.rule, finding) for finding in question.findings(next(answers)))


def _verdict(policy: Policy, subject: Subject, rule: str, finding: Finding) -> Verdict:
    address, text = str(finding.address or ""), finding.text
    exempting = [one for one in policy.exempt if one.rule == rule and matches(address, one.address)]
    holding = [one for one in exempting if subject.today <= one.expires]
    if exempting and not holding:
        last = max(exempting, key=lambda one: one.expires)
        text += f"; the exception {last.name} ended on {last.expires} and holds no longer"
    exception = _told(max(holding, key=lambda one: one.expires)) if holding else ""
    return Verdict(address, rule, policy.level(rule), text, policy.place(rule), exception)


def _told(exempt: Exempt) -> str:
    return f"{exempt.name}, until {exempt.expires}: {exempt.reason}"


def _ending(policy: Policy, subject: Subject, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Exceptions that something needs and that end soon."""
    for one in policy.exempt:
        left = one.expires - subject.today
        needed = [verdict for verdict in verdicts if verdict.exception == _told(one)]
        if needed and left <= SOON:
            then = "refuses the plan" if policy.level(one.rule) is Level.REFUSE else "warns"
            days = count(left.days, "day")
            when = f"ends in {days}, on {one.expires}; then {one.rule} {then}"
            yield f"policy: the exception {one.name} of {policy.file} {when}"


def _idle(policy: Policy, subject: Subject) -> Iterator[str]:
    """Exceptions of a spec that do nothing: they have ended, or there is nothing of that address."""
    known = {str(address) for address in (*subject.desired, *(one.address for one in subject.plan.decisions))}
    for one in policy.exempt:
        if one.expires < subject.today:
            yield f"policy: the exception {one.name} ended on {one.expires} and holds no longer; take it away"
        elif one.address != WILD and not any(matches(address, one.address) for address in known):
            close = nearest(one.address, known)
            yield f"policy: the exception {one.name} is for {one.address}, which is not in this spec{close}; correct it"
