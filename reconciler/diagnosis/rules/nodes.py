"""Nodes that are there and take no tasks.

Source of the states and errors: Batch service, BatchNodeState, and Microsoft's page on pool and node errors: an
unusable node without errors is one that Batch cannot reach and tries to recover.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnosis.facts import Facts, Found, ids, said, verb
from reconciler.diagnosis.rules import images
from reconciler.model import Body
from reconciler.words import count, some


def _broken(facts: Facts, *states: str) -> list[Body]:
    """The nodes in these states: of a pool that is asked about, and elsewhere only if no node works."""
    return facts.state(*states) if facts.pending and not (facts.work and facts.able) else []


def start_task(facts: Facts) -> Found | None:
    nodes = _broken(facts, "starttaskfailed")
    return Found(f"the start task failed on {_number(nodes)}", _start(facts, nodes)) if nodes else None


def _start(facts: Facts, nodes: list[Body]) -> tuple[str, ...]:
    info: Body = next((node["startTaskInfo"] for node in nodes if node.get("startTaskInfo")), {})
    code = info.get("exitCode")
    evidence = [f"exit code {code}"] if code is not None else []
    if code is None and info.get("failureInfo"):
        evidence.append(said(info["failureInfo"]))
    return (*evidence, *_lines(facts, nodes))


def _lines(facts: Facts, nodes: list[Body]) -> tuple[str, ...]:
    mine = facts.written is not None and facts.written.by in [node["id"] for node in nodes]
    return facts.written.lines if facts.written and mine else ()


def disk_full(facts: Facts) -> Found | None:
    return _by_error(facts, ("DiskFull",), "has no room left on the disk of tasks", "have no room left on theirs")


def registry(facts: Facts) -> Found | None:
    nodes = [node for node in _broken(facts, "unusable") if any(map(images.denied, node.get("errors") or ()))]
    return Found("a container registry refused the nodes", _errors(nodes)) if nodes else None


def container_image(facts: Facts) -> Found | None:
    nodes = [node for node in _broken(facts, "unusable") if any(map(images.of_image, node.get("errors") or ()))]
    return Found("a container image of the pool could not be pulled", _errors(nodes)) if nodes else None


def package(facts: Facts) -> Found | None:
    codes = ("ApplicationPackageError",)
    return _by_error(facts, codes, "could not install an application package", "could not install one")


def preempted(facts: Facts) -> Found | None:
    nodes = _broken(facts, "preempted")
    return Found(f"{_number(nodes)}: preempted, as Azure took the Spot capacity back", (ids(nodes),)) if nodes else None


def maybe_preempted(facts: Facts) -> Found | None:
    """A node may show unusable before it shows preempted. Source: MicrosoftDocs/azure-docs, pull request 128508."""
    nodes = [node for node in _broken(facts, "unusable") if node.get("isDedicated") is False and not node.get("errors")]
    if not nodes:
        return None
    what = f"{_number(nodes)}: unusable without an error, which on Spot mostly means preempted"
    return Found(what, (ids(nodes),), inferred=True)


def unusable(facts: Facts) -> Found | None:
    nodes = _broken(facts, "unusable", "unknown")
    return (
        Found(f"{_number(nodes)} of the pool: unusable or silent", _errors(nodes) or (ids(nodes),)) if nodes else None
    )


def deallocated(facts: Facts) -> Found | None:
    nodes = _broken(facts, "deallocated", "deallocating")
    return Found(f"{_number(nodes)} of the pool: deallocated", (ids(nodes),)) if nodes else None


def offline(facts: Facts) -> Found | None:
    nodes = [
        node for node in facts.nodes or () if node.get("schedulingState") == "disabled" or node["state"] == "offline"
    ]
    if not (facts.pending and nodes) or (facts.work and facts.able):
        return None
    return Found(f"scheduling is disabled on {_number(nodes)}", (ids(nodes),))


def fewer(facts: Facts) -> Found | None:
    """Some nodes work and others do not: what waits is slower, not stuck."""
    bad = facts.state("starttaskfailed", "unusable", "unknown", "preempted", "offline")
    if not (facts.pending and bad and facts.able):
        return None
    states = [f"{node['id']}: {node['state']}" for node in bad[:3]]
    takes = verb(len(bad), "takes", "take")
    what = f"{len(bad)} of {count(len(facts.nodes or ()), 'node')} of the pool {takes} no tasks"
    return Found(what, (*states, *_errors(bad), *_lines(facts, bad)))


def _by_error(facts: Facts, codes: tuple[str, ...], one: str, more: str) -> Found | None:
    broken = _broken(facts, "unusable", "offline")
    nodes = [node for node in broken if any(error.get("code") in codes for error in node.get("errors") or ())]
    return Found(f"{_number(nodes)} {one if len(nodes) == 1 else more}", _errors(nodes)) if nodes else None


def _errors(nodes: Iterable[Body]) -> tuple[str, ...]:
    """Each error of these nodes once, with the nodes that have it."""
    having: dict[str, list[str]] = {}
    for node in nodes:
        for error in node.get("errors") or ():
            having.setdefault(said(error), []).append(node["id"])
    return tuple(f"{error} [{some(names)}]" for error, names in having.items())[:3]


def _number(nodes: list[Body]) -> str:
    return count(len(nodes), "node")
