"""The section `identities` of a spec: checks that each role is known and given once."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, identity in spec.identities.items():
        for index, role in enumerate(identity["roles"]):
            path = ("identities", name, "roles", index)
            if reason := roles.unknown(role["role"]):
                yield document.problem((*path, "role"), f"{role['role']!r} {reason}")
            if role in identity["roles"][:index]:
                yield document.problem(path, "is given twice")


SECTION = Section(key="identities", check=check)
