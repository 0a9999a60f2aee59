"""A section that no code knows: its schema alone gives it defaults, references, names without case, and adoption."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.spec.test_load import CHECKOUT, HEAD

WORKSPACES = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z0-9-]{4,63}$"},
    "additionalProperties": {"$ref": "#/$defs/log_analytics_workspace"},
    "x-caseless": True,
}
WORKSPACE = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "x-arm": "Microsoft.OperationalInsights/workspaces",
    "properties": {
        "sku": {"enum": ["PerGB2018", "Standalone"], "default": "PerGB2018"},
        "identity": {"type": "string", "x-refers": ["identities"]},
        "onExisting": {"enum": ["fail", "adopt"], "default": "fail"},
        "tags": {"$ref": "#/$defs/tags"},
    },
}
PROGRAM = """
import json, pathlib, sys
from typing import TypedDict
from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.spec import role_targets

try:
    spec = load(pathlib.Path(sys.argv[1]), {})
except SpecError as error:
    print(json.dumps([f"{problem.path}: {problem.message}" for problem in error.problems]))
else:
    found = spec.section("logWorkspaces", TypedDict("Workspace", {"sku": str}))
    target, scope = role_targets.target(spec, "logWorkspaces/logs-a")
    print(json.dumps([found, sorted(map(str, spec.adopt)), str(target), scope]))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with one more section in the schema, and nothing else."""
    folder = tmp_path_factory.mktemp("house")
    for name in ("reconciler", "batch_autoscale", "schemas"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "schemas/spec.schema.json"
    schema = json.loads(path.read_text())
    schema["properties"]["logWorkspaces"] = WORKSPACES
    schema["$defs"]["log_analytics_workspace"] = WORKSPACE
    path.write_text(json.dumps(schema))
    return folder


def read(house: Path, text: str) -> Any:
    path = house / "spec.yaml"
    path.write_text(HEAD + text)
    command = [sys.executable, "-c", PROGRAM, str(path)]
    return json.loads(subprocess.run(command, cwd=house, capture_output=True, text=True, check=True).stdout)


def test_it_has_its_defaults_and_can_be_adopted_and_be_a_target_of_roles(house: Path) -> None:
    entries, adopted, target, scope = read(house, "logWorkspaces: {logs-a: , logs-b: {onExisting: adopt}}\n")
    assert entries["logs-a"] == {"sku": "PerGB2018", "onExisting": "fail", "tags": {}}
    assert adopted == ["log_analytics_workspace/logs-b"]
    assert target == "log_analytics_workspace/logs-a"
    assert scope.endswith("/resourceGroups/rg-test/providers/Microsoft.OperationalInsights/workspaces/logs-a")


def test_its_problems_are_told(house: Path) -> None:
    text = "identities: {id-a: {}}\nlogWorkspaces: {logs-a: {identity: identities/id-b}, LOGS-a: {}}\n"
    assert read(house, text) == [
        "logWorkspaces.logs-a.identity: there is no identities/id-b in this spec (did you mean identities/id-a?)",
        "logWorkspaces.LOGS-a: differs from logs-a in case only, which Azure takes for the same",
    ]
