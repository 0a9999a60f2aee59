"""What a resource must wait for: what its spec names, and the roles without which it could not do its work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS, load
from tests.documents import dumped, loaded
from tests.kinds.cases import FOLDER, MINIMAL

CASES: list[dict[str, Any]] = loaded((FOLDER / "refs.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_a_resource_waits_for_what_it_needs(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(dumped({**MINIMAL, **case["spec"]}))
    spec = load(path, {}, "local")
    refs = {str(desired.address): desired.refs for kind in KINDS.values() for desired in kind.expand(spec)}
    for address, named in case["refs"].items():
        assert sorted(map(str, refs[address])) == sorted(named)
