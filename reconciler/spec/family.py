"""What a family of kinds adds to the schema for a section of a spec: short forms, and checks that no schema can say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.azure.retired import Retired
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.previews import Preview
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

Check = Callable[[Document, Spec], Iterable[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a spec, as its family reads and checks it. Where the schema says everything, none is needed.

    key       of the section in a spec
    spell     an entry in any of its forms → in the one form that kinds read, before defaults are filled in; relative
              paths in it start at the given folder
    gives     the whole document in those forms → the same with what an entry of it means for other sections
    check     problems: the document gives their places, the spec the values; dangling references are reported already
    trial     problems that take time to find; called only if there is no other problem
    retiring  what Azure retires, or has retired, each with its place
    advice    what is allowed but not wise, each with its path
    files     local files and folders whose content it asks for, beside what the spec itself says; seen from its folder
    preview   name and entry, with every default → how it stands in a preview: of a few items, and without consequences
    fills     the containers that the work of an entry writes to: storage/ACCOUNT/CONTAINER → whether it is results
              that it writes there, rather than what it needs on the way
    """

    key: str
    spell: Callable[[dict[str, Any], Path], dict[str, Any]] = lambda entry, folder: entry
    gives: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    check: Check = lambda document, spec: ()
    trial: Check = lambda document, spec: ()
    retiring: Callable[[Spec], Iterable[tuple[Path_, Retired]]] = lambda spec: ()
    advice: Callable[[Spec], Iterable[tuple[Path_, str]]] = lambda spec: ()
    files: Callable[[Spec], Iterable[str]] = lambda spec: ()
    preview: Callable[[str, dict[str, Any], Preview], dict[str, Any]] = lambda name, entry, preview: entry
    fills: Callable[[Mapping[str, Any]], Mapping[str, bool]] = lambda entry: {}


Sections = tuple[Section, ...]
