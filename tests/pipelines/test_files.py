"""What is written for a forge is what that forge takes: by its published schema, by linters, by shellcheck."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError
from yamllint import linter  # type: ignore[import-untyped]
from yamllint.config import YamlLintConfig  # type: ignore[import-untyped]

from reconciler.cli import init
from reconciler.errors import WrongUsage
from reconciler.pipelines import FORGES, WHAT, Pipelines, Start, files, spec
from reconciler.pipelines.template import filled

ASKED = Pipelines(
    "reconcile-batch==1.0",
    images={"specs/images.yaml": ("image_version/base", "image_version/gpu")},
    preview=True,
)
SCHEMAS = {"github": "github-workflows", "gitlab": "gitlab-ci", "azure-devops": "azure-pipelines"}
RULES = YamlLintConfig("{extends: default, rules: {document-start: disable, line-length: {max: 135}}}")
BIN = Path(sys.executable).parent


def scripts(value: Any) -> Iterator[str]:
    """Every script of a pipeline."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("run", "bash", "inlineScript") and isinstance(inner, str):
                yield inner
            elif key in ("script", "before_script") and isinstance(inner, list):
                yield "\n".join(inner)
            else:
                yield from scripts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scripts(inner)


def texts(value: Any) -> Any:
    """Numbers and words as the schema of Azure DevOps has them: as text, but for the inputs of tasks."""
    if isinstance(value, dict):
        return {key: inner if key == "inputs" else texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("forge", FORGES)
def test_they_are_as_the_schema_of_the_forge_says(forge: str) -> None:
    path = resources.files("check_jsonschema") / f"builtin_schemas/vendor/{SCHEMAS[forge]}.json"
    schema = Draft7Validator(json.loads(path.read_text()))
    for text in files(forge, ASKED).values():
        told = yaml.safe_load(text)
        schema.validate(texts(told) if forge == "azure-devops" else told)
        with pytest.raises(ValidationError):
            schema.validate({"nonsense": 1} if forge == "azure-devops" else {**told, "jobs": 1, "include": 1})


@pytest.mark.parametrize("forge", FORGES)
def test_they_are_tidy_and_whole(forge: str) -> None:
    for path, text in files(forge, ASKED).items():
        assert [str(problem) for problem in linter.run(text, RULES)] == [], path
        assert not re.search(r"<<[\w-]+>>", text), path
    bare = Pipelines("reconcile-batch==1.0")
    more = {path for path in files(forge, ASKED) if "images" in path or "preview" in path}
    assert set(files(forge, ASKED)) - set(files(forge, bare)) == more
    for text in files(forge, bare).values():
        assert [str(problem) for problem in linter.run(text, RULES)] == []


@pytest.mark.parametrize("forge", FORGES)
def test_shellcheck_has_nothing_to_say(forge: str, tmp_path: Path) -> None:
    for number, script in enumerate(
        script for text in files(forge, ASKED).values() for script in scripts(yaml.safe_load(text))
    ):
        given = re.sub(r"\$\(reconcile\)", "reconcile-batch", script)  # a variable of Azure DevOps
        (tmp_path / f"{number}.sh").write_text(f"{given}\n")
    names = sorted(str(path) for path in tmp_path.glob("*.sh"))
    outside = "--exclude=SC2154,SC2034"  # variables that the pipeline sets, and some that only its next lines use
    command = [str(BIN / "shellcheck"), "--shell=bash", "--severity=style", outside, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert len(names) > 5


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    for path, text in files("github", ASKED).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    command = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic", "--format", "plain", "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    found = {line for line in done.stdout.splitlines() if re.match(r"(help|info|warning|error)\[", line)}
    assert found <= {"help[concurrency-limits]: insufficient job-level concurrency limits"}, done.stdout


def test_workflows_hold_to_the_rules_that_no_linter_knows() -> None:
    for path, text in files("github", ASKED).items():
        assert "pull_request_target" not in text
        assert "secrets." not in text
        for action in re.findall(r"uses: (\S+)", text):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
        for name, job in yaml.safe_load(text)["jobs"].items():
            assert job["permissions"], (path, name)
            assert job["timeout-minutes"] <= 360
            writes = {key for key, level in job["permissions"].items() if level == "write"}
            assert writes <= {"id-token", "pull-requests", "issues"}, (path, name)


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"specs": ("a b.yaml",)}, "--spec"),
        ({"specs": ("$(id).yaml",)}, "--spec"),
        ({"specs": ("-x.yaml",)}, "--spec"),
        ({"branch": "a\nb"}, "--branch"),
        ({"environment": "a/b"}, "--environment"),
        ({"package": 'x"; id'}, "--package"),
        ({"images": {"specs/a.yaml": ("image_version/$x",)}}, "--spec"),
    ],
)
def test_what_could_break_out_of_its_place_is_refused(given: dict[str, Any], option: str) -> None:
    with pytest.raises(WrongUsage, match=f"{option} .* has characters that pipeline files cannot have"):
        Pipelines(**{"package": "reconcile-batch", **given})


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"name": "Render"}, "--name"),
        ({"name": "a\nb"}, "--name"),
        ({"name": "a", "resource_group": "a."}, "--resource-group"),
        ({"name": "a", "location": "West Europe"}, "--location"),
    ],
)
def test_what_no_spec_can_have_is_refused(given: dict[str, Any], option: str) -> None:
    with pytest.raises(WrongUsage, match=f"{option} .* will not do"):
        Start(**given)


def test_a_mark_without_a_value_is_an_error_and_one_alone_keeps_its_indentation() -> None:
    assert filled("a:\n  <<b>>\nc <<d>>", {"b": "x\n\n  <<d>>\n", "d": "1"}) == "a:\n  x\n\n    1\nc 1"
    with pytest.raises(KeyError):
        filled("<<a>>", {})


def test_the_command_knows_the_choices() -> None:
    assert (set(init.FORGES), init.WHAT) == (set(FORGES), tuple(WHAT))
    assert {spec(Start("x", what)) for what in WHAT}
