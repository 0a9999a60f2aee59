"""What there is of a spec at a moment, as a document for programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reconciler.render import advisories, values
from reconciler.render import cost as costs
from reconciler.render.status import Job, Node, Past, Pool, Resource, Shown, Spent, Status
from reconciler.render.why import WhyView


def document(shown: Sequence[Shown], now: datetime, every: float) -> dict[str, Any]:
    """As in schemas/status.schema.json."""
    return {"formatVersion": 1, "every": every, "specs": [_spec(one, now) for one in shown]}


def _spec(shown: Shown, now: datetime) -> dict[str, Any]:
    status = shown.status
    told = {"name": shown.name, "age": shown.age(now), "error": shown.error, "standby": shown.standby}
    rounds = [{**one._asdict(), "at": one.at.isoformat(), "seconds": round(one.seconds, 3)} for one in shown.rounds]
    return {**told, "rounds": rounds, "status": _status(status) if status else None}


def _status(status: Status) -> dict[str, Any]:
    return {
        "place": status.place,
        "at": status.at.isoformat(),
        "now": status.now.isoformat(),
        "resources": [_resource(one) for one in status.resources],
        "runs": [_past(one) for one in status.runs],
        "jobs": [_job(one) for one in status.jobs],
        "pools": [_pool(one) for one in status.pools],
        "cost": costs.document(status.cost) if status.cost else None,
        "spent": [_spent(one) for one in status.spent],
        "why": [WhyView(one).document() for one in status.why],
        "advisories": advisories.whole(status.advisories),
        "notes": [*status.plan.notes, *filter(None, [status.unpriced]), *status.left_out, *status.unasked],
    }


def _resource(one: Resource) -> dict[str, Any]:
    decision, live = one.decision, one.live
    changes = [
        {"key": seen.key or seen.path, "before": seen.before, "after": seen.after}
        for seen in map(values.seen, decision.diff.changes)
    ]
    return {
        "address": str(decision.address),
        "standing": one.standing,
        "health": str(live.health) if live else None,
        "detail": live.detail if live else "",
        "action": str(decision.action),
        "why": str(decision.why),
        "reason": decision.reason,
        "held": one.held,
        "changes": changes,
    }


def _past(one: Past) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("command", "who", "planned", "outcome", "ok", "link")}
    return {"at": one.at.isoformat(), **told}


def _job(one: Job) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "state": one.state,
        "states": dict(one.states),
        "perMinute": round(one.per_minute, 3),
        "secondsLeft": one.left,
        "nodeHours": one.node_hours,
        "failures": [{"reason": reason, "number": number, "example": task} for reason, number, task in one.failures],
        "stuck": [slow._asdict() for slow in one.stuck],
        "slowest": [slow._asdict() for slow in one.slowest],
        "unread": one.unread,
    }


def _node(one: Node) -> dict[str, Any]:
    load = {"cpu": one.load.cpu, "memory": one.load.memory} if one.load else None
    return {"id": one.id, "state": one.state, "tasks": one.tasks, "spot": one.spot, "load": load}


def _pool(one: Pool) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "state": one.state,
        "size": one.size,
        "target": {"dedicated": one.target[0], "spot": one.target[1]},
        "current": {"dedicated": one.current[0], "spot": one.current[1]},
        "nodes": [_node(node) for node in one.nodes],
        "more": one.more,
        "scalings": [{"at": run.at, "results": run.results, "error": run.error} for run in one.scalings],
        "errors": list(one.errors),
        "unread": one.unread,
    }


def _spent(one: Spent) -> dict[str, Any]:
    amount = None if one.amount is None else f"{one.amount:.2f}"
    hours = {"hours": round(one.hours, 4), "spotHours": round(one.spot_hours, 4)}
    return {"pool": one.pool, "since": one.since.isoformat(), **hours, "amount": amount}
