"""What no schema can say of pools: autoscale formulas, settings that exclude each other, and what Azure retires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from reconciler import autoscale, images, retired
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


def ended(document: Document, value: Mapping[str, Any], today: date) -> Iterator[Problem]:
    """What pools and images ask for and Azure has retired by `today`."""
    for section, name, field, notice in _retirements(value):
        if notice.past(today):
            yield document.problem((section, name, field), f"{notice.sentence(today)}; {notice.remedy}")


def warnings(pools: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the linter advises about formulas that Azure would take."""
    for name, body in pools.items():
        given = body["nodes"].get("autoscale", {})
        for finding in autoscale.lint(given["formula"], given.get("every", "PT5M")) if "formula" in given else ():
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
