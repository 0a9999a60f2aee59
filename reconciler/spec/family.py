"""What a family of kinds adds to the schema for a section of a spec: short forms, and checks that no schema can say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.azure.retired import Retired
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

Check = Callable[[Document, Spec], Iterable[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a spec, as its family reads and checks it. A section that its schema says all of needs none.

    key       of the section in a spec
    spell     an entry in any of its forms → in the one form that kinds read, before defaults are filled in; what it
              names by a relative path is seen from the given folder
    check     what is wrong, by the document for places and the spec for values; what refers to nothing is told already
    trial     what is wrong that takes time to find; only asked for where nothing else is
    retiring  the place of what Azure retires, or has retired
    advice    what is allowed but not wise
    """

    key: str
    spell: Callable[[dict[str, Any], Path], dict[str, Any]] = lambda entry, folder: entry
    check: Check = lambda document, spec: ()
    trial: Check = lambda document, spec: ()
    retiring: Callable[[Spec], Iterable[tuple[Path_, Retired]]] = lambda spec: ()
    advice: Callable[[Spec], Iterable[str]] = lambda spec: ()


Sections = tuple[Section, ...]
