"""reconcile ci, run in this process with the variables of a runner."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.cli.command import CHECKOUT, reconcile


def ci(variables: Mapping[str, str], *arguments: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return reconcile("ci", *arguments, cwd=cwd, **variables)
