"""Commands that did not begin, as the node could not fetch a secret of their environment: they say why themselves.

The program that fetches them ends with one of two exit codes, and its only line says what was not to be had and, after
a semicolon, what to do about it.
"""

from __future__ import annotations

from reconciler.diagnosis.facts import Facts, Found, code

ENDS = (75, 78)
SAYS = ("reconcile: the secret ", "reconcile: the node", "reconcile: secrets ")


def of_task(facts: Facts) -> Found | None:
    mine = [task["id"] for task in facts.failed if code(task) in ENDS]
    return _found(facts, f"the task {facts.written.by}") if facts.written and facts.written.by in mine else None


def of_node(facts: Facts) -> Found | None:
    broken = facts.state("starttaskfailed") if facts.pending and not (facts.work and facts.able) else []
    mine = [node["id"] for node in broken if (node.get("startTaskInfo") or {}).get("exitCode") in ENDS]
    known = facts.written is not None and facts.written.by in mine
    return _found(facts, "the start task") if known else None


def _found(facts: Facts, who: str) -> Found | None:
    lines = facts.written.lines if facts.written else ()
    told = next((line for line in lines if line.startswith(SAYS)), "")
    what, _, remedy = told.removeprefix("reconcile: ").partition("; ")
    return Found(f"{who} did not begin: {what}", remedy=remedy) if told else None
