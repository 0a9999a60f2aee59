"""Plans and events as JSON; `read` gives back the plan that was written. The schemas are in `schemas/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reconciler.events import Event, RunFinished, RunStarted
from reconciler.model import Action, Address, Change, Decision, Diff, Outcome, Plan, Rule, Step, Why
from reconciler.render import plain, values
from reconciler.verdict import Level, Verdict

VERSION = 1


def plan(plan: Plan, **more: Any) -> str:
    """The plan as a JSON document, with `more` keys beside its own."""
    return plain.document(document(plan) | more, indent=2)


def document(plan: Plan) -> dict[str, Any]:
    return {
        "version": VERSION,
        "spec": plan.spec,
        "decisions": [_decision(decision) for decision in plan.decisions],
        "steps": [_step(step) for step in plan.steps],
        "summary": {str(action): len(plan.of(action)) for action in Action},
        "fingerprints": {str(address): shown for address, shown in plan.fingerprints.items()},
        "notes": list(plan.notes),
        "seconds": dict(plan.seconds),
        "needs": {str(address): list(map(str, refs)) for address, refs in plan.needs.items()},
        "verdicts": [asdict(verdict) for verdict in plan.verdicts],
    }


def read(text: str) -> Plan:
    """The plan in a JSON document. ValueError if it is of another version."""
    body = json.loads(text)
    if body["version"] != VERSION:
        raise ValueError(f"this is a plan of version {body['version']}; version {VERSION} is understood")
    return Plan(
        body["spec"],
        tuple(_read_decision(decision) for decision in body["decisions"]),
        tuple(_read_step(step) for step in body["steps"]),
        {Address.parse(address): shown for address, shown in body["fingerprints"].items()},
        tuple(body["notes"]),
        body["seconds"],
        {Address.parse(name): tuple(map(Address.parse, refs)) for name, refs in body.get("needs", {}).items()},
        tuple(Verdict(**{**verdict, "level": Level(verdict["level"])}) for verdict in body.get("verdicts", ())),
    )


def event(event: Event) -> str:
    """One event as a line of JSON."""
    body: dict[str, Any] = {"event": type(event).__name__}
    if isinstance(event, RunStarted):
        body["plan"] = document(event.plan)
    elif isinstance(event, RunFinished):
        body |= {"seconds": round(event.seconds, 3), "outcomes": [outcome(ended) for ended in event.outcomes]}
    else:
        for name, value in ((name, getattr(event, name)) for name in event.__dataclass_fields__):
            body[name] = _plain(value)
    return plain.document(body)


def outcome(ended: Outcome) -> dict[str, Any]:
    return {
        "step": _step(ended.step),
        "status": str(ended.status),
        "seconds": round(ended.seconds, 3),
        "error": ended.error,
        "detail": ended.detail,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Step):
        return _step(value)
    if isinstance(value, Outcome):
        return outcome(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _decision(decision: Decision) -> dict[str, Any]:
    changes = [
        {
            "path": change.path,
            "key": change.key or change.path,
            "before": change.before,
            "after": change.after,
            "rule": change.rule.name.lower(),
        }
        for change in map(values.seen, decision.diff.changes)
    ]
    return {
        "address": str(decision.address),
        "action": str(decision.action),
        "why": str(decision.why),
        "reason": decision.reason,
        "summarised": decision.summarised,
        "goes": decision.goes,
        "disturbs": decision.disturbs,
        "parts": list(decision.parts),
        "grants": decision.grants,
        "changes": changes,
    }


def _read_decision(decision: dict[str, Any]) -> Decision:
    changes = tuple(
        Change(change["path"], change["before"], change["after"], Rule[change["rule"].upper()], change["key"])
        for change in decision["changes"]
    )
    address, action, why = Address.parse(decision["address"]), Action(decision["action"]), Why(decision["why"])
    rest = decision["goes"], decision["disturbs"], tuple(decision["parts"]), bool(decision.get("grants"))
    return Decision(address, action, why, decision["reason"], Diff(changes), decision["summarised"], *rest)


def _step(step: Step) -> dict[str, Any]:
    return {"id": step.id, "address": str(step.address), "action": str(step.action), "after": list(step.after)}


def _read_step(step: dict[str, Any]) -> Step:
    return Step(step["id"], Address.parse(step["address"]), Action(step["action"]), tuple(step["after"]))
