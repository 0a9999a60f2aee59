"""Makes a Spec of a document that has the right shape: every entry in one form, every default filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconciler.model import Address
from reconciler.spec import existing, schema
from reconciler.spec.document import Document
from reconciler.spec.family import Sections
from reconciler.spec.spec import Spec, Target


def built(document: Document, sections: Sections) -> Spec:
    """The spec of a document whose shape is right. References may still point to nothing."""
    value = schema.filled(_spelled(document, sections))
    azure = value["azure"]
    subscription = azure.get("subscription", "")  # that it is missing is a problem of its own
    return Spec(
        name=value["name"],
        file=document.file,
        azure=Target(
            cloud=azure["cloud"],
            subscription=subscription,
            location=azure["location"].replace(" ", "").lower(),
            resource_group=azure["resourceGroup"],
            tags=azure["tags"],
            protect=azure["protect"],
            existing=existing.places(value, azure["resourceGroup"], subscription),
        ),
        sections=value,
        adopt=frozenset((*map(Address.parse, value.get("adopt", [])), *_adopted(value))),
    )


def _spelled(document: Document, sections: Sections) -> dict[str, Any]:
    """The document with each entry of its sections in the form that kinds read."""
    value, folder = dict(document.value), Path(document.file).parent
    for section in sections:
        part = value.get(section.key)
        if part is not None and schema.named(section.key):
            value[section.key] = {name: section.spell(dict(entry or {}), folder) for name, entry in part.items()}
        elif part is not None:
            value[section.key] = section.spell(dict(part), folder)
    for section in sections:
        value = section.gives(value)
    return value


def _adopted(value: Mapping[str, Any]) -> Iterable[Address]:
    """Resources whose own entry says that they are taken over if they exist already."""
    for key in filter(schema.named, value):
        for name, entry in value[key].items():
            if entry.get("onExisting") == "adopt":
                yield Address(schema.kind_of(key)[0], name)
