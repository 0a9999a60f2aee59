"""GitLab's runner, as far as our pipeline needs one: `extends`, `rules`, `needs`, artifacts, a job as one bash script.

Source: docs.gitlab.com/ci/yaml. What it does not know is an error.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.forge.server import Forges
from tests.pipelines.shell import Shell, git

KEYS = {
    "artifacts", "before_script", "environment", "extends", "id_tokens", "image", "needs", "resource_group", "rules",
    "script", "stage", "timeout", "variables",
}  # fmt: skip
_TERM = re.compile(r'\$(\w+)(?: == (?:"([^"]*)"|\$(\w+))| =~ /(.*)/)?')
_VARIABLE = re.compile(r"\$(\w+)")


@dataclass
class Pipeline:
    """One pipeline: job → `success`, `failed` or `manual`; what its jobs kept."""

    commit: str
    variables: Mapping[str, str]
    jobs: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)


@dataclass
class GitLab:
    """A project and a runner; `variables` are those of the project."""

    origin: Path
    folder: Path
    shell: Shell
    forges: Forges
    variables: Mapping[str, str]
    token: str

    def start(self, commit: str, **variables: str) -> Pipeline:
        """Run all jobs whose rules fit; those that wait for somebody are `manual`."""
        told = {"CI_COMMIT_SHA": commit, "CI_PIPELINE_URL": "https://gitlab.example/1", "CI_PROJECT_ID": "42"}
        pipeline = Pipeline(commit, {**told, **variables, **self.variables})
        for name in self._jobs(commit):
            self.run(pipeline, name, by_hand=False)
        return pipeline

    def run(self, pipeline: Pipeline, name: str, *, by_hand: bool = True) -> None:
        """Run a job, also again, if its rules fit."""
        job = self._jobs(pipeline.commit)[name]
        rule = next((rule for rule in job["rules"] if fits(rule["if"], pipeline.variables)), None)
        if rule is None:
            return
        if rule.get("when") == "manual" and not by_hand:
            pipeline.jobs[name] = "manual"
            return
        workspace = self.folder / f"{len(list(self.folder.iterdir()))}-{name}"
        git(self.folder, "clone", "--quiet", str(self.origin), str(workspace))
        git(workspace, "fetch", "--quiet", "origin", pipeline.commit)
        git(workspace, "checkout", "--quiet", pipeline.commit)
        for needed in job.get("needs", []):
            assert pipeline.jobs[needed["job"]] == "success"
            shutil.copytree(pipeline.kept[needed["job"]], workspace, dirs_exist_ok=True)
        script = "\n".join([*job["before_script"], *job["script"]])
        code = self.shell.run(script, workspace, self._environ(pipeline, job))
        pipeline.jobs[name] = "failed" if code else "success"
        pipeline.kept[name] = self._keep(pipeline, job, workspace, name)

    def _environ(self, pipeline: Pipeline, job: Mapping[str, Any]) -> dict[str, str]:
        """The variables of a job; those of the project stand above those of the file."""
        tokens = dict.fromkeys(job.get("id_tokens", {}), self.token)
        written = {**job.get("variables", {})}
        values = {name: _VARIABLE.sub(lambda m: pipeline.variables.get(m[1], ""), v) for name, v in written.items()}
        return {**values, **tokens, **pipeline.variables, "GITLAB_CI": "true"}

    def _keep(self, pipeline: Pipeline, job: Mapping[str, Any], workspace: Path, name: str) -> Path:
        kept = workspace.with_name(f"{workspace.name}-kept")
        kept.mkdir()
        for path in (path for pattern in job.get("artifacts", {}).get("paths", []) for path in workspace.glob(pattern)):
            if path.is_dir():
                shutil.copytree(path, kept / path.name)
                continue
            shutil.copy(path, kept)
            head = pipeline.variables["CI_COMMIT_SHA"]
            self.forges.state.upload(path.stem, path.read_bytes(), head, path=path.name)
        return kept

    def _jobs(self, commit: str) -> dict[str, dict[str, Any]]:
        top = yaml.safe_load(git(self.origin, "show", f"{commit}:.gitlab-ci.yml"))
        assert set(top) == {"include"}
        entries: dict[str, dict[str, Any]] = {}
        for one in top["include"]:
            entries |= yaml.safe_load(git(self.origin, "show", f"{commit}:{one['local']}"))
        return {name: _extended(entries, name) for name in entries if not name.startswith(".")}


def _extended(entries: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """A job over what it extends: maps are merged, all else is replaced."""
    own = dict(entries[name])
    assert set(own) <= KEYS, set(own) - KEYS
    base = _extended(entries, own["extends"]) if "extends" in own else {}
    for key, value in own.items():
        base[key] = {**base[key], **value} if isinstance(value, dict) and key in base else value
    return base


def fits(rule: str, variables: Mapping[str, str]) -> bool:
    """Whether a rule's `if` fits: terms such as `$A`, `$A == "b"`, `$A == $B` and `$A =~ /b/`, with `&&` between."""
    return all(_holds(term.strip(), variables) for term in rule.split("&&"))


def _holds(term: str, variables: Mapping[str, str]) -> bool:
    match = _TERM.fullmatch(term)
    assert match, f"not known here: {term}"
    value = variables.get(match[1], "")
    if match[3]:
        return value == variables.get(match[3], "")
    if match[4]:
        return re.search(match[4], value) is not None
    return bool(value) if match[2] is None else value == match[2]
