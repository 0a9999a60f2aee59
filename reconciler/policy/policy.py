"""A policy: rules and exceptions to them, of an organisation or of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.spec.document import Place, dotted
from reconciler.spec.schema import Path_
from reconciler.verdict import Level

KEY = "policy"
"""The key of a spec under which its own policy stands."""


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
