"""Desired against observed: the declared fields that differ, each with the rule that its kind gives it.

Both bodies are already normalised, so that equality decides. Fields that the spec does not declare are
not compared: what Azure or others add stays. A declared None asks for absence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from reconciler.model import Body, Change, Diff, Rule

Leaf = tuple[str, Any, Any]
"""The path of a value, what it is, and what it should be; None where there is none."""


def diff(rule: Callable[[str], Rule], desired: Body, observed: Body) -> Diff:
    """Every differing declared field, in path order, fields of Rule.IGNORE left out; `rule` is that of a path."""
    wanted = _plain(desired)
    live = {key: _declared(item, observed.get(key)) for key, item in desired.items()}
    if wanted == live:
        return Diff()
    changes = (
        Change(path, before, after, rule(re.sub(r"\[\d+\]", "", path))) for path, before, after in _leaves(live, wanted)
    )
    return Diff(tuple(sorted((c for c in changes if c.rule is not Rule.IGNORE), key=lambda c: c.path)))


def made(desired: Body) -> Diff:
    """Every field that a new resource will have, in path order; those that are empty are left out."""
    return Diff(tuple(Change(path, None, value, Rule.LIVE) for path, value in sorted(_filled(desired))))


def _filled(body: Body, before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in body.items():
        if isinstance(value, Mapping):
            yield from _filled(value, f"{before}{key}.")
        elif value not in (None, [], ()):
            yield f"{before}{key}", value


def _plain(value: Any) -> Any:
    """`value` with every mapping a dict and every sequence a list; absent and None are the same."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _declared(wanted: Any, live: Any) -> Any:
    """`live` cut down to the fields that `wanted` names."""
    if isinstance(wanted, Mapping) and not wanted and live is None:
        return {}
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {key: _declared(item, live.get(key)) for key, item in wanted.items()}
    if isinstance(wanted, (list, tuple)) and isinstance(live, (list, tuple)) and len(wanted) == len(live):
        return [_declared(item, there) for item, there in zip(wanted, live, strict=True)]
    return _plain(live)


def _leaves(live: Any, wanted: Any, path: str = "") -> Iterator[Leaf]:
    """Each smallest part that differs."""
    if live == wanted:
        return
    if isinstance(live, dict) and isinstance(wanted, dict):
        for key in {**live, **wanted}:
            yield from _leaves(live.get(key), wanted.get(key), f"{path}.{key}" if path else key)
    elif isinstance(live, list) and isinstance(wanted, list):
        yield from _items(live, wanted, path)
    else:
        yield path, live, wanted


def _items(live: list[Any], wanted: list[Any], path: str) -> list[Leaf]:
    """What differs in a list, item by item; or, where items are plain, what came and what went, if that is less."""
    changes = list(_paired(live, wanted, path))
    if len(changes) < 2 or any(isinstance(item, (dict, list)) for item in (*live, *wanted)):
        return changes
    moved = [
        leaf
        for tag, begin, end, start, stop in SequenceMatcher(None, live, wanted, autojunk=False).get_opcodes()
        if tag != "equal"
        for leaf in _paired(live[begin:end], wanted[start:stop], path, begin, start)
    ]
    return _joined(moved) if len(moved) < len(changes) else changes


def _joined(leaves: list[Leaf]) -> list[Leaf]:
    """The same, with what went from a place and what came to it as one."""
    went = {path for path, _, after in leaves if after is None}
    came = {path: after for path, before, after in leaves if before is None}
    return [
        (path, before, came.get(path) if after is None else after)
        for path, before, after in leaves
        if not (before is None and after is not None and path in went)
    ]


def _paired(live: list[Any], wanted: list[Any], path: str, begin: int = 0, start: int = 0) -> Iterator[Leaf]:
    """What differs between items at the same places, and those that only one has; they begin there in their lists."""
    both = min(len(live), len(wanted))
    for index in range(both):
        yield from _leaves(live[index], wanted[index], f"{path}[{begin + index}]")
    for index in range(both, len(live)):
        yield f"{path}[{begin + index}]", live[index], None
    for index in range(both, len(wanted)):
        yield f"{path}[{start + index}]", None, wanted[index]
