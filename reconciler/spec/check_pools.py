"""What no schema can say of pools: autoscale formulas and what they are expected to keep to, settings that exclude each
other, and what Azure retires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import batch_autoscale
from reconciler.azure import images, retired
from reconciler.errors import Problem
from reconciler.spec import trial
from reconciler.spec.document import Document, Path_


def check(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of the pools' `nodes` that is seen without trying them."""
    for path, nodes, slots in _scaled(value):
        for key in sorted({"dedicated", "spot", "resizeTimeout", "nodeDeallocationOption"} & set(nodes)):
            where = (*path[:-1], key)
            yield document.problem(where, "has no meaning beside autoscale, which sets the size", at_key=True)
        yield from _formula(document, path, nodes["autoscale"], slots)
        yield from _untried(document, path, nodes["autoscale"])


def _scaled(value: Mapping[str, Any]) -> Iterator[tuple[Path_, Mapping[str, Any], int]]:
    """(path of `autoscale`, nodes, task slots) of each pool that scales."""
    for name, body in value.get("pools", {}).items():
        nodes = body["nodes"]
        if isinstance(nodes, dict) and "autoscale" in nodes:
            yield ("pools", name, "nodes", "autoscale"), nodes, body.get("taskSlotsPerNode", 1)


def _formula(document: Document, path: Path_, given: Mapping[str, Any], slots: int) -> Iterator[Problem]:
    interval = given.get("every", "PT5M")
    if "formula" in given:
        for finding in batch_autoscale.lint(given["formula"], interval):
            if finding.severity == "error":
                yield document.problem((*path, "formula"), f"{finding.place} {finding.message}; {finding.remedy}")
        return
    try:
        trial.formula(given, slots)
    except ValueError as error:
        yield document.problem(path, str(error))
    try:
        batch_autoscale.Setting(interval=interval)
    except ValueError as error:
        yield document.problem((*path, "every"), str(error))


def _untried(document: Document, path: Path_, given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is for a trial needs tasks to be tried on."""
    if "trace" in given:
        return
    if "expect" in given:
        message = "needs tasks to be tried on; set trace: FILE.csv or trace: {burst: {tasks: 200, takes: PT10M}}"
        yield document.problem((*path, "expect"), message, at_key=True)
    if "boot" in given:
        yield document.problem((*path, "boot"), "has no meaning without trace, which it is for", at_key=True)


def trials(document: Document) -> Iterator[Problem]:
    """Every expectation that a pool misses when it is tried, and every trace that it cannot be tried on.

    For documents without any other problem.
    """
    folder = Path(document.file).parent
    for path, nodes, slots in _scaled(document.value):
        given = nodes["autoscale"]
        if "trace" not in given:
            continue
        try:
            trial.trace(given, folder)
            found = trial.result(given, slots, folder) if "expect" in given else None
        except ValueError as error:
            yield document.problem((*path, "trace"), str(error))
            continue
        if found is None:
            continue
        shows = f"; to see why: reconcile autoscale simulate {document.file} --pool {path[1]}"
        for miss in batch_autoscale.missed(found, given["expect"]):
            message = f"{miss.words}; change the formula or the limit{shows}"
            yield document.problem((*path, "expect", miss.name), message)
            shows = ""


def ended(document: Document, value: Mapping[str, Any], today: date) -> Iterator[Problem]:
    """What pools and images ask for and Azure has retired by `today`."""
    for section, name, field, notice in _retirements(value):
        if notice.past(today):
            yield document.problem((section, name, field), f"{notice.sentence(today)}; {notice.remedy}")


def warnings(pools: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the linter advises about formulas that Azure would take."""
    for name, body in pools.items():
        given = body["nodes"].get("autoscale", {})
        for finding in batch_autoscale.lint(given["formula"], given.get("every", "PT5M")) if "formula" in given else ():
            if finding.severity != "error":
                yield f"pools.{name}.nodes.autoscale.formula {finding}"


def ending(value: Mapping[str, Any], today: date) -> Iterator[str]:
    """What pools and images ask for and Azure will retire after `today`."""
    for section, name, field, notice in _retirements(value):
        if not notice.past(today):
            yield f"{section}.{name}.{field}: {notice.sentence(today)}; {notice.remedy}"


def _retirements(value: Mapping[str, Any]) -> Iterator[tuple[str, str, str, retired.Retired]]:
    """Section, name and field of what is retired, or has a day on which it will be."""
    for name, body in value.get("pools", {}).items():
        asked = {
            "vmSize": retired.size(body["vmSize"]),
            "image": retired.image(_urn(body["image"])),
            "nodeAgentSkuId": retired.agent(body.get("nodeAgentSkuId") or ""),
        }
        yield from (("pools", name, field, notice) for field, notice in asked.items() if notice)
    for name, body in value.get("images", {}).items():
        if notice := retired.image(images.BASES[body["os"]].urn):
            yield "images", name, "os", notice


def _urn(image: Any) -> str:
    """publisher:offer:sku of a marketplace image, empty for others."""
    if isinstance(image, Mapping) and "publisher" not in image:
        return ""
    if isinstance(image, str) and image not in images.SHORT and ":" not in image:
        return ""
    reference = images.reference(image)
    return ":".join(reference[key] for key in ("publisher", "offer", "sku"))
