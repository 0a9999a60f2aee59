"""Pools that have no nodes, or too few: their size, their formula, and what kept Batch from giving them what they ask.

Source of the codes: PoolResizeErrorCodes of Batch's .NET client, and Microsoft's page on pool and node errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from reconciler.azure import retired
from reconciler.azure.retired import Retired
from reconciler.diagnosis.facts import Facts, Found, moment, said
from reconciler.diagnosis.rules import accounts
from reconciler.words import count, duration

OLD = timedelta(minutes=30)
"""So long after a resize has given up nobody works on it any more."""


def missing(facts: Facts) -> Found | None:
    if not facts.poolless or (facts.wanted and not facts.waiting):
        return None
    return Found(f"the pool {facts.poolless} of the job is not there", accounts.trace(facts))


def deleting(facts: Facts) -> Found | None:
    if not facts.pending or (facts.pool or {}).get("state") != "deleting":
        return None
    return Found(f"the pool {_name(facts)} is being deleted")


def formula_error(facts: Facts) -> Found | None:
    error = _formula(facts)
    if error is None or error.get("code") == "InsufficientSampleData":
        return None
    return Found(f"the autoscale formula of {_name(facts)} cannot be evaluated, so that its size stays", (said(error),))


def formula_samples(facts: Facts) -> Found | None:
    error = _formula(facts)
    if error is None or error.get("code") != "InsufficientSampleData":
        return None
    what = f"the autoscale formula of {_name(facts)} has too few samples yet, so that its size stays"
    return Found(what, (said(error),))


def formula_preempted(facts: Facts) -> Found | None:
    """Preempted nodes count as current ones. Source: Batch, automatic scaling, $PreemptedNodeCount."""
    formula = str((facts.pool or {}).get("autoScaleFormula", ""))
    away = facts.state("preempted")
    if not (facts.pending and formula and away and not facts.able) or "$PreemptedNodeCount" in formula:
        return None
    nodes = f"all nodes that the formula of {_name(facts)} asks for are preempted"
    what = f"{nodes}, and it does not look at $PreemptedNodeCount"
    return Found(what, (f"{count(len(away), 'node')} preempted",), inferred=True)


def formula_zero(facts: Facts) -> Found | None:
    if not _empty(facts) or not (facts.pool or {}).get("enableAutoScale") or _target(facts):
        return None
    results = str(((facts.pool or {}).get("autoScaleRun") or {}).get("results", ""))
    return Found(f"the autoscale formula of {_name(facts)} asks for 0 nodes", (results,) if results else ())


def size_retired(facts: Facts) -> Found | None:
    return _retired(facts, retired.size(str((facts.pool or {}).get("vmSize", ""))))


def image_retired(facts: Facts) -> Found | None:
    machine = (facts.pool or {}).get("virtualMachineConfiguration") or {}
    image = machine.get("imageReference") or {}
    urn = ":".join(str(image.get(part, "")) for part in ("publisher", "offer", "sku"))
    return _retired(facts, retired.image(urn) or retired.agent(str(machine.get("nodeAgentSKUId", ""))))


def _retired(facts: Facts, notice: Retired | None) -> Found | None:
    today = facts.now.date()
    errors = _errors(facts)
    if notice is None or not notice.past(today) or not errors:
        return None
    return Found(
        f"{notice.sentence(today)}, and {_name(facts)} gets no more nodes", _told(errors), notice.remedy, inferred=True
    )


def old_error(facts: Facts) -> Found | None:
    """Batch tries a resize of a pool of fixed size once, until resizeTimeout. Source: Batch service, Pool - Resize."""
    pool, errors = facts.pool or {}, _errors(facts)
    since = pool.get("allocationStateTransitionTime")
    if not errors or pool.get("enableAutoScale") or pool.get("allocationState") != "steady" or not since:
        return None
    age = facts.now - moment(since)
    if age < OLD:
        return None
    given_up = f"since a resize gave up {duration(age.total_seconds())} ago"
    what = f"{_short(facts)} {given_up}, and Batch does not try again by itself"
    return Found(what, _told(errors), _remedy(errors))


def core_quota(facts: Facts) -> Found | None:
    errors = [error for error in _errors(facts) if "QuotaReached" in str(error.get("code"))]
    return Found(f"{_short(facts)}, as a quota of cores is used up", _told(errors)) if errors else None


def no_capacity(facts: Facts) -> Found | None:
    errors = [error for error in _errors(facts) if str(error.get("code")) in ("AllocationFailed", "AllocationTimedOut")]
    return Found(f"{_short(facts)}, as Azure could not allocate them", _told(errors)) if errors else None


def resize_failed(facts: Facts) -> Found | None:
    errors = _errors(facts)
    return Found(f"{_short(facts)}, as its resize failed", _told(errors)) if errors else None


def zero(facts: Facts) -> Found | None:
    if not _empty(facts) or (facts.pool or {}).get("enableAutoScale") or _target(facts):
        return None
    return Found(f"the pool {_name(facts)} has 0 nodes, and is to have none")


def _formula(facts: Facts) -> Mapping[str, Any] | None:
    """The error of the last evaluation, if nodes are missed that it might have brought."""
    if not facts.pending or not (facts.pool or {}).get("enableAutoScale"):
        return None
    error: Mapping[str, Any] | None = ((facts.pool or {}).get("autoScaleRun") or {}).get("error")
    return error


def _empty(facts: Facts) -> bool:
    """Whether the pool has no nodes at all and gets none."""
    return facts.pending and facts.pool is not None and not facts.nodes and facts.nodes is not None


def _errors(facts: Facts) -> list[Mapping[str, Any]]:
    """Why the last resize did not bring all nodes, if some are missing still."""
    pool = facts.pool or {}
    there = int(pool.get("currentDedicatedNodes") or 0) + int(pool.get("currentLowPriorityNodes") or 0)
    if not facts.pending or there >= _target(facts):
        return []
    return list(pool.get("resizeErrors") or ())


def _target(facts: Facts) -> int:
    pool = facts.pool or {}
    return int(pool.get("targetDedicatedNodes") or 0) + int(pool.get("targetLowPriorityNodes") or 0)


def _short(facts: Facts) -> str:
    pool = facts.pool or {}
    there = int(pool.get("currentDedicatedNodes") or 0) + int(pool.get("currentLowPriorityNodes") or 0)
    return f"the pool {_name(facts)} has {there} of {count(_target(facts), 'node')}"


def _told(errors: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(map(said, errors))


def _remedy(errors: list[Mapping[str, Any]]) -> str:
    """What to do about an old error: what made it may be over."""
    again = "ask again: reconcile apply, or az batch pool resize --pool-id POOL"
    quota = any("QuotaReached" in str(error.get("code")) for error in errors)
    return f"{again}; if it fails again, {'raise the quota' if quota else 'use another size or region'}"


def _name(facts: Facts) -> str:
    return str((facts.pool or {}).get("id", ""))
