"""Checks of a pool's `rollout` that no schema can make: its windows, and what blue/green needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec import zones
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

LONGEST = 58
"""The most characters in the name of a pool that has generations; an id has 64 at most."""


def check(document: Document, spec: Spec, name: str, pool: Pool) -> Iterator[Problem]:
    """Every problem of the pool's `rollout`."""
    path: Path_ = ("pools", name, "rollout")
    for index, window in enumerate(pool["rollout"].get("windows", ())):
        if fault := zones.fault(window["timeZone"]):
            yield document.problem((*path, "windows", index, "timeZone"), fault)
    if pool["rollout"]["whenEmpty"] == "blueGreen":
        yield from _beside(document, spec, (*path, "whenEmpty"), name, protected=pool["protect"])


def _beside(document: Document, spec: Spec, path: Path_, name: str, *, protected: bool) -> Iterator[Problem]:
    """Problems of blue/green: later generations need free names, and the first one must not be protected."""
    if protected:
        yield document.problem(
            path, "blueGreen deletes the pool that it replaces, which protect: true forbids; use drain"
        )
    if len(name) > LONGEST:
        yield document.problem(
            path, f"blueGreen needs a name of at most {LONGEST} characters, for later pools are NAME-gN"
        )
    for other in spec.pools:
        if re.fullmatch(rf"{re.escape(name)}-g\d+", other, re.IGNORECASE):
            yield document.problem(path, f"a later generation of {name} may have the name of pools.{other}; rename one")
