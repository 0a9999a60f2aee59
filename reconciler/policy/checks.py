"""What is wrong with a policy that no schema can say: expressions, kinds, dates, and exceptions to no rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from reconciler.errors import Problem
from reconciler.policy import running
from reconciler.policy.matching import WILD
from reconciler.spec.document import Document
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_

LIMITS = {"nodes": ("maxPerPool", "maxTotal"), "budget": ("maxMonthly", "maxChange")}
"""Rules that need one of these keys at least."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def problems(document: Document, value: Any, at: Path_, kinds: Iterable[str]) -> Iterator[Problem]:
    """`value` is the policy that stands at `at` of a document; what has not the right shape is passed over."""
    rules, own = _map(value, "rules"), _map(value, "own")
    yield from _names(document, rules, at, list(kinds))
    for name, keys in LIMITS.items():
        if name in rules and not any(key in _map(rules, name) for key in keys):
            words = f"limits nothing; write {' or '.join(keys)}, or both"
            yield document.problem((*at, "rules", name), words, at_key=True)
    for name in own:
        if isinstance(schema := _map(own, name).get("schema"), dict):
            yield from _schema(document, schema, (*at, "own", name, "schema"))
        if name in rules:
            yield document.problem((*at, "own", name), "is the name of a built-in rule; use another", at_key=True)
    for name in _map(value, "exceptions"):
        entry = _map(_map(value, "exceptions"), name)
        yield from _exception(document, entry, (*at, "exceptions", name), [*rules, *own], list(kinds))


def untried(document: Document, value: Any, at: Path_) -> Iterator[Problem]:
    """Expressions that are no CEL; nothing where no package for it is installed."""
    own = _map(value, "own")
    paths = {(*at, "own", name, "cel"): _map(own, name).get("cel") for name in own}
    written = {path: text for path, text in paths.items() if isinstance(text, str)}
    try:
        answers = running.ask({}, [{"compile": text} for text in written.values()])
    except running.NoCel:
        return
    for path, answer in zip(written, answers, strict=True):
        if isinstance(answer, str):
            yield document.problem(path, f"is no expression in CEL: {_first(answer)}")


def _first(error: str) -> str:
    """What is wrong, and where in the expression, without the text of it."""
    found = re.search(r"<input>:(\d+):(\d+): (.*)", error)
    return f"line {found[1]}, column {found[2]} of it: {found[3]}" if found else error


def _names(document: Document, rules: Mapping[str, Any], at: Path_, kinds: list[str]) -> Iterator[Problem]:
    for kind, pattern in _map(_map(rules, "names"), "patterns").items():
        here = (*at, "rules", "names", "patterns", kind)
        if kind not in kinds:
            yield document.problem(
                here, f"is no kind{nearest(kind, kinds)}; kinds are what addresses begin with", at_key=True
            )
        if isinstance(pattern, str) and (why := _fault(partial(re.compile, pattern))):
            yield document.problem(here, f"is no regular expression: {why}")


def _schema(document: Document, schema: Mapping[str, Any], at: Path_) -> Iterator[Problem]:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        yield document.problem((*at, *error.absolute_path), f"is no JSON Schema: {error.message[:200]}")
    for path, reference in _references(schema, at):
        if not str(reference).startswith("#"):
            words = f"refers to {reference}, and nothing is fetched; write it here under $defs: '#/$defs/NAME'"
            yield document.problem(path, words)


def _references(schema: Any, at: Path_) -> Iterator[tuple[Path_, Any]]:
    parts = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, part in parts:
        if key in ("$ref", "$dynamicRef"):
            yield (*at, key), part
        yield from _references(part, (*at, key))


def _exception(
    document: Document, entry: Mapping[str, Any], at: Path_, rules: list[str], kinds: list[str]
) -> Iterator[Problem]:
    rule, address, expires = entry.get("rule"), entry.get("address"), entry.get("expires")
    if isinstance(rule, str) and rule not in rules:
        words = f"there is no rule {rule} in this file{nearest(rule, rules)}"
        yield document.problem((*at, "rule"), f"{words}; an exception holds for rules of its own file only")
    if isinstance(address, str) and address != WILD:
        kind, slash, _ = address.partition("/")
        if not slash:
            yield document.problem((*at, "address"), f"is no address; write kind/name, such as {kinds[0]}/{WILD}")
        elif kind not in kinds and WILD not in kind:
            yield document.problem((*at, "address"), f"there is no kind {kind}{nearest(kind, kinds)}")
    if isinstance(expires, str) and _DAY.fullmatch(expires) and (why := _fault(partial(date.fromisoformat, expires))):
        yield document.problem((*at, "expires"), f"is no day: {why}; write YYYY-MM-DD")


def _fault(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (ValueError, re.error, OverflowError, RecursionError) as error:
        return str(error) or type(error).__name__
    return ""


def _map(value: Any, key: str) -> Mapping[str, Any]:
    part = value.get(key) if isinstance(value, Mapping) else None
    return part if isinstance(part, Mapping) else {}
