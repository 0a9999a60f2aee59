"""From a spec to that of its preview: its work on pools of its own, and all else as it is live. Pure.

What the preview makes has the preview's name at the end and its owner mark, which expires: pools, jobs, and containers
in place of those that the work writes. Everything else is `existing: true`, so it is neither changed nor deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from reconciler.errors import Refused, WrongUsage
from reconciler.spec import existing, jobs, schema
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.family import Sections
from reconciler.spec.previews import LONGEST_CONTAINER, Preview, fault
from reconciler.spec.schema import Shape
from reconciler.spec.spec import Spec

WORK = ("pools", "jobs")
"""The sections of which a preview has its own."""


def preview(spec: Spec, sections: Sections, name: str, sample: int, seconds: int) -> Preview:
    """The preview of a spec. WrongUsage for a name that cannot be, Refused if the spec has no work to be tried."""
    if reason := fault(name):
        raise WrongUsage(f"--name {name!r} {reason}")
    if not any(map(jobs.works, spec.jobs.values())):
        raise Refused(f"{spec.file} has no work that could be tried: none of its jobs has tasks or convert")
    bare = Preview(name, sample, seconds, spec)
    places = {place for job in _working(spec).values() for place in filled(sections, job)}
    return replace(bare, own={place: bare.filling(place) for place in sorted(places)})


def owner(spec: Spec, name: str) -> str:
    """The owner mark of a preview of a spec."""
    return Preview(name, 1, 0, spec).named(spec.name, LONGEST_CONTAINER)


def filled(sections: Sections, job: Mapping[str, Any]) -> dict[str, bool]:
    """The containers that a job writes to, and whether it is results that it writes there."""
    return {place: results for section in sections for place, results in section.fills(job).items()}


def left_out(spec: Spec) -> list[str]:
    """The jobs that a preview lacks, as nothing of them ends: those without work, and of schedules."""
    return [name for name in spec.jobs if name not in _working(spec)]


def derived(preview: Preview, sections: Sections, expires: str) -> Spec:
    """The spec of a preview. SpecError for what it cannot say, which is a limit of previews."""
    value = document(preview, sections)
    spec = checked(Document(preview.spec.file, value), sections, trying=False)
    return replace(spec, expires=expires)


def bare(spec: Spec, owner: str, sections: Sections) -> Spec:
    """All that a spec has, used and not owned, and nothing else: what others left there is seen from here."""
    value = {**_around(spec, Preview("", 1, 0, spec)), "name": owner}
    return checked(Document(spec.file, value), sections, trying=False)


def document(preview: Preview, sections: Sections) -> dict[str, Any]:
    """The spec of a preview as it would be written."""
    spec, own = preview.spec, {}
    for key, entries in (("jobs", _working(spec)), ("pools", spec.pools)):
        own[key] = {preview.named(name): _made(sections, key, name, entry, preview) for name, entry in entries.items()}
    used = set(_references(own["jobs"], _shape("jobs")))
    own["pools"] = {name: pool for name, pool in own["pools"].items() if f"pools/{name}" in used}
    value = {**_around(spec, preview), **{key: _said(own[key], _shape(key)) for key in WORK}}
    _keep_referred(value)
    return value


def _working(spec: Spec) -> dict[str, Any]:
    """The jobs with work; they depend on such only."""
    return {name: job for name, job in spec.jobs.items() if jobs.works(job)}


def _made(sections: Sections, key: str, name: str, entry: Any, preview: Preview) -> dict[str, Any]:
    made: dict[str, Any] = deepcopy(dict(entry))
    for section in sections:
        if section.key == key:
            made = section.preview(name, made, preview)
    return made


def _around(spec: Spec, preview: Preview) -> dict[str, Any]:
    """All but the work, as it is used without being owned, with the containers of the preview."""
    azure = spec.azure
    value: dict[str, Any] = {
        "apiVersion": spec.sections["apiVersion"],
        "name": owner(spec, preview.name),
        "azure": {
            "cloud": azure.cloud,
            "subscription": azure.subscription,
            "location": azure.location,
            "resourceGroup": azure.resource_group,
            "tags": dict(azure.tags),
            "existing": True,
        },
    }
    for key, part in spec.sections.items():
        shape = _shape(key)
        if key in WORK or key == "azure" or not isinstance(part, Mapping):
            continue
        if schema.named(key) and "x-beside" in schema.kind_of(key)[1]:
            inner = schema.kind_of(key)[1]
            lent = {name: _lent(entry, inner) for name, entry in part.items()}
            value[key] = {name: entry for name, entry in lent.items() if set(inner.get("required", ())) <= set(entry)}
        elif "x-beside" in shape:
            value[key] = _lent(part, shape)
    for place in preview.own.values():
        section, account, name = place.split("/")
        value[section][account]["containers"][name] = {}
    if "notSecrets" in spec.sections:
        value["notSecrets"] = deepcopy(spec.sections["notSecrets"])
    return value


def _shape(key: str) -> Shape:
    shape: Shape = schema.schema()["properties"].get(key, {})
    return shape


def _lent(entry: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """An entry as what it says is of others: how it is named, where it is, and what in it can be of others too."""
    lent: dict[str, Any] = {"existing": True, **{key: entry[key] for key in existing.ELSEWHERE if key in entry}}
    for key in (key for key in shape["x-beside"] if key in entry):
        inner = schema.inside(shape, key).get("additionalProperties")
        if isinstance(inner, Mapping) and "x-beside" in inner:
            lent[key] = {name: _lent(part or {}, inner) for name, part in entry[key].items()}
        elif isinstance(entry[key], str):
            lent[key] = entry[key]
    return lent


def _said(value: Any, shape: Shape) -> Any:
    """A copy of a value without what all have by default, so that nothing is said that nobody has said."""
    if isinstance(value, list | tuple):
        return [_said(item, schema.inside(shape, index)) for index, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    usual = {key: part["default"] for key, part in shape.get("properties", {}).items() if "default" in part}
    bare = {key: _said(item, schema.inside(shape, key)) for key, item in value.items()}
    plain = {key: schema.filled(default, schema.inside(shape, key)) for key, default in usual.items()}
    return {key: item for key, item in bare.items() if key not in plain or value[key] != plain[key]}


def _keep_referred(value: dict[str, Any]) -> None:
    """Leave out what nothing in the preview refers to: it need not be there."""
    texts = {text for key in WORK for text in _references(value[key], _shape(key))}
    for key in [key for key in value if schema.named(key) and key not in WORK]:
        value[key] = {name: entry for name, entry in value[key].items() if _among(f"{key}/{name}", texts)}
        for name, entry in value[key].items():
            for part, inner in entry.items():
                if isinstance(inner, dict):
                    entry[part] = {each: what for each, what in inner.items() if f"{key}/{name}/{each}" in texts}


def _references(value: Any, shape: Shape) -> Iterator[str]:
    for _, text, part in schema.walk(value, shape):
        if "x-refers" in part and isinstance(text, str):
            yield text


def _among(name: str, texts: set[str]) -> bool:
    return any(text == name or text.startswith(f"{name}/") for text in texts)
