"""What no schema can say of a pool's size and change: autoscale formulas, and settings that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler import autoscale
from reconciler.errors import Problem
from reconciler.spec.document import Document, Path_


def check(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of the pools' `nodes`."""
    for name, body in value.get("pools", {}).items():
        nodes = body["nodes"]
        if isinstance(nodes, dict) and "autoscale" in nodes:
            yield from _autoscale(document, ("pools", name, "nodes"), nodes, body.get("taskSlotsPerNode", 1))


def _autoscale(document: Document, path: Path_, nodes: Mapping[str, Any], slots: int) -> Iterator[Problem]:
    for key in sorted({"dedicated", "spot", "resizeTimeout"} & set(nodes)):
        yield document.problem((*path, key), "has no meaning beside autoscale, which sets the size", at_key=True)
    given = nodes["autoscale"]
    here = (*path, "autoscale")
    interval = given.get("every", "PT5M")
    if "formula" in given:
        for finding in autoscale.lint(given["formula"], interval):
            if finding.severity == "error":
                yield document.problem((*here, "formula"), f"{finding.place} {finding.message}; {finding.remedy}")
        return
    try:
        more: Any = {"max": given["max"], "min": given.get("min", 0), "spot": given.get("spot", False)}
        autoscale.scenarios.formula(given["scenario"], perNode=slots, **more)
    except ValueError as error:
        yield document.problem(here, str(error))


def warnings(pools: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the linter advises about formulas that Azure would take."""
    for name, body in pools.items():
        given = body["nodes"].get("autoscale", {})
        for finding in autoscale.lint(given["formula"], given.get("every", "PT5M")) if "formula" in given else ():
            if finding.severity != "error":
                yield f"pools.{name}.nodes.autoscale.formula {finding}"
