"""Nobody but a kind knows its name: what the other rooms need of it, they ask the kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.kinds import KINDS

HOUSE = Path(reconciler.__file__).parent
ROOMS = (
    "cli",
    "cloud",
    "cost",
    "diagnosis",
    "engine",
    "importing",
    "kind",
    "pipelines",
    "policy",
    "preflight",
    "preview",
    "prices",
    "render",
    "serve",
)
WORDS = {
    "cli/autoscale.py": {"job"},
    "cli/policing.py": {"budget"},
    "cli/data.py": {"container"},
    "cli/keepsakes.py": {"container"},
    "cli/importing.py": {"pool", "job"},
    "cli/init.py": {"pool", "conversion"},
    "cli/shipyard.py": {"pool", "job"},
    "cli/simulating.py": {"pool"},
    "cli/spending.py": {"pool"},
    "importing/shipyard/containers.py": {"container"},
    "importing/shipyard/data.py": {"container"},
    "importing/shipyard/finding.py": {"pool"},
    "importing/shipyard/jobs.py": {"pool", "tasks"},
    "importing/shipyard/pools.py": {"resource_group", "subnet", "virtual_network"},
    "importing/shipyard/whole.py": {"pool", "tasks", "identity"},
    "pipelines/starting.py": {"pool", "conversion", "gallery"},
    "policy/checks.py": {"budget"},
    "policy/rules.py": {"budget"},
    "preflight/checks.py": {"gallery"},
    "preflight/subnets.py": {"subnet"},
    "cli/doctor.py": {"gallery", "subnet"},
    "kind/words.py": {"gallery"},
    "kind/going.py": {"identity"},
    "diagnosis/rules/storage.py": {"container"},
    "render/ran.py": {"pool", "job"},
    "render/status_document.py": {"pool", "tasks"},
    "render/status_page.py": {"pool", "job"},
    "serve/gathering.py": {"pool", "job"},
}
"""File → what is a name of something else there: an argument of a command, a key of a spec, of ARM or of Batch, a word
of theirs or of Batch Shipyard."""


def _family(name: str) -> bool:
    return (HOUSE / "kinds" / name).is_dir() or (HOUSE / "kinds" / f"{name}.py").is_file()


def named(path: Path) -> Iterator[str]:
    """Kinds that the file names, and families that it imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and node.value in KINDS:
            yield str(node.value)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reconciler.kinds."):
            yield ".".join(str(node.module).split(".")[:3])
        elif isinstance(node, ast.ImportFrom) and node.module == "reconciler.kinds":
            yield from (f"reconciler.kinds.{alias.name}" for alias in node.names if _family(alias.name))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("reconciler.kinds."))


@pytest.mark.parametrize("path", sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py")), ids=str)
def test_no_other_room_names_a_kind(path: Path) -> None:
    name = path.relative_to(HOUSE).as_posix()
    assert set(named(path)) <= WORDS.get(name, set())


@pytest.mark.parametrize(
    "line",
    [
        'if address.kind == "pool": pass',
        "from reconciler.kinds.pool import pool",
        "from reconciler.kinds.job import job",
        "import reconciler.kinds.pool.pool",
    ],
)
def test_a_name_is_found(line: str, tmp_path: Path) -> None:
    path = tmp_path / "planted.py"
    path.write_text(f"from reconciler.kinds import KINDS\n{line}\n")
    assert list(named(path))
