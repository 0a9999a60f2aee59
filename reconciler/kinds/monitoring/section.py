"""The section `monitoring` of a spec: its short forms, and checks that no schema can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.azure.monitor import CATEGORIES
from reconciler.errors import Problem
from reconciler.kinds.monitoring import alerts, kql, wanted
from reconciler.kinds.monitoring.presets import PRESETS
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

HERE = wanted.SECTION
TYPES = {
    "batchAccount": "Microsoft.Batch/batchAccounts",
    "storage": "Microsoft.Storage/storageAccounts",
    "registries": "Microsoft.ContainerRegistry/registries",
}


def spell(section: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Presets and what they lack, categories in a map, `true` as all that is usual."""
    spelled = dict(section)
    presets = section.get("presets", {})
    if isinstance(presets, list):
        spelled["presets"] = {name: {} if name in presets else False for name in PRESETS}
    else:
        spelled["presets"] = {name: said if said is False else _whole(said) for name, said in presets.items()}
    if "logs" in section:
        logs = (section["logs"] or {}).items()
        spelled["logs"] = {place: {"categories": said} if isinstance(said, list) else said for place, said in logs}
    if "serviceHealth" in section and section["serviceHealth"] is not False:
        spelled["serviceHealth"] = _whole(section["serviceHealth"])
    return spelled


def _whole(said: Any) -> dict[str, Any]:
    return {} if said in (True, None) else dict(said)


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    section = spec.sections.get(HERE)
    if section is None:
        return
    if spec.batch_account is None:
        yield document.problem((HERE,), "is about a Batch account, and the spec has none; write batchAccount:")
        return
    yield from _workspace(document, spec, section)
    yield from _logs(document, spec, section)
    yield from _notify(document, section)
    yield from _names(document, spec, section)
    yield from alerts.problems(document, spec, section)


def _workspace(document: Document, spec: Spec, section: wanted.Monitoring) -> Iterator[Problem]:
    known = tuple(spec.sections.get(wanted.WORKSPACES, {}))
    if "workspace" not in section and len(known) > 1:
        said = " or ".join(f"{wanted.WORKSPACES}/{name}" for name in known)
        yield document.problem((HERE,), f"has no workspace, and the spec has several; write workspace: {said}")
    if wanted.workspace(spec):
        return
    why = "needs a workspace, and this has none; take workspace: none out"
    for name, preset in PRESETS.items():
        if preset.query and isinstance(section["presets"].get(name), Mapping):
            yield document.problem((HERE, "presets", name), f"{why}, or this", at_key=True)
    for part in ("logs", "scheduledQueryRules"):
        for name in section.get(part, ()):  # type: ignore[attr-defined]
            yield document.problem((HERE, part, name), f"{why}, or this", at_key=True)


def _logs(document: Document, spec: Spec, section: wanted.Monitoring) -> Iterator[Problem]:
    for place, logs in section.get("logs", {}).items():
        part, _, name = place.partition("/")
        if part not in TYPES:
            continue  # the schema tells what there is
        there = spec.sections.get(part, {})
        path: Path_ = (HERE, "logs", place)
        if name and name not in there:
            close = nearest(place, [f"{part}/{one}" for one in there])
            yield document.problem(path, f"there is no {place} in this spec{close}", at_key=True)
        short = not document.says((*path, "categories"))
        for index, category in enumerate(logs.get("categories", ())):
            if category not in (known := (*CATEGORIES[TYPES[part]], "AllMetrics")):
                where = (*path, index) if short else (*path, "categories", index)
                ways = f"{', '.join(known)}{nearest(category, known)}"
                yield document.problem(where, f"is no category of {part}: {category}; it can be {ways}")


def _notify(document: Document, section: wanted.Monitoring) -> Iterator[Problem]:
    for name, group in section["notify"].items():
        path = (HERE, "notify", name)
        if not group["mail"] and not group["webhooks"]:
            yield document.problem(path, "reaches nobody; write mail: or webhooks: there", at_key=True)
        called = [str(next(iter(one.values()))).partition("/secrets/")[2] or str(next(iter(one.values())))
                  for one in group["webhooks"]]  # fmt: skip
        for index, one in enumerate(called):
            if one in called[:index]:
                message = f"{one} is the name of two webhooks; give the secrets other names"
                yield document.problem((*path, "webhooks", index), message)


def _names(document: Document, spec: Spec, section: wanted.Monitoring) -> Iterator[Problem]:
    """Alerts of one's own under the names of presets, which Azure compares without case."""
    presets = {name.lower(): name.partition("-")[2] for name, _, _ in wanted.chosen(spec)}
    for part in ("metricAlerts", "scheduledQueryRules"):
        for name in section[part]:
            if preset := presets.get(name.lower()):
                message = f"is the name of the preset {preset}; choose another, or write presets: {{{preset}: false}}"
                yield document.problem((HERE, part, name), message, at_key=True)


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    section = wanted.section(spec)
    if section is None:
        return
    if not section["notify"]:
        yield (HERE,), "tells nobody: alerts are seen in the portal only; write notify: {ops: {mail: [NAME@DOMAIN]}}"
    for name, rule in section["scheduledQueryRules"].items():
        for words in filter(None, (kql.unknown_table(rule["query"]), kql.unknown_operator(rule["query"]))):
            yield (HERE, "scheduledQueryRules", name, "query"), words
    yield from alerts.advice(section)


SECTION = Section(key=HERE, spell=spell, check=check, advice=advice)
