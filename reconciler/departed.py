"""Keys of maps (tags, metadata, environment settings) that the spec asked for once and no longer does.

A map in Azure may hold keys of others beside ours, and those stay. The owner mark remembers which keys were ours: a
live key among them that the spec no longer has is asked to be absent, like anything that a spec declares as None.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.model import Body, Desired, Observed

TOKEN = 6
"""Characters of a token: 36 bits, so that a key of others is taken for ours once in some billion pairs of keys."""


def tokens(maps: Iterable[str], body: Body) -> frozenset[str]:
    """A token for every key of the maps at these paths of a body."""
    return frozenset(_token(path, key) for path in maps for key in _at(body, path) or ())


def asked(maps: Iterable[str], desired: Desired, observed: Observed) -> Desired:
    """`desired`, with None for every live key that was ours and has left the spec."""
    ours = observed.mark.keys if observed.mark else frozenset()
    if not ours:
        return desired
    body = desired.body
    for path in maps:
        wanted, live = _at(body, path), _at(observed.body, path)
        if wanted is None or live is None:
            continue
        left = {key: None for key in live if key not in wanted and _token(path, key) in ours}
        if left:
            body = _with(body, path.split("."), {**wanted, **left})
    return desired if body is desired.body else replace(desired, body=body)


def _token(path: str, key: str) -> str:
    value = hashlib.sha256(f"{path}\0{key}".encode()).digest()
    return base64.urlsafe_b64encode(value).decode()[:TOKEN]


def _at(body: Body, path: str) -> Mapping[str, Any] | None:
    """The map at a dotted path, or None if there is none."""
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else None


def _with(body: Body, path: list[str], value: Body) -> dict[str, Any]:
    key, *rest = path
    return {**body, key: _with(body[key], rest, value) if rest else value}
