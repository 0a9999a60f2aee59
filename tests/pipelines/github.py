"""GitHub's runner, as far as our workflows need one: jobs in order of `needs`, a matrix, environments that somebody
approves, steps in bash, and local equivalents of the actions. What it does not know is an error.

Source: docs.github.com/actions/reference/workflows-and-actions/workflow-syntax.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tests.forge.server import BOT, TOKEN, Forges
from tests.pipelines.expressions import condition, text, value
from tests.pipelines.shell import Shell, git
from tests.pipelines.tokens import Tokens

JOB = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "outputs", "steps", "env", "strategy",
    "environment", "concurrency",
}  # fmt: skip
MAY = {
    "comments": ("pull-requests: write", "issues: write"),
    "environments": ("actions: read",),
    "issues": ("issues: write",),
    "labels": ("pull-requests: read", "pull-requests: write", "issues: read", "issues: write"),
    "plans": ("actions: read",),
    "pulls": ("pull-requests: read", "pull-requests: write"),
}
"""What a token may, as the forge of the tests calls it → the permissions of a workflow that give it."""
STEP = {"name", "id", "if", "env", "run", "uses", "with"}


@dataclass
class Run:
    """One run of a workflow, which may be run again: job → `success`, `failure`, `skipped` or `waiting`."""

    workflow: str
    event: str
    payload: Mapping[str, Any]
    commit: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    attempt: int = 0
    jobs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    summary: str = ""


@dataclass
class GitHub:
    """A repository, its workflows, and a runner. `variables` are those of the repository."""

    origin: Path
    folder: Path
    shell: Shell
    forges: Forges
    variables: Mapping[str, str]
    surroundings: Mapping[str, str]
    tokens: Tokens
    runs: int = 0

    def start(self, workflow: str, event: str, payload: Mapping[str, Any], commit: str, **inputs: str) -> Run:
        """Run a workflow of a commit for an event. The commit is what is checked out."""
        self.runs += 1
        return self.again(Run(workflow, event, payload, commit, inputs, self.runs))

    def again(self, run: Run) -> Run:
        """Run all jobs that have not succeeded, as "Re-run failed jobs" does."""
        run.attempt += 1
        told = yaml.safe_load(git(self.origin, "show", f"{run.commit}:.github/workflows/{run.workflow}.yml"))
        self._check_event(told["on"], run)
        assert told["permissions"] == {}, "a job has what it asks for, and nothing else"
        run.jobs = {name: result for name, result in run.jobs.items() if result == "success"}
        for name, job in told["jobs"].items():  # each stands after what it needs
            if name not in run.jobs:
                run.jobs[name] = self._job(run, told, name, job, approved=False)
        return run

    def approve(self, run: Run, name: str = "approved") -> Run:
        """Somebody approves a job that waits."""
        assert run.jobs[name] == "waiting"
        told = yaml.safe_load(git(self.origin, "show", f"{run.commit}:.github/workflows/{run.workflow}.yml"))
        run.jobs[name] = self._job(run, told, name, told["jobs"][name], approved=True)
        return run

    def _check_event(self, on: Mapping[str, Any], run: Run) -> None:
        assert run.event in on, f"{run.workflow} does not run on {run.event}"
        branches = (on[run.event] or {}).get("branches") if isinstance(on[run.event], dict) else None
        if branches:
            base = run.payload.get("pull_request", {}).get("base", {}).get("ref") or run.payload.get("ref", "")
            assert base.removeprefix("refs/heads/") in branches
        if run.event == "pull_request":
            assert run.payload["action"] in on[run.event].get("types", ["opened", "reopened", "synchronize"])

    def _contexts(self, run: Run, needs: list[str]) -> dict[str, Any]:
        states = [run.jobs[name] for name in needs]
        return {
            "github": {
                "event": run.payload,
                "event_name": run.event,
                "ref": "refs/heads/main",
                "repository": "acme/farm",
                "run_id": str(run.number),
                "server_url": "https://github.example",
                "sha": run.commit,
                "token": TOKEN,
            },
            "inputs": run.inputs,
            "vars": self.variables,
            "needs": {name: {"result": run.jobs[name], "outputs": run.outputs.get(name, {})} for name in needs},
            "status": "success" if set(states) <= {"success"} else "failure",
        }

    def _job(self, run: Run, told: Mapping[str, Any], name: str, job: Mapping[str, Any], *, approved: bool) -> str:
        assert set(job) <= JOB, set(job) - JOB
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        contexts = self._contexts(run, needs)
        if not condition(job.get("if", "success()"), contexts):
            return "skipped"
        if job.get("environment", "").endswith("-approval") and not approved:
            return "waiting"
        matrix = (job.get("strategy") or {}).get("matrix")
        points = value(matrix["include"], contexts) if matrix else [{}]
        results = [self._steps(run, told, name, job, contexts | {"matrix": point}) for point in points]
        return "success" if set(results) <= {"success"} else "failure"

    def _steps(
        self, run: Run, told: Mapping[str, Any], name: str, job: Mapping[str, Any], contexts: dict[str, Any]
    ) -> str:
        workspace = self.folder / f"run-{run.number}-{run.attempt}-{name}-{len(list(self.folder.iterdir()))}"
        workspace.mkdir()
        environ = {**told.get("env", {}), **job.get("env", {})}
        contexts = contexts | {"steps": {}, "status": "success"}
        for step in job["steps"]:
            assert set(step) <= STEP, set(step) - STEP
            if not condition(step.get("if", "success()"), contexts):
                continue
            if "uses" in step:
                using = {key: text(given, contexts) for key, given in step.get("with", {}).items()}
                ACTIONS[step["uses"].partition("@")[0]](self, run, workspace, using)
                continue
            assert told["defaults"] == {"run": {"shell": "bash"}}
            variables = {key: text(given, contexts) for key, given in {**environ, **step.get("env", {})}.items()}
            code, outputs = self._script(run, job, step["run"], workspace, variables)
            contexts["steps"][step.get("id", "")] = {"outputs": outputs}
            contexts["status"] = "failure" if code else contexts["status"]
        run.outputs[name] = {key: text(given, contexts) for key, given in job.get("outputs", {}).items()}
        return str(contexts["status"])

    def _script(
        self, run: Run, job: Mapping[str, Any], script: str, workspace: Path, variables: Mapping[str, str]
    ) -> tuple[int, dict[str, str]]:
        assert "${{" not in script, "what others write never stands in a script"
        files = {name: self.folder / name for name in ("event.json", "output", "summary")}
        files["event.json"].write_text(json.dumps(run.payload))
        files["output"].write_text("")
        files["summary"].write_text("")
        environ = {
            **self.surroundings,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{self.forges.url}/github",
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_REPOSITORY": "acme/farm",
            "GITHUB_RUN_ID": str(run.number),
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            **variables,
        }
        if job["permissions"].get("id-token") == "write":
            environ |= self.tokens.variables
        with self._token(job["permissions"]):
            code = self.shell.run(script, workspace, environ)
        run.summary += files["summary"].read_text()
        lines = files["output"].read_text().splitlines()
        assert all("=" in line for line in lines), "outputs of several lines are not known here"
        return code, dict(line.split("=", 1) for line in lines)

    @contextmanager
    def _token(self, permissions: Mapping[str, str]) -> Iterator[None]:
        """The token of a job may what the job asks for, as long as a script runs."""
        granted = {f"{name}: {level}" for name, level in permissions.items()}
        may = {word for word, needed in MAY.items() if granted & set(needed)}
        tokens = self.forges.state.tokens
        tokens[TOKEN] = replace(BOT, may=frozenset(may))
        yield
        tokens[TOKEN] = BOT


def _checkout(github: GitHub, run: Run, workspace: Path, using: dict[str, str]) -> None:
    depth = int(using.pop("fetch-depth", "1"))
    assert using.pop("persist-credentials") == "False"
    what = using.pop("ref", run.commit)
    assert not using
    git(workspace, "init", "--quiet")
    more = [f"--depth={depth}"] if depth else []
    git(workspace, "fetch", "--quiet", *more, f"file://{github.origin}", what)
    git(workspace, "checkout", "--quiet", "FETCH_HEAD")


def _python(github: GitHub, run: Run, workspace: Path, using: dict[str, str]) -> None:
    assert set(using) == {"python-version"}


def _upload(github: GitHub, run: Run, workspace: Path, using: dict[str, str]) -> None:
    assert set(using) == {"name", "path", "if-no-files-found", "overwrite", "retention-days"}
    name, path = using["name"], workspace / using["path"]
    assert path.exists(), f"{using['path']} is not there, which is an error"
    assert name not in run.artifacts or using["overwrite"] == "True"
    kept = github.folder / f"artifact-{run.number}-{name}"
    shutil.rmtree(kept, ignore_errors=True)
    if path.is_dir():
        shutil.copytree(path, kept)
    else:
        kept.mkdir()
        shutil.copy(path, kept)
        head = run.payload.get("pull_request", {}).get("head", {}).get("sha", run.commit)
        github.forges.state.upload(name, path.read_bytes(), head)
    run.artifacts[name] = kept


def _download(github: GitHub, run: Run, workspace: Path, using: dict[str, str]) -> None:
    assert set(using) <= {"name", "path"}
    shutil.copytree(run.artifacts[using["name"]], workspace / using.get("path", "."), dirs_exist_ok=True)


ACTIONS: dict[str, Callable[[GitHub, Run, Path, dict[str, str]], None]] = {
    "actions/checkout": _checkout,
    "actions/setup-python": _python,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
}
"""What stands for each action."""
