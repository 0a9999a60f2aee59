"""What no schema can say of how changes reach a pool: its windows, and what a change beside it needs."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.spec.document import Document, Path_

LONGEST = 58
"""Characters of the name of a pool that has generations; an id has 64 at most."""


def check(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of the pools' `rollout`."""
    pools = value.get("pools", {})
    for name, body in pools.items():
        yield from _rollout(document, ("pools", name), body, pools)


def _rollout(document: Document, path: Path_, pool: Mapping[str, Any], pools: Mapping[str, Any]) -> Iterator[Problem]:
    rollout = pool.get("rollout", {})
    for index, window in enumerate(rollout.get("windows", ())):
        zone = window.get("timeZone", "UTC")
        if zone not in zoneinfo.available_timezones():
            near = difflib.get_close_matches(zone, zoneinfo.available_timezones(), n=1)
            hint = f"; did you mean {near[0]}?" if near else "; write an IANA name such as Europe/Rome"
            yield document.problem((*path, "rollout", "windows", index, "timeZone"), f"{zone!r} is no time zone{hint}")
    if rollout.get("whenEmpty") != "blueGreen":
        return
    here, name = (*path, "rollout", "whenEmpty"), str(path[-1])
    if pool.get("protect"):
        yield document.problem(
            here, "blueGreen deletes the pool that it replaces, which protect: true forbids; use drain"
        )
    if len(name) > LONGEST:
        yield document.problem(
            here, f"blueGreen needs a name of at most {LONGEST} characters, for later pools are NAME-gN"
        )
    for other in pools:
        if re.fullmatch(rf"{re.escape(name)}-g\d+", other, re.IGNORECASE):
            yield document.problem(here, f"a later generation of {name} may have the name of pools.{other}; rename one")
