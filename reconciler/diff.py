"""Desired against observed: the declared fields that differ, each with the rule that its kind gives it.

Both bodies are already normalised, so that equality decides. Fields that the spec does not declare are
not compared: what Azure or others add stays. A declared None asks for absence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model import Body, Change, Diff, Rule


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


def _leaves(live: Any, wanted: Any) -> list[tuple[str, Any, Any]]:
    """(path, before, after) of each smallest differing part."""
    from deepdiff import DeepDiff  # 0.2 s of import that a command without a diff need not pay

    # Without threshold_to_diff_deeper=0 it reports mappings with little in common as one change.
    tree = DeepDiff(live, wanted, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    return [
        (_dotted(level.path(output_format="list")), _present(level.t1), _present(level.t2))
        for levels in tree.values()
        for level in levels
    ]


def _dotted(parts: list[Any]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def _present(value: Any) -> Any:
    from deepdiff.helper import notpresent

    return None if value is notpresent else value
