"""From facts to causes, the one that stands most in the way first, and to what goes on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.diagnosis import going
from reconciler.diagnosis.facts import Cause, Facts, Found
from reconciler.diagnosis.rules import TABLE, Rule


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is explained, what goes on there, the causes, and what could not be read → why; `unasked` is what of that
    Azure would only have said of itself."""

    about: str
    state: str
    causes: tuple[Cause, ...]
    unread: Mapping[str, str]
    unasked: Mapping[str, str] = field(default_factory=dict)


def diagnose(facts: Facts) -> Diagnosis:
    found = {rule.name: (rule, told) for rule in TABLE if (told := rule.find(facts))}
    rest = [pair for pair in found.values() if not found.keys() & set(pair[0].instead)]
    causes = tuple(_cause(rule, told, facts) for rule, told in rest)
    return Diagnosis(facts.about, going.told(facts, stuck=bool(causes)), causes, facts.unread, facts.unasked)


def _cause(rule: Rule, told: Found, facts: Facts) -> Cause:
    remedy = re.sub(r"\b(JOB|TASK|POOL)\b", lambda match: _named(match[0], facts), told.remedy or rule.remedy)
    return Cause(rule.name, told.what, remedy, told.evidence, told.inferred)


def _named(word: str, facts: Facts) -> str:
    """The id that stands for JOB, TASK or POOL in a remedy; the word itself where there is none."""
    task = facts.wanted or (str(facts.failed[0]["id"]) if facts.failed else "")
    ids = {"JOB": (facts.job or {}).get("id"), "POOL": (facts.pool or {}).get("id"), "TASK": task}
    return str(ids[word] or word)
