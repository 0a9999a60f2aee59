"""Which tasks of another entry a task depends on: all, or those whose values are as `where` says. Pure.

In `where`, the name of a value has what it must be: a text, in which `{{name}}` stands for a value of the task that
depends on it; a list of texts and numbers; or a range `{from, to}` of numbers, both ends included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.kinds.tasks import command, sweep
from reconciler.spec.tasks import Need

Values = Mapping[str, str]


class Choice:
    """The tasks of the entry `name` that are meant, told one after another.

    fixed   values that are the same for all that depend on them → whether a text fits
    asked   values that depend on the task that depends on them → the text with `{{...}}`
    """

    def __init__(self, need: Need) -> None:
        self.name, self.where = need.name, need.where
        self.asked = {name: str(what) for name, what in need.where.items() if command.PLACE.search(str(what))}
        self.fixed = {name: _fits(what) for name, what in need.where.items() if name not in self.asked}
        self.ids: dict[tuple[str, ...], list[str]] = {}

    def add(self, task: str, values: Values) -> None:
        """Tell of a task of the entry: its id and its values."""
        if all(fits(values[name]) for name, fits in self.fixed.items()):
            self.ids.setdefault(tuple(values[name] for name in self.asked), []).append(task)

    def of(self, values: Values) -> list[str]:
        """The ids of those that a task with these values depends on."""
        return self.ids.get(tuple(self._asked(values).values()), [])

    def lacking(self, values: Values) -> str:
        """What is said if a task with these values depends on none; empty if there are some, or all are meant."""
        if not self.where or self.of(values):
            return ""
        asked = self._asked(values)
        told = ", ".join(f"{name}: {asked.get(name) or _told(what)}" for name, what in self.where.items())
        return f"no task of {self.name} has {told}"

    def _asked(self, values: Values) -> dict[str, str]:
        return {
            name: command.PLACE.sub(lambda match: values[match.group(1)], text) for name, text in self.asked.items()
        }


def _told(what: Any) -> str:
    if isinstance(what, Mapping):
        return f"{what['from']} to {what['to']}"
    return " or ".join(map(sweep.text, what)) if isinstance(what, list) else sweep.text(what)


def _fits(what: Any) -> Callable[[str], bool]:
    if not isinstance(what, Mapping):
        return frozenset(map(sweep.text, what if isinstance(what, list) else [what])).__contains__
    least, most = Decimal(str(what["from"])), Decimal(str(what["to"]))

    def between(text: str) -> bool:
        try:
            return least <= Decimal(text) <= most
        except InvalidOperation:
            return False

    return between
