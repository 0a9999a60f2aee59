"""Checks of a pool's `nodes` that no schema can make: formulas, settings that exclude each other, and expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import batch_autoscale
from reconciler.errors import Problem
from reconciler.spec import trial
from reconciler.spec.document import Document
from reconciler.spec.pools import Autoscale, Pool
from reconciler.spec.schema import Path_

Pools = Mapping[str, Pool]
"""Pools that scale, by name."""


def check(document: Document, pools: Pools) -> Iterator[Problem]:
    """Every problem of the pools' `nodes` that is found without a trial."""
    for name, pool in pools.items():
        path: Path_ = ("pools", name, "nodes")
        for key in ("dedicated", "nodeDeallocationOption", "resizeTimeout", "spot"):
            if document.says((*path, key)):
                message = "has no meaning beside autoscale, which sets the size"
                yield document.problem((*path, key), message, at_key=True)
        yield from _formula(document, (*path, "autoscale"), pool["nodes"]["autoscale"], pool["taskSlotsPerNode"])
        yield from _untried(document, (*path, "autoscale"))


def _formula(document: Document, path: Path_, scale: Autoscale, slots: int) -> Iterator[Problem]:
    if "formula" in scale:
        for finding in batch_autoscale.lint(scale["formula"], scale["every"]):
            if finding.severity == "error":
                yield document.problem((*path, "formula"), f"{finding.place} {finding.message}; {finding.remedy}")
        return
    try:
        trial.formula(scale, slots)
    except ValueError as error:
        yield document.problem(path, str(error))
    try:
        batch_autoscale.Setting(interval=scale["every"])
    except ValueError as error:
        yield document.problem((*path, "every"), str(error))


def _untried(document: Document, path: Path_) -> Iterator[Problem]:
    """Settings for a trial that have no trace of tasks to be tried on."""
    if document.says((*path, "trace")):
        return
    if document.says((*path, "expect")):
        message = "needs tasks to be tried on; set trace: FILE.csv or trace: {burst: {tasks: 200, takes: PT10M}}"
        yield document.problem((*path, "expect"), message, at_key=True)
    if document.says((*path, "boot")):
        yield document.problem((*path, "boot"), "has no meaning without trace, which it is for", at_key=True)


def trials(document: Document, pools: Pools, folder: Path) -> Iterator[Problem]:
    """Every expectation that a pool misses in its trial, and every trace that cannot be used."""
    for name, pool in pools.items():
        if "trace" in pool["nodes"]["autoscale"]:
            yield from _trial(document, folder, name, pool)


def _trial(document: Document, folder: Path, name: str, pool: Pool) -> Iterator[Problem]:
    path: Path_ = ("pools", name, "nodes", "autoscale")
    scale = pool["nodes"]["autoscale"]
    try:
        trial.trace(scale, folder)
        result = trial.result(scale, pool["taskSlotsPerNode"], folder) if "expect" in scale else None
    except ValueError as error:
        yield document.problem((*path, "trace"), str(error))
        return
    if result is None:
        return
    shows = f"; to see why: reconcile autoscale simulate {document.file} --pool {name}"
    for miss in batch_autoscale.missed(result, scale["expect"]):
        message = f"{miss.words}; change the formula or the limit{shows}"
        yield document.problem((*path, "expect", miss.name), message)
        shows = ""


def advice(pools: Pools) -> Iterator[tuple[Path_, str]]:
    """The linter's advice about formulas, errors aside."""
    for name, pool in pools.items():
        scale = pool["nodes"]["autoscale"]
        for finding in batch_autoscale.lint(scale["formula"], scale["every"]) if "formula" in scale else ():
            if finding.severity != "error":
                yield ("pools", name, "nodes", "autoscale", "formula"), str(finding)
