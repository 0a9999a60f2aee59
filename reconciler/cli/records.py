"""Records that other programs read, such as `image_metadata.json`: which there are, and what they hold, kinds say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reconciler.errors import Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.kind import Kind
    from reconciler.model import Address, Desired
    from reconciler.spec import Spec


def kind_of(option: str) -> Kind:
    """The kind whose record is asked for by this name. UsageError names those that there are."""
    from reconciler.kinds import KINDS

    kinds = {kind.record.option: kind for kind in KINDS.values() if kind.record}
    if option not in kinds:
        raise click.BadParameter(f"{option!r} is not one of text, json, {', '.join(kinds)}", param_hint="--format")
    return kinds[option]


def one(spec: Spec, cloud: Cloud, kind: Kind, name: str | None) -> dict[str, Any]:
    """The record of one resource. Refused where it is not live, or where there is no telling which is meant."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    assert kind.record is not None
    names = _names(spec, kind)
    if name is None and len(names) != 1:
        raise Refused(f"say which {kind.record.noun} with --name; {spec.file} has {', '.join(names) or 'none'}")
    name = name or names[0]
    if name not in names:
        raise Refused(f"{spec.file} has no {kind.record.noun} {name}; it has {', '.join(names) or 'none'}")
    return _made(spec, resolve(spec, cloud, KINDS), cloud, kind, name)


def write(spec: Spec, desired: Mapping[Address, Desired], cloud: Cloud) -> None:
    """Write the records that the spec asks for, where what they tell of is live."""
    from reconciler.kinds import KINDS

    for kind in KINDS.values():
        if kind.record is None or kind.record.key not in spec.outputs:
            continue
        try:
            made = [_made(spec, desired, cloud, kind, name) for name in _names(spec, kind)]
        except Refused:
            continue
        target = spec.folder / spec.outputs[kind.record.key]
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f"{target.name}.new")
        new.write_text(json.dumps(made[0] if len(made) == 1 else made, indent=2) + "\n")
        new.replace(target)


def _names(spec: Spec, kind: Kind) -> list[str]:
    """What the spec calls its resources of this kind."""
    return [desired.address.name for desired in kind.expand(spec)]


def _made(spec: Spec, desired: Mapping[Address, Desired], cloud: Cloud, kind: Kind, name: str) -> dict[str, Any]:
    from reconciler.cloud.errors import reading
    from reconciler.model import Address

    assert kind.record is not None
    wanted = desired[Address(kind.name, name)]
    with reading(f"the {kind.one} {name}"):
        return kind.record.make(cloud, spec, wanted, kind.observe(cloud, wanted))
