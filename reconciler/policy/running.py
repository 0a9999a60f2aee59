"""Runs `apart`, within bounds of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError
from reconciler.policy import apart

if TYPE_CHECKING:
    from reconciler.policy.asking import Answer

SECONDS = 10.0
"""What all expressions together may take."""
BYTES = 2 * 2**30


class NoCel(ReconcileError):
    """A rule is in CEL, and nothing here can read that."""


def ask(plan: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], seconds: float = SECONDS) -> list[Answer]:
    """An answer for each task, see `apart`. Raises NoCel. What is not done in time has none."""
    if not tasks:
        return []
    asked = json.dumps({"plan": plan, "asked": list(tasks), "bytes": BYTES})
    command = [sys.executable, "-P", apart.__file__]  # it imports nothing of ours
    try:
        done = subprocess.run(command, input=asked.encode(), capture_output=True, timeout=seconds, check=False)
        said, why = done.stdout, f"it takes more than {BYTES // 2**30} GiB of memory, or ended its process"
    except subprocess.TimeoutExpired as error:
        said, why = error.stdout or b"", f"it takes more than {seconds:g} seconds, with all that is judged before it"
    answers = [_answer(json.loads(line)) for line in said.split(b"\n")[:-1]]
    return [*answers, *[why] * (len(tasks) - len(answers))]


def _answer(body: Mapping[str, Any]) -> Answer:
    if apart.MISSING in body:
        raise NoCel("a rule in CEL needs a package that is not installed")
    if "error" in body:
        return str(body["error"])
    return [str(result) for result in body["results"]]
