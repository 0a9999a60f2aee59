"""The command line of a start task whose logs are kept, or whose node is measured: the pool's own command within ours.

    /bin/sh -c 'SCRIPT' reconcile-node '{"identity": ..., "logs": ..., "telemetry": ...}' 'COMMAND LINE'

So what a pool keeps can be read from it again, and the program itself is no difference between spec and pool: another
one comes with the next change of the start task. Preparation and release tasks of jobs have the same. Pure.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from reconciler.nodelogs import program

NAME = "reconcile-node"
LONGEST = 8191
"""Characters of a command line. Source: the length that Batch accepts for commandLine."""
WITHOUT = "this node has no python3: its logs are not kept, and it is not measured"
"""Without Python the command runs all the same."""


class Kept(NamedTuple):
    """A command line, and what is kept of it as the node is told: `{"identity": ARM id, "logs": {"in", "url"},
    "telemetry": {"in", "url", "every"}}`; `in` is the place in the spec's words, `every` are seconds. Logs of a
    job say `of` which stage they are (`places.ROOMS`)."""

    line: str
    settings: Mapping[str, Any]


def wrapped(line: str, settings: Mapping[str, Any]) -> str:
    """The command line that runs `line` (empty: nothing) on a node and keeps what the settings say."""
    code = program.packed(measures="telemetry" in settings)
    loads = f'import base64,zlib;CODE="{code}";exec(zlib.decompress(base64.b64decode(CODE)))'
    script = (
        f"command -v python3 >/dev/null || {{ echo {shlex.quote(WITHOUT)} >&2; "
        '[ -z "$2" ] || exec /bin/sh -c "exec $2"; exit 0; }; '
        f'exec python3 -c {shlex.quote(loads)} start "$1" "$2"'
    )
    told = json.dumps(settings, separators=(",", ":"), sort_keys=True)
    return shlex.join(["/bin/sh", "-c", script, NAME, told, line])


def read(line: str) -> Kept | None:
    """What a command line keeps; None if it is not one of ours."""
    if f" {NAME} " not in line:
        return None
    try:
        words = shlex.split(line)
        settings = json.loads(words[4]) if len(words) == 6 and words[3] == NAME else None
    except ValueError:
        return None
    return Kept(words[5], settings) if isinstance(settings, dict) else None
