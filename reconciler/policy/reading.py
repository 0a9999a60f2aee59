"""Policies as they are written: in a file of an organisation, or in the section `policy` of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.errors import PolicyError, SpecError
from reconciler.policy import checks, shape
from reconciler.policy.policy import KEY, Exempt, Policy
from reconciler.spec import schema
from reconciler.spec.document import Place
from reconciler.spec.reading import read as read_yaml
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

STARTS = "a policy is a map that starts with apiVersion: reconciler-policy/v1"


def read(path: Path, kinds: Iterable[str]) -> Policy:
    """The policy in a file. PolicyError carries every problem of it at once, each with its place."""
    try:
        document = read_yaml(path, None, STARTS)
    except SpecError as error:
        raise PolicyError(list(error.problems)) from None
    problems = list(document.problems)
    problems += shape.problems(document)
    problems += checks.problems(document, document.value, (), kinds)
    problems = problems or list(checks.untried(document, document.value, ()))
    if problems:
        raise PolicyError(list(dict.fromkeys(problems)))
    return _made(str(path), schema.filled(document.value, shape.written()), document.keys)


def of_spec(spec: Spec) -> Iterator[Policy]:
    """The policy of a spec itself, if it has one."""
    if section := spec.sections.get(KEY):
        yield _made(spec.file, section, {}, own=True)


def _made(file: str, value: Mapping[str, Any], places: Mapping[Path_, Place], *, own: bool = False) -> Policy:
    exempt = tuple(
        Exempt(name, entry["address"], entry["rule"], entry["reason"], date.fromisoformat(entry["expires"]))
        for name, entry in (value.get("exceptions") or {}).items()
    )
    return Policy(file, value.get("rules") or {}, value.get("own") or {}, exempt, own, places)
