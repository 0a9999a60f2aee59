"""Secrets have no place in a spec: each is refused where it stands, without being shown, with what to do instead.

What to do depends on the place, and the schema says it there (`x-instead`, for all below). A secret of a known form is
always refused, also one that a variable brought in. One that is known by its name (`PASSWORD: ...`), and what only
looks random, may be told to be none: `notSecrets` maps its path to the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler import secret
from reconciler.errors import Problem
from reconciler.spec import schema
from reconciler.spec.document import Document, dotted
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_, Shape
from reconciler.spec.spec import Spec

EXCEPTIONS = "notSecrets"
INSTEAD = "x-instead"


def problems(document: Document) -> list[Problem]:
    """Every secret in a document, whatever its shape; and every exception that is made for nothing."""
    exceptions = _exceptions(document.value)
    places = set()
    problems = []
    for path, name, text, instead in _texts(document.value, schema.schema(), (), ""):
        places.add(dotted(path))
        form = secret.form_of(name, text)
        if form is None and secret.MARK in text:
            problems.append(document.problem(path, f"holds {secret.MARK}, which stands for a secret that was hidden"))
        elif form is not None and (form.certain or dotted(path) not in exceptions):
            problems.append(_told(document, path, f"looks like {form.name}", instead, form, name))
    for place in exceptions:
        if place not in places:
            close = nearest(place, places)
            problems.append(document.problem((EXCEPTIONS, place), f"is no text of this spec{close}", at_key=True))
    return problems


def covered(document: Document, secrets: Iterable[Problem]) -> Document:
    """The document with a mark in place of each of the secrets, so that no message about it can show one."""
    places = {problem.path for problem in secrets}
    return replace(document, value=_covered(document.value, (), places))


def _covered(value: Any, path: Path_, places: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {secret.hidden(key): _covered(item, (*path, secret.hidden(key)), places) for key, item in value.items()}
    if isinstance(value, list):
        return [_covered(item, (*path, index), places) for index, item in enumerate(value)]
    return secret.MARK if dotted(path) in places else value


def beside(problems: Iterable[Problem], secrets: list[Problem]) -> list[Problem]:
    """`problems` and `secrets`; of a place where a secret is, only that is told."""
    places = {problem.path for problem in secrets}
    return [*secrets, *(problem for problem in problems if problem.path not in places)]


def of_file(document: Document, path: Path_, file: Path) -> Iterator[Problem]:
    """Secrets in a file that the spec names at `path`, by their lines; nothing for one that cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    instead = _instead(path)
    exempt = dotted(path) in _exceptions(document.value)
    for form, start in secret.secrets(text):
        if form.certain or not exempt:
            line = text.count("\n", 0, start) + 1
            yield _told(document, path, f"line {line} of {file} looks like {form.name}", instead, form, "")


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """Each place of a spec at which something looks random, as keys do, and what to do about it."""
    exceptions = _exceptions(spec.sections)
    for path, name, text, instead in _texts(spec.sections, schema.schema(), (), ""):
        if secret.looks_random(text) and not secret.form_of(name, text) and dotted(path) not in exceptions:
            what = f"looks random, as keys and passwords do; if it is one, {instead}"
            yield path, f"{what}; if not, say so: {_exception(path)}"


def _told(document: Document, path: Path_, fault: str, instead: str, form: secret.Form, name: str) -> Problem:
    """The problem at `path`, which is shown without the secret, should a key of it be one."""
    shown = tuple(secret.hidden(part) if isinstance(part, str) else part for part in path)
    way_out = "" if form.certain else f". If it is none, say so: {_exception(shown)}"
    at = document.problem(path, f"{fault}; {instead}{way_out}", at_key=path != shown)
    return Problem(at.file, at.line, at.column, dotted(shown), at.message)


def _exception(path: Path_) -> str:
    """How a spec says that the text at `path` is none."""
    place = dotted(path)
    return f"{EXCEPTIONS}: {{{place if '[' not in place else repr(place)}: WHY}}"


def _exceptions(value: Any) -> Mapping[str, str]:
    """Path of a text that is no secret → why."""
    exceptions = value.get(EXCEPTIONS) if isinstance(value, Mapping) else None
    return exceptions if isinstance(exceptions, Mapping) else {}


def _instead(path: Path_) -> str:
    """What to do about a secret at `path`."""
    shape = schema.schema()
    instead: str = shape.get(INSTEAD, "")
    for key in path:
        shape = schema.inside(shape, key)
        instead = shape.get(INSTEAD, instead)
    return instead


def _texts(
    value: Any, shape: Shape, path: Path_, instead: str, name: str = ""
) -> Iterator[tuple[Path_, str, str, str]]:
    """Every text, and every key of a map: its path, the name that it has, the text, and what to do instead.

    A number is a text too: somebody's password may be one. The text of a script stands where its file is named.
    """
    instead = shape.get(INSTEAD, instead)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, key), "", str(key), instead
            here = (*path, "file" if key == "run" and "file" in value else key)
            called = str(value.get("name", key) if key == "value" else key) if path != (EXCEPTIONS,) else ""
            yield from _texts(item, schema.inside(shape, key), here, instead, called)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, schema.inside(shape, index), (*path, index), instead, name)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield path, "" if _refers(shape, str(value)) else name, str(value), instead


def _refers(shape: Shape, text: str) -> bool:
    """Whether it names something else in the spec, which is no secret, whatever it is called."""
    return "x-refers" in shape and re.fullmatch(shape.get("pattern", "(?!)"), text) is not None
