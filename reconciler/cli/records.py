"""Records that other programs read, such as `image_metadata.json`; kinds define which there are and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import naming
from reconciler.errors import ReconcileError, Refused
from reconciler.files import write_whole
from reconciler.secret import hidden

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Kind
    from reconciler.model import Address, Desired
    from reconciler.spec import Spec


def kind_of(option: str) -> Kind:
    """The kind whose record has this name on the command line. BadParameter, with the known names, if there is none."""
    from reconciler.kinds import KINDS

    kinds = {kind.record.option: kind for kind in KINDS.values() if kind.record}
    if option not in kinds:
        raise click.BadParameter(f"{option!r} is not one of text, json, {', '.join(kinds)}", param_hint="--format")
    return kinds[option]


def record(spec: Spec, cloud: Cloud, kind: Kind, name: str | None) -> dict[str, Any]:
    """The record of a resource. Refused if it is not live, UsageError if the spec has several and `name` is None."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    assert kind.record is not None
    name = naming.named(spec, name, _names(spec, kind), kind.record.noun, "--name")
    return _document(spec, resolve(spec, cloud, KINDS), cloud, kind, name)


def write(spec: Spec, desired: Mapping[Address, Desired], cloud: Cloud) -> None:
    """Write the records that the spec asks for, if the resources that they are about are live."""
    from reconciler.kinds import KINDS

    for kind in KINDS.values():
        if kind.record is None or kind.record.key not in spec.outputs:
            continue
        try:
            documents = [_document(spec, desired, cloud, kind, name) for name in _names(spec, kind)]
        except Refused:
            continue
        target = spec.folder / spec.outputs[kind.record.key]
        text = hidden(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2)) + "\n"
        try:
            write_whole(target, text)
        except OSError as error:
            raise ReconcileError(f"cannot write {target}: {error.strerror or error}; see outputs in the spec") from None


def _names(spec: Spec, kind: Kind) -> list[str]:
    """The names of the spec's resources of this kind."""
    return [desired.address.name for desired in kind.expand(spec)]


def _document(spec: Spec, desired: Mapping[Address, Desired], cloud: Cloud, kind: Kind, name: str) -> dict[str, Any]:
    from reconciler.cloud.errors import reading
    from reconciler.model import Address

    assert kind.record is not None
    resource = desired[Address(kind.name, name)]
    if resource.unreadable:
        raise Refused(resource.unreadable)
    with reading(f"the {kind.one} {name}"):
        return kind.record.make(cloud, spec, resource, kind.observe(cloud, resource))
