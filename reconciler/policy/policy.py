"""A policy: rules and exceptions to them, from a file of an organisation or from the section `policy` of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.errors import PolicyError, SpecError
from reconciler.policy import checks, shape
from reconciler.spec import schema
from reconciler.spec.document import Place, dotted
from reconciler.spec.reading import read as read_yaml
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec
from reconciler.verdict import Level

KEY = "policy"
"""The key of a spec under which its own policy stands."""
STARTS = "a policy is a map that starts with apiVersion: reconciler-policy/v1"


@dataclass(frozen=True, slots=True)
class Exempt:
    """What a rule does not hold for until the end of a day; `address` may have wildcards."""

    name: str
    address: str
    rule: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules and exceptions in one form, with every default. An exception holds for rules of the same policy only.

    `own`: it is that of the spec, and about this spec alone. `places` are where its parts stand, if that is known.
    """

    file: str
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    written: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    exempt: tuple[Exempt, ...] = ()
    own: bool = False
    places: Mapping[Path_, Place] = field(default_factory=dict)

    def level(self, rule: str) -> Level:
        return Level((self.rules.get(rule) or self.written[rule])["level"])

    def place(self, rule: str) -> str:
        """Where a rule stands: `org.yaml:3`, or `specs/a.yaml policy.rules.tags`."""
        path: Path_ = ("rules" if rule in self.rules else "own", rule)
        place = self.places.get(path)
        return f"{place.file}:{place.line}" if place else f"{self.file} {dotted((KEY, *path))}"


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
