"""Checks of a pool's `idle`, and advice about it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import durations
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec
from reconciler.words import count, duration

SHORTEST = 600
"""Seconds: nodes take some minutes to boot, and would go again before they had a task."""


def check(document: Document, name: str, pool: Pool) -> Iterator[Problem]:
    if "idle" not in pool:
        return
    path: Path_ = ("pools", name, "idle")
    if "autoscale" in pool["nodes"]:
        message = "has no meaning beside nodes.autoscale, whose formula sets the size"
        remedy = "let the formula fall to 0 (scenario: pending-tasks does), or give a number of nodes"
        yield document.problem(path, f"{message}; {remedy}", at_key=True)
        return
    if (durations.seconds(pool["idle"]["after"]) or 0) < SHORTEST:
        message = f"is less than {duration(SHORTEST)}, in which nodes may not even have booted; write PT1H"
        yield document.problem((*path, "after"), message)
    nodes = pool["nodes"]["dedicated"] + pool["nodes"]["spot"]
    if 0 < nodes <= pool["idle"]["to"]:  # none at all are a number of nodes for a while: NODES=0
        message = f"is {pool['idle']['to']}, which is not fewer than the {count(nodes, 'node')} of the pool"
        yield document.problem((*path, "to"), f"{message}; write fewer, or leave idle out")


def advice(spec: Spec, name: str, pool: Pool) -> Iterator[tuple[Path_, str]]:
    """What a schedule submits waits until somebody looks."""
    if "idle" not in pool:
        return
    for job, entry in spec.jobs.items():
        if "schedule" in entry and entry["pool"] == f"pools/{name}":
            text = f"jobs of the schedule {job} wait for nodes until the next apply or round of watch"
            yield ("pools", name, "idle"), f"{text}; with nodes.autoscale Batch itself brings them"
