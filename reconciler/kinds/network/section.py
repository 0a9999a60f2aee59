"""The sections `network` and `networks` of a spec: the short form, subnets by name in other sections, and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.network import checks, placing, private, reach
from reconciler.spec import networks
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.spec import Spec


def gives(value: Mapping[str, Any]) -> dict[str, Any]:
    return placing.given(private.given(value))


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    yield from checks.check(document, spec)
    yield from reach.check(document, spec)


SECTION = Section(key=networks.SECTION, gives=gives, check=check, advice=reach.advice)
