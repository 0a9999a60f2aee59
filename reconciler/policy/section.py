"""The section `policy` of a spec, checked beyond its shape; expressions are tried apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.errors import Problem
from reconciler.policy import checks
from reconciler.policy.policy import KEY
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.spec import Spec


def section(kinds: Iterable[str]) -> Section:
    """`kinds` are the names that a policy may use."""
    known = tuple(kinds)

    def check(document: Document, spec: Spec) -> Iterator[Problem]:
        yield from checks.problems(document, document.value.get(KEY), (KEY,), known)

    def trial(document: Document, spec: Spec) -> Iterator[Problem]:
        yield from checks.untried(document, document.value.get(KEY), (KEY,))

    return Section(key=KEY, check=check, trial=trial)
