"""The section `identities` of a spec: checks that each role is known and given once, and each credential too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.sections import FederatedCredential
from reconciler.spec.spec import Spec


def _credentials(document: Document, identity: str, credentials: Sequence[FederatedCredential]) -> Iterator[Problem]:
    """Names are compared without case, issuers and subjects with it, as Azure does."""
    names: set[str] = set()
    whose: set[tuple[str, str]] = set()
    for index, credential in enumerate(credentials):
        path = ("identities", identity, "federatedCredentials", index)
        who = (credential["issuer"], credential["subject"])
        if credential["name"].lower() in names:
            yield document.problem((*path, "name"), f"{credential['name']!r} is given twice; choose another")
        if who in whose:
            text = "another one of this identity has this issuer and subject; Azure takes them once, so take one out"
            yield document.problem(path, text)
        names.add(credential["name"].lower())
        whose.add(who)


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, identity in spec.identities.items():
        for index, role in enumerate(identity["roles"]):
            path = ("identities", name, "roles", index)
            if reason := roles.unknown(role["role"]):
                yield document.problem((*path, "role"), f"{role['role']!r} {reason}")
            if role in identity["roles"][:index]:
                yield document.problem(path, "is given twice")
        yield from _credentials(document, name, identity["federatedCredentials"])


SECTION = Section(key="identities", check=check)
