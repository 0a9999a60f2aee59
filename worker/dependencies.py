"""Says by its exit code whether this interpreter has what the worker imports, in exactly the versions of a lock file.

    dependencies.py requirements.lock

Only the standard library: it runs before anything is installed. A line of the lock that has an environment marker may
not be meant for this interpreter, so that package may be absent, unless the worker imports it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

IMPORTED = ("PIL", "numpy", "deflate", "requests", "azure.identity", "azure.storage.blob")


def unmet(lock: str) -> list[str]:
    """What is missing or of another version, in words."""
    wanted: dict[str, set[str]] = defaultdict(set)
    optional = set()
    for name, pinned, marker in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)( *;)?", lock, re.MULTILINE):
        wanted[name].add(pinned)
        if marker:
            optional.add(name)
    problems = []
    for name, versions in sorted(wanted.items()):
        try:
            if version(name) not in versions:
                problems.append(f"{name} is {version(name)}, not {' or '.join(sorted(versions))}")
        except PackageNotFoundError:
            if name not in optional:
                problems.append(f"{name} is not installed")
    return problems or [f"{name} cannot be imported" for name in IMPORTED if not _importable(name)]


def _importable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


if __name__ == "__main__":
    problems = unmet(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.exit(1 if problems else 0)
