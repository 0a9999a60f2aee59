"""An agent of Azure DevOps, as far as our pipelines need one: stages, steps of bash, logging commands.

Source: learn.microsoft.com/azure/devops/pipelines. What it does not know is an error.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.forge.server import Forges
from tests.pipelines.shell import Shell, git

TASKS = {"AzureCLI@2", "DownloadPipelineArtifact@2", "UsePythonVersion@0"}
CONDITIONS: Mapping[str, Callable[[Mapping[str, str]], bool]] = {
    "succeeded()": lambda known: True,
    "and(succeeded(), ne(variables['System.PullRequest.IsFork'], 'True'))": lambda known: (
        known["System.PullRequest.IsFork"] != "True"
    ),
    "and(not(canceled()), ne(variables['apply.waiting'], ''))": lambda known: known.get("waiting", "") != "",
    "and(not(canceled()), ne(dependencies.apply.outputs['apply.apply.waiting'], ''))": lambda known: (
        known.get("waiting", "") != ""
    ),
}
"""The conditions that are known here, and what they mean."""
_MACRO = re.compile(r"\$\(([A-Za-z][\w.]*)\)")
_COMMAND = re.compile(r"^##vso\[([a-z.]+) ?([^\]]*)\](.*)$", re.MULTILINE)


@dataclass
class Build:
    """One run of a pipeline: stage → `succeeded`, `failed`, `skipped` or `waiting`."""

    commit: str
    known: dict[str, str]
    attempt: int = 0
    stages: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Path] = field(default_factory=dict)


@dataclass
class AzureDevOps:
    """A repository and an agent; `surroundings` are what it sets for every step."""

    origin: Path
    folder: Path
    shell: Shell
    forges: Forges
    surroundings: Mapping[str, str]

    def start(self, pipeline: str, commit: str, **known: str) -> Build:
        names = {name.replace("_", "."): value for name, value in known.items()}
        return self.again(pipeline, Build(commit, names))

    def again(self, pipeline: str, build: Build) -> Build:
        """Run the stages that have not succeeded."""
        build.attempt += 1
        for name, stage in self._stages(pipeline, build.commit):
            if build.stages.get(name) == "succeeded":
                continue
            build.stages[name] = self._stage(build, stage, approved=False)
        return build

    def approve(self, pipeline: str, build: Build, name: str) -> None:
        """Somebody approves a stage that waits."""
        assert build.stages[name] == "waiting"
        build.stages[name] = self._stage(build, dict(self._stages(pipeline, build.commit))[name], approved=True)

    def _stages(self, pipeline: str, commit: str) -> Iterator[tuple[str, dict[str, Any]]]:
        text = git(self.origin, "show", f"{commit}:.azure-pipelines/{pipeline}.yml")
        told = yaml.safe_load(text)
        for stage in told.get("stages", [{"stage": "all", "jobs": told.get("jobs")}]):
            yield stage["stage"], stage

    def _stage(self, build: Build, stage: Mapping[str, Any], *, approved: bool) -> str:
        if not CONDITIONS[stage.get("condition", "succeeded()")](build.known):
            return "skipped"
        (job,) = stage["jobs"]
        if "deployment" in job and not approved:
            return "waiting"
        steps = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
        workspace = self.folder / f"{len(list(self.folder.iterdir()))}"
        for step in steps:
            if CONDITIONS[step.get("condition", "succeeded()")](build.known) and not self._step(build, step, workspace):
                return "failed"
        return "succeeded"

    def _step(self, build: Build, step: Mapping[str, Any], workspace: Path) -> bool:
        if "checkout" in step:
            git(self.folder, "clone", "--quiet", f"file://{self.origin}", str(workspace))
            git(workspace, "fetch", "--quiet", "origin", build.commit)
            git(workspace, "checkout", "--quiet", build.commit)
        elif "publish" in step:
            build.kept[self._text(build, step["artifact"])] = workspace / step["publish"]
        elif "task" in step:
            assert step["task"] in TASKS
            inputs = step["inputs"]
            if step["task"] == "DownloadPipelineArtifact@2":
                name = self._text(build, inputs["artifactName"])
                shutil.copytree(build.kept[name], workspace / inputs["targetPath"], dirs_exist_ok=True)
            elif step["task"] == "AzureCLI@2":
                return self._script(build, inputs["inlineScript"], step, workspace, ("bash",))
        elif "script" in step or "bash" in step:
            script = step.get("script") or step["bash"]
            return self._script(build, self._text(build, script), step, workspace, ("bash", "-e"))
        else:
            assert step == {"download": "none"}
        return True

    def _script(
        self, build: Build, script: str, step: Mapping[str, Any], workspace: Path, bash: tuple[str, ...]
    ) -> bool:
        env = {name: self._text(build, value) for name, value in step.get("env", {}).items()}
        attempt = {"SYSTEM_JOBATTEMPT": str(build.attempt)}
        code = self.shell.run(script, workspace, {**self.surroundings, **attempt, **env}, bash)
        for command, given, value in _COMMAND.findall(self.shell.said[-1]):
            options = dict(part.split("=", 1) for part in given.split(";") if part)
            if command == "task.setvariable":
                build.known[options["variable"]] = value
            elif command == "artifact.upload":
                path = Path(value)
                head = build.known["System.PullRequest.SourceCommitId"]
                self.forges.state.upload(options["artifactname"], path.read_bytes(), head, path=path.name)
            else:
                raise AssertionError(command)
        return code == 0

    def _text(self, build: Build, text: str) -> str:
        """A text with its macros replaced; one that is not known stays as it is."""
        known = {"reconcile": "reconcile-batch", "System.JobAttempt": str(build.attempt), **build.known}
        return _MACRO.sub(lambda match: known.get(match[1], match[0]), text)
