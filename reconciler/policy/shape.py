"""Whether a file has the shape of a policy, in the words that faults of a spec are told in."""

from __future__ import annotations

import json
from functools import cache

from reconciler.errors import Problem
from reconciler.files import folder
from reconciler.spec import shape
from reconciler.spec.document import Document
from reconciler.spec.schema import Shape


@cache
def written() -> Shape:
    loaded: Shape = json.loads((folder("schemas") / "policy.schema.json").read_text())
    return loaded


def problems(document: Document) -> list[Problem]:
    return shape.problems(document, shape.faults(document.value, written()))
