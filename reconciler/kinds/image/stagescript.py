"""The scripts that turn a marketplace VM into an image with containers: `scripts/<family>/<name>.sh`, run as root.

A script that is the same on every family is in `scripts/common`. Its arguments are shell variables, assigned below its
`set` line; the head of the script says which ones it knows. Below them is what scripts share, from `scripts/prologue`:
how they print messages, and how those of a family call its package manager.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcileError

_FOLDER = Path(__file__).parent / "scripts"
_COMMON = "common"
_PROLOGUE = _FOLDER / "prologue"
_FAMILIES = {"ubuntu": "ubuntu", "debian": "ubuntu", "almalinux": "almalinux"}
"""Distribution, as in `ubuntu-22.04` → the folder of its scripts."""
_START = "set -euo pipefail\n"


def available(os: str) -> tuple[str, ...]:
    """The names of the scripts for `os`, sorted."""
    return tuple(sorted(_scripts(os)))


def text(os: str, name: str, variables: Mapping[str, str]) -> str:
    """The complete script `name` for `os`, such as `ubuntu-22.04`, with its variables and with what scripts share."""
    scripts = _scripts(os)
    if name not in scripts:
        raise ReconcileError(f"cannot prepare {os}: there is no script {name}; there are {', '.join(sorted(scripts))}")
    script = scripts[name].read_text(encoding="utf-8")
    head, start, body = script.partition(_START)
    assignments = "".join(_assignment(name, script, variable, value) for variable, value in variables.items())
    shared = "".join((_PROLOGUE / f"{part}.sh").read_text(encoding="utf-8") for part in (_COMMON, _family(os)))
    return f"{head}{start}{assignments}stage='{name}'\n{shared}{body}"


def _family(os: str) -> str:
    family = _FAMILIES.get(os.partition("-")[0])
    if family is None:
        raise ReconcileError(f"cannot prepare {os}: there are scripts for {', '.join(_FAMILIES)} only")
    return family


def _scripts(os: str) -> dict[str, Path]:
    return {path.stem: path for folder in (_COMMON, _family(os)) for path in (_FOLDER / folder).glob("*.sh")}


def _assignment(name: str, script: str, variable: str, value: str) -> str:
    if not re.fullmatch("[A-Z_]+", variable) or not re.search(rf'^: .*"\$\{{{variable}[:?=]', script, re.MULTILINE):
        raise ReconcileError(f"cannot prepare {name}: it knows no variable {variable}")
    if "\0" in value or not _is_utf8(value):
        raise ReconcileError(f"cannot prepare {name}: the value of {variable} is no text that a shell can hold")
    return f"{variable}={shlex.quote(value)}\n"


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
